"""``POST /v1/events``: what connectors, organizers and attendees bring, in four forms; posts no organizer brings.

Owns: this route. May never: answer before the disk has it.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from msgspec import Struct
from msgspec.structs import replace

from schemas.codec import Reject
from schemas.events import PlainId
from schemas.times import written
from services.admission.intake import Result
from services.admission.sender import Sender
from services.api.gate import Gate
from services.api.ingest.event_bodies import lines_of
from services.api.organizer.check_in_devices import CheckedIn, Device, check_ins, unregistered
from services.api.shared.guard import Caller
from services.api.shared.roles import allow
from services.runtime import BusyError, StoppedError

_POST = "activity."
_DESKS = frozenset({"connector", "organizer"})  # who checks others in


class Results(Struct, frozen=True):
    """One for each event, in order."""

    results: tuple[Result, ...]


class _Typed(Struct):
    type: str = ""


def _is_post(line: bytes | Reject) -> bool:
    """Whether a line is a post by its own type, wherever else the word stands."""
    if not isinstance(line, bytes):
        return False
    try:
        return msgspec.json.decode(line, type=_Typed).type.startswith(_POST)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


@post("/v1/events", opt=allow("attendee", "organizer", "connector", "operator"), status_code=200, tags=["events"])
async def take(gate: Gate, caller: Caller, request: Request[Any, Any, Any]) -> Response[Results]:
    """Takes events; each is answered for itself, and is durable when it is accepted."""
    async with gate.unpacker.unpacked(request, gate.bounds.events_bytes) as body:
        lines = lines_of(body, request.headers, gate.bounds.events)
    posts = sum(map(_is_post, lines)) if caller.role == "attendee" else 0
    for rate, count in (("upload", posts), (caller.budget, len(lines) - posts)):
        if count:
            gate.charge(rate, caller.sender, count)
    if caller.role in _DESKS:
        gate.charge("unknown_tickets", caller.sender, 0)
    sender = gate.sender(caller)
    results = await gate.intake.take(lines, sender)
    for status, count in Counter([result.status for result in results]).items():
        gate.metrics.events.labels(status).inc(count)
    after = None
    if caller.role in _DESKS:
        after = BackgroundTask(_note_devices, gate, caller.sender, sender, check_ins(lines, results, sender))
    return Response(Results(tuple(results)), background=after)


async def _note_devices(gate: Gate, payer: str, sender: Sender, found: Sequence[CheckedIn]) -> None:
    """For the organizer's table of devices, and the budget of tickets that nobody has; after the answer, so that no
    scanner waits for it."""
    if not found:
        return
    if sender.role == "organizer":
        own = sender.conferences | gate.conferences.owned(sender.id)
        sender = replace(sender, conferences=own)
    unknown: set[tuple[str, str]] = set()
    places: set[tuple[str, str]] = set()
    for conference in {each.conference for each in found if each.conference in sender.conferences}:
        assert conference is not None
        known = gate.conferences.get(conference)
        if known is not None and known.opened is not None:
            places |= {(conference, place.place) for place in known.opened.places}
        asked = {each.attendee for each in found if each.conference == conference and each.attendee}
        with suppress(TimeoutError, BusyError, StoppedError):
            unknown |= {(conference, one) for one in await gate.ask(conference, partial(unregistered, asked))}
    accepted = [each for each in found if each.result.status == "accepted"]
    strangers = sum((each.conference, each.attendee) in unknown for each in accepted)
    if strangers:
        gate.budgets.owe("unknown_tickets", payer, strangers)
    gate.devices.note(sender, found, unknown, places, gate.clock())


class DevicesShown(Struct, frozen=True):
    """``since``: counted since then, by this process."""

    since: str
    devices: tuple[Device, ...]


@get("/v1/conferences/{conference:str}/devices", opt=allow("organizer", "operator"), tags=["organizer"])
async def devices(gate: Gate, caller: Caller, conference: PlainId) -> DevicesShown:
    """What checks people in here, device by device: last seen, taken, rejected, why, and what to do."""
    gate.owned(caller, conference)
    return DevicesShown(written(gate.devices.since), gate.devices.of(conference))


ROUTES = [take, devices]
