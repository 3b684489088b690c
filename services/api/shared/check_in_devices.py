"""Statistics for each check-in device: when it was last seen, what it sent, and what was rejected and why.

Responsibility: counts in memory, bounded, since this process started.
Invariants: no attendee's id is stored, so an erasure has nothing to remove here. An organizer sees only the devices of
its own conferences.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Literal

from msgspec import Struct

from schemas.times import HOUR_MS, MINUTE_MS, format_time
from services.admission.authorization import AHEAD_MS
from services.admission.results import Result
from services.admission.sender import Sender, source_of

MOST_DEVICES = 2_000  # of all conferences; the one unseen for longest is dropped first
LATE_MS = 12 * HOUR_MS  # the default of ``presence_hours``: older check-ins make nobody present

Kind = Literal["clock_ahead", "late", "unknown_attendee", "unknown_place", "not_allowed", "unreadable", "refused"]

_ADVICE: dict[Kind, tuple[str, str]] = {
    "clock_ahead": (
        "Its clock is ahead of the server's{by}, so its check-ins were rejected.",
        "Set its time and time zone (a local time sent as UTC looks like this), then let it send them again.",
    ),
    "late": (
        "Check-ins that happened more than 12 hours before they came, or its clock is behind{by}.",
        "They count for when they happened, so they make nobody present. If they were just now, set its clock.",
    ),
    "unknown_attendee": (
        "Tickets that nobody is registered under.",
        "Register these people with the newest list; those who must confirm do it themselves. Their check-ins are "
        "stored and count from then on.",
    ),
    "unknown_place": (
        "A place that the conference does not have.",
        "Add the place to the conference, or set the device to one of its places.",
    ),
    "not_allowed": (
        "Its key may not send this, or not for this conference.",
        "Make a key for it under Scanners and desks of the conference that it is for.",
    ),
    "unreadable": (
        "What it sends cannot be read.",
        "See the dead letters: each says what is wrong. Fix the device, then resend them from there.",
    ),
    "refused": ("The conference is closed or erased, or the person was.", "There is nothing to do."),
}


class DeviceProblem(Struct, frozen=True):
    """A problem with a device: how often, when last, in words, and what to do."""

    problem: Kind
    count: int
    last_at: str
    text: str
    what_to_do: str


class Device(Struct, frozen=True):
    """A device by its source, such as ``connector:door-1``."""

    source: str
    last_seen_at: str
    accepted: int
    duplicates: int
    rejected: int
    problems: tuple[DeviceProblem, ...]


class _Tally(Struct):
    seen: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    problems: dict[Kind, tuple[int, int]] = {}  # how often, when last
    minutes: dict[Kind, int] = {}  # how far the clock was off, the last time


class CheckIn(Struct, frozen=True):
    """A check-in as it was sent, and its result. Fields are None where they cannot be read."""

    conference: str | None
    attendee: str | None
    place: str | None
    at: int | None
    is_readable: bool
    result: Result


class CheckInDevices:
    """Counts by conference and source. ``since``: when counting began, ms since 1970."""

    def __init__(self, since: int) -> None:
        self.since = since
        self._tallies: OrderedDict[tuple[str, str], _Tally] = OrderedDict()

    def record(
        self,
        sender: Sender,
        found: Iterable[CheckIn],
        unknown: Collection[tuple[str, str]],
        places: Collection[tuple[str, str]],
        now: int,
    ) -> None:
        """Counts a sender's check-ins. ``unknown``: (conference, id) of tickets that nobody is registered under;
        ``places``: (conference, place) of all declared places. ``now``: ms since 1970."""
        for each in found:
            for conference in _affected_conferences(sender, each):
                tally = self._tally(conference, source_of(sender))
                tally.seen = now
                _count(tally, each.result)
                for kind in _problems(each, conference, unknown, places, now):
                    count, _ = tally.problems.get(kind, (0, 0))
                    tally.problems = tally.problems | {kind: (count + 1, now)}
                    if kind in ("clock_ahead", "late") and each.at is not None:
                        tally.minutes = tally.minutes | {kind: abs(each.at - now) // MINUTE_MS}

    def _tally(self, conference: str, source: str) -> _Tally:
        key = (conference, source)
        tally = self._tallies.setdefault(key, _Tally())
        self._tallies.move_to_end(key)
        if len(self._tallies) > MOST_DEVICES:
            self._tallies.popitem(last=False)
        return tally

    def of(self, conference: str) -> tuple[Device, ...]:
        """All devices of a conference, those with problems first, then by name."""
        found = [_shown(key[1], tally) for key, tally in self._tallies.items() if key[0] == conference]
        return tuple(sorted(found, key=lambda device: (not device.problems, device.source)))

    def forget(self, conference: str) -> None:
        """Drops the counts of a conference that was erased."""
        for key in [key for key in self._tallies if key[0] == conference]:
            del self._tallies[key]


def _affected_conferences(sender: Sender, each: CheckIn) -> Iterable[str]:
    """The conferences whose organizer should see it: the named one if it is the sender's, else the sender's own."""
    if each.conference is not None and each.conference in sender.conferences:
        return (each.conference,)
    return sorted(sender.conferences) if sender.role == "connector" else ()


def _count(tally: _Tally, result: Result) -> None:
    if result.status == "accepted":
        tally.accepted += 1
    elif result.status == "duplicate":
        tally.duplicates += 1
    else:
        tally.rejected += 1


def _problems(
    each: CheckIn,
    conference: str,
    unknown: Collection[tuple[str, str]],
    places: Collection[tuple[str, str]],
    now: int,
) -> Iterable[Kind]:
    if each.result.status == "rejected":
        yield _rejection_kind(each, conference, now)
        return
    if each.result.status != "accepted":
        return
    if each.at is not None and each.at < now - LATE_MS:
        yield "late"
    if (conference, each.attendee or "") in unknown:
        yield "unknown_attendee"
    if each.place is not None and (conference, each.place) not in places:
        yield "unknown_place"


def _rejection_kind(each: CheckIn, conference: str, now: int) -> Kind:
    if not each.is_readable or each.result.field == "id":
        return "unreadable"
    if each.at is not None and each.at > now + AHEAD_MS and each.result.field == "at":
        return "clock_ahead"
    if each.conference != conference or each.result.field == "type":
        return "not_allowed"
    return "refused"


def _shown(source: str, tally: _Tally) -> Device:
    problems = [
        DeviceProblem(
            kind,
            count,
            format_time(last),
            _ADVICE[kind][0].format(by=_duration(tally.minutes.get(kind))),
            _ADVICE[kind][1],
        )
        for kind, (count, last) in sorted(tally.problems.items())
    ]
    return Device(source, format_time(tally.seen), tally.accepted, tally.duplicates, tally.rejected, tuple(problems))


def _duration(minutes: int | None) -> str:
    if minutes is None:
        return ""
    days, hours, rest = minutes // 1_440, minutes // 60 % 24, minutes % 60
    named = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return f" by {' '.join(filter(None, named)) or '0 min'}"
