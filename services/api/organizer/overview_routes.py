"""Routes for an organizer's overview, and for why a pair is suggested or not.

Invariants: nothing private about any person is shown.
"""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from litestar import get
from msgspec import Struct

from schemas.events import PlainId
from services.api.organizer.explanation import WhyStep, why
from services.api.organizer.overview import Overview, Overviews
from services.api.shared.bounds import Bounds
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import BEAT, EventStream, StreamOwner, StreamRegistry, chunk
from services.runtime import BusyError
from services.runtime.ports import Matchers

ORGANIZERS = allow("organizer", "operator")


class Steps(Struct, frozen=True):
    """Conditions that depend on nobody's acts, then the conference's rules. Nothing that a person did is in it."""

    steps: tuple[WhyStep, ...]


@get("/v1/conferences/{conference:str}/overview", opt=ORGANIZERS, tags=["organizer"])
async def overview(
    caller: Injected[Caller], access: Injected[ConferenceAccess], overviews: Injected[Overviews], conference: PlainId
) -> Overview:
    """Shows the conference's numbers: events, lag, people, matches."""
    access.require(caller, conference)
    return await overviews.latest(conference, caller.source)


@get("/v1/conferences/{conference:str}/stream", opt=ORGANIZERS, tags=["organizer"])
async def overview_stream(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    overviews: Injected[Overviews],
    streams: Injected[StreamRegistry],
    bounds: Injected[Bounds],
    conference: PlainId,
) -> EventStream:
    """Streams the overview whenever it is counted, every five minutes: server-sent events."""
    access.require(caller, conference)
    owner = StreamOwner(caller.id, conference)
    return EventStream(streams, owner, lambda: _changes(overviews, bounds, conference, caller.source))


async def _changes(
    overviews: Overviews, bounds: Bounds, conference: str, source: str | None
) -> AsyncGenerator[bytes, None]:
    before, quiet_s, every_s = b"", 0.0, min(bounds.overview_poll_s, bounds.overview_s)
    while True:
        try:
            numbers = msgspec.json.encode(await overviews.latest(conference, source))
        except (BusyError, TimeoutError):
            numbers = before
        if numbers != before:
            yield chunk("overview", numbers)
            before, quiet_s = numbers, 0.0
        elif quiet_s >= bounds.beat_s:
            yield BEAT
            quiet_s = 0.0
        await asyncio.sleep(every_s)
        quiet_s += every_s


@get("/v1/conferences/{conference:str}/why", opt=ORGANIZERS, tags=["organizer"])
async def why_pair(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    matchers: Injected[Matchers],
    clock: Injected[Clock],
    conference: PlainId,
    a: PlainId,
    b: PlainId,
) -> Steps:
    """Explains what a suggestion of these two needs: an open conference, both registered, and the rules."""
    access.require(caller, conference)
    now = clock()
    return Steps(await matchers.ask(conference, lambda matcher: why(matcher, a[:128], b[:128], now)))


ROUTES = [overview, overview_stream, why_pair]
