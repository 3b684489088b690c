"""The registry of this server's conferences: newest opening, owner, and the ids of erased attendees.

Responsibility: the newest opening of each log, the attendees erased in it (the matcher has only traces of them), and
the quota of conferences for each organizer.
Why: it is built from the logs at the start and updated with each accepted event; a snapshot means that only the ends of
the logs are read at the start.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct, field

from schemas.codec import Codec, Record
from schemas.events import AttendeeErased, ConferenceClosed, ConferenceOpened, Input, Learner, names_learned_by
from services.journal import Journal
from services.runtime.router_state import ROUTER_LOG

SNAPSHOT = "~conferences"
MOST_OPEN, MOST_STORED = 20, 200  # of one organizer, unless the operator serves with others
# How encoded events of these types begin.
_BEGINS = tuple([f'{{"type":"{name}"'.encode() for name in sorted(names_learned_by(Learner.CONFERENCES))])


class ConferenceEntry(Struct):
    """A conference. ``owner``: the organizer's id, empty for the operator's. ``erased``: ids of erased attendees."""

    id: str
    opened: ConferenceOpened | None = None
    offset: int = -1
    owner: str = ""
    closed: bool = False
    erased: set[str] = field(default_factory=set)


class _Saved(Struct):
    ends: dict[str, int]
    known: list[ConferenceEntry]


class ConferenceRegistry:
    """The conferences by id. For each organizer at most ``most_open`` are open and ``most_stored`` are not erased."""

    def __init__(self, most_open: int = MOST_OPEN, most_stored: int = MOST_STORED) -> None:
        self._most_open, self._most_stored = most_open, most_stored
        self._known: dict[str, ConferenceEntry] = {}
        self.being_erased: set[str] = set()  # nothing is admitted for these
        self.retired: set[str] = (
            set()
        )  # erased in a log that stores their ids: nothing is ever admitted for these again
        self.removed_count = 0  # log lengths from before a removal are of no use

    def load(self, journal: Journal) -> None:
        """Reads openings, closings and erasures from all logs, starting where the snapshot ends."""
        codec, seen = Codec(), self._restore(journal)
        for name in journal.conferences():
            if name == ROUTER_LOG:
                continue
            self._known.setdefault(name, ConferenceEntry(name))
            for row in journal.read(name, seen.get(name, 0)):
                if row.line.startswith(_BEGINS) and isinstance(record := codec.decode(row.line), Record):
                    self.apply(record.event, row.offset)

    def _restore(self, journal: Journal) -> dict[str, int]:
        snapshot = journal.latest_snapshot(SNAPSHOT)
        if snapshot is None:
            return {}
        try:
            saved = msgspec.json.decode(snapshot.data, type=_Saved)
        except msgspec.MsgspecError:
            return {}  # of another version: everything can be read from the logs
        if any(end > journal.length(name) for name, end in saved.ends.items()):
            return {}  # of another log
        self._known = {known.id: known for known in saved.known}
        return saved.ends

    def encode_snapshot(self, ends: dict[str, int]) -> bytes:
        """A snapshot of the registry. ``ends``: log lengths up to which it is complete; it may contain more."""
        return msgspec.json.encode(_Saved(ends, list(self._known.values())))

    def apply(self, event: Input, offset: int) -> None:
        """Updates the registry with an event that is in its log."""
        if isinstance(event, ConferenceOpened):
            known = self._known.setdefault(event.conference, ConferenceEntry(event.conference))
            if offset > known.offset:
                known.opened, known.offset, known.owner = event, offset, event.organizer or ""
        elif isinstance(event, ConferenceClosed):
            self._known.setdefault(event.conference, ConferenceEntry(event.conference)).closed = True
        elif isinstance(event, AttendeeErased):
            self._known.setdefault(event.conference, ConferenceEntry(event.conference)).erased.add(event.attendee)

    def is_free(self, opening: ConferenceOpened) -> bool:
        """Whether nobody owns this conference. Call it under the lock of openings."""
        return self.get(opening.conference) is None

    def over_quota(self, organizer: str, more: int) -> str | None:
        """Why this organizer may not open another conference, beside its own and ``more`` new ones; None: it may."""
        own = [known for known in self._known.values() if known.owner == organizer and known.opened is not None]
        if sum(not known.closed for known in own) + more >= self._most_open:
            return (
                f"This organizer has {self._most_open:,} open conferences, the maximum. Close one, or ask the operator."
            )
        if len(own) + more >= self._most_stored:
            said = f"This server stores {self._most_stored:,} conferences of this organizer, the maximum."
            return f"{said} Erase one that is closed, or ask the operator."
        return None

    def get(self, conference: str) -> ConferenceEntry | None:
        """The entry of a conference that was opened; None for any other."""
        known = self._known.get(conference)
        return known if known is not None and known.opened is not None else None

    def forget(self, conference: str) -> None:
        """Drops a conference that was erased."""
        self.removed_count += 1
        self._known.pop(conference, None)

    def retire(self, conference: str) -> None:
        """Drops a conference that was erased, and reserves its id for ever."""
        self.retired.add(conference)
        self.forget(conference)

    def erased_attendees(self, conference: str) -> set[str]:
        """The ids of the attendees who were erased in this conference's log."""
        known = self._known.get(conference)
        return known.erased if known is not None else set()

    def owned(self, organizer: str) -> frozenset[str]:
        """The conferences that this organizer owns."""
        return frozenset(known.id for known in self._known.values() if organizer and known.owner == organizer)

    def __iter__(self) -> Iterator[ConferenceEntry]:
        return iter(list(self._known.values()))
