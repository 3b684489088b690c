"""What an organizer sees: numbers, why a pair is or is not suggested.

Owns: these routes. May never: show anybody's private matters.
"""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from litestar import get
from msgspec import Struct

from schemas.events import PlainId
from services.api.gate import Gate
from services.api.organizer.explanation import WhyStep, why
from services.api.organizer.overview import Overview
from services.api.shared.guard import Caller
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import BEAT, EventStream, Owner, chunk
from services.runtime import BusyError

ORGANIZERS = allow("organizer", "operator")


class Steps(Struct, frozen=True):
    """What holds for the two whatever anybody does, then the conference's rules. Nothing that a person did is in it."""

    steps: tuple[WhyStep, ...]


def _source(caller: Caller) -> str | None:
    return None if caller.role == "operator" else f"organizer:{caller.subject}"


@get("/v1/conferences/{conference:str}/overview", opt=ORGANIZERS, tags=["organizer"])
async def overview(gate: Gate, caller: Caller, conference: PlainId) -> Overview:
    """Is it flowing."""
    gate.owned(caller, conference)
    return await gate.overviews.latest(conference, _source(caller))


@get("/v1/conferences/{conference:str}/stream", opt=ORGANIZERS, tags=["organizer"])
async def overview_stream(gate: Gate, caller: Caller, conference: PlainId) -> EventStream:
    """The numbers as they are counted, every five minutes: server-sent events."""
    gate.owned(caller, conference)
    return EventStream(gate.hub, Owner(caller.id, conference), lambda: _changes(gate, conference, _source(caller)))


async def _changes(gate: Gate, conference: str, source: str | None) -> AsyncGenerator[bytes, None]:
    before, quiet_s, every_s = b"", 0.0, min(gate.bounds.looked_s, gate.bounds.overview_s)
    while True:
        try:
            numbers = msgspec.json.encode(await gate.overviews.latest(conference, source))
        except (BusyError, TimeoutError):
            numbers = before
        if numbers != before:
            yield chunk("overview", numbers)
            before, quiet_s = numbers, 0.0
        elif quiet_s >= gate.bounds.beat_s:
            yield BEAT
            quiet_s = 0.0
        await asyncio.sleep(every_s)
        quiet_s += every_s


@get("/v1/conferences/{conference:str}/why", opt=ORGANIZERS, tags=["organizer"])
async def why_pair(gate: Gate, caller: Caller, conference: PlainId, a: PlainId, b: PlainId) -> Steps:
    """What a suggestion of these two needs: whether the conference is open and they are registered, and the rules."""
    gate.owned(caller, conference)
    now = gate.clock()
    return Steps(await gate.ask(conference, lambda matcher: why(matcher, a[:128], b[:128], now)))


ROUTES = [overview, overview_stream, why_pair]
