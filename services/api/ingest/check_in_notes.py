"""The check-ins of a request, read once more for the organizer's table of devices, and for who brings unknown tickets.

Responsibility: what was a check-in, what is unknown of it, and noting that after the answer, so that no scanner waits.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.codec import Reject
from schemas.names import validate_id
from schemas.times import millis
from services.admission.conferences import Conferences
from services.admission.intake import Result
from services.admission.sender import Sender
from services.api.shared.check_in_devices import CheckedIn, Devices
from services.api.shared.injection import Clock
from services.api.shared.rate_limits import RateLimits
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Matchers
from streams.matching import Matcher
from streams.matching.state import NEVER


class CheckInNotes:
    """Used on the event loop."""

    def __init__(
        self, conferences: Conferences, matchers: Matchers, limits: RateLimits, devices: Devices, clock: Clock
    ) -> None:
        self._conferences, self._matchers, self._limits = conferences, matchers, limits
        self._devices, self._clock = devices, clock

    async def note(self, payer: str, sender: Sender, found: Sequence[CheckedIn]) -> None:
        """Counts these for their devices. ``payer`` owes for tickets that nobody is registered under."""
        if not found:
            return
        if sender.role == "organizer":
            sender = replace(sender, conferences=sender.conferences | self._conferences.owned(sender.id))
        own = sender.conferences & {each.conference for each in found}
        unknown = {pair for conference in own for pair in await self._unknown(conference, found)}
        accepted = [each for each in found if each.result.status == "accepted"]
        count = sum((each.conference, each.attendee) in unknown for each in accepted)
        if count:
            self._limits.owe("unknown_tickets", payer, count)
        places = {pair for conference in own for pair in self._places(conference)}
        self._devices.note(sender, found, unknown, places, self._clock())

    async def _unknown(self, conference: str, found: Sequence[CheckedIn]) -> set[tuple[str, str]]:
        asked = {each.attendee for each in found if each.conference == conference and each.attendee}
        with suppress(TimeoutError, BusyError, StoppedError):
            unknown = await self._matchers.ask(conference, partial(_unregistered, asked))
            return {(conference, one) for one in unknown}
        return set()

    def _places(self, conference: str) -> set[tuple[str, str]]:
        known = self._conferences.get(conference)
        places = known.opened.places if known is not None and known.opened is not None else ()
        return {(conference, place.place) for place in places}


def _unregistered(attendees: Collection[str], matcher: Matcher | None) -> list[str]:
    """Which of these nobody is registered under."""
    known = {} if matcher is None else matcher.state.attendees
    return [name for name in attendees if name not in known or known[name].registered == NEVER]


class _Said(Struct):
    type: str = ""
    conference: str | None = None
    attendee: str | None = None
    place: str | None = None
    at: str = ""


_SAID = msgspec.json.Decoder(_Said)


def check_ins(lines: Sequence[bytes | Reject], results: Sequence[Result], sender: Sender) -> list[CheckedIn]:
    """The check-ins of a request; of a scanner's key also what cannot be read."""
    found: list[CheckedIn] = []
    for line, result in zip(lines, results, strict=True):
        said = _said(line)
        if said is not None and said.type.startswith("checkin."):
            at = _at(said.at)
            is_readable = at is not None and all(map(_is_id, (said.conference, said.attendee, said.place or "-")))
            found.append(CheckedIn(said.conference, said.attendee, said.place, at, is_readable, result))
        elif sender.only_checkins and result.status == "rejected":
            found.append(CheckedIn(None, None, None, None, said is not None and bool(said.type), result))
    return found


def _said(line: bytes | Reject) -> _Said | None:
    try:
        return _SAID.decode(line) if isinstance(line, bytes) else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _is_id(text: str | None) -> bool:
    try:
        return validate_id(text or "") != ""
    except ValueError:
        return False


def _at(text: str) -> int | None:
    try:
        return millis(text)
    except ValueError:
        return None
