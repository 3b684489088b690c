"""Records the check-ins of a request for the organizer's device table and for the rate limit on unknown tickets.

Responsibility: which events of a request are check-ins and what is unknown about them. It runs after the response, so
that no scanner waits for it.
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
from services.admission.conference_registry import ConferenceRegistry
from services.admission.results import Result
from services.admission.sender import Sender
from services.api.shared.check_in_devices import CheckIn, CheckInDevices
from services.api.shared.injection import Clock
from services.api.shared.rate_limits import RateLimits
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Matchers
from streams.matching import Matcher
from streams.matching.state import NEVER


class CheckInNotes:
    """Used on the event loop."""

    def __init__(
        self,
        conferences: ConferenceRegistry,
        matchers: Matchers,
        limits: RateLimits,
        devices: CheckInDevices,
        clock: Clock,
    ) -> None:
        self._conferences, self._matchers, self._limits = conferences, matchers, limits
        self._devices, self._clock = devices, clock

    async def record(self, payer: str, sender: Sender, found: Sequence[CheckIn]) -> None:
        """Counts these for their devices, and charges ``payer`` for tickets that nobody is registered under."""
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
        self._devices.record(sender, found, unknown, places, self._clock())

    async def _unknown(self, conference: str, found: Sequence[CheckIn]) -> set[tuple[str, str]]:
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


class _CheckInFields(Struct):
    type: str = ""
    conference: str | None = None
    attendee: str | None = None
    place: str | None = None
    at: str = ""


_CHECK_IN = msgspec.json.Decoder(_CheckInFields)


def check_ins(lines: Sequence[bytes | Reject], results: Sequence[Result], sender: Sender) -> list[CheckIn]:
    """The check-ins of a request; for a scanner's key also the lines that cannot be read."""
    found: list[CheckIn] = []
    for line, result in zip(lines, results, strict=True):
        fields = _fields_of(line)
        if fields is not None and fields.type.startswith("checkin."):
            at = _at(fields.at)
            is_readable = at is not None and all(map(_is_id, (fields.conference, fields.attendee, fields.place or "-")))
            found.append(CheckIn(fields.conference, fields.attendee, fields.place, at, is_readable, result))
        elif sender.only_checkins and result.status == "rejected":
            found.append(CheckIn(None, None, None, None, fields is not None and bool(fields.type), result))
    return found


def _fields_of(line: bytes | Reject) -> _CheckInFields | None:
    try:
        return _CHECK_IN.decode(line) if isinstance(line, bytes) else None
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
