"""The conferences of this server: what was said of each at its opening, whose it is, and who was erased.

Owns: the newest opening of each log, the ids that it erased (the matcher keeps only traces of them), who is opening one
right now. May never: decide anything about people. Made from the logs at the start, and kept up with what is accepted
after; a snapshot spares the start all but the ends of the logs.
"""

from collections.abc import Collection, Iterator

import msgspec
from msgspec import Struct, field

from schemas.codec import Codec, Record
from schemas.events import AttendeeErased, ConferenceClosed, ConferenceOpened, Input
from services.embedded.routes import ROUTER_LOG
from services.journal import Journal

SNAPSHOT = "~conferences"
_BEGINS = (b'{"type":"conference.', b'{"type":"attendee.erased"')  # how the codec writes them


class Known(Struct):
    """A conference; ``owner``: the organizer's id, empty where the operator opened it."""

    id: str
    opened: ConferenceOpened | None = None
    offset: int = -1
    owner: str = ""
    closed: bool = False
    erased: set[str] = field(default_factory=set)


class _Saved(Struct):
    ends: dict[str, int]
    known: list[Known]


class Conferences:
    """By id."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._claims: dict[str, tuple[str, int]] = {}  # who opens it, in how many requests
        self.ending: set[str] = set()  # being erased: nothing is taken for them
        self.ended: set[str] = set()  # erased in a log that keeps their ids: nothing is ever taken for them
        self.forgotten = 0  # how many were; lengths of logs from before one was are of no use

    def learn(self, journal: Journal) -> None:
        """Reads all logs, from where the snapshot ends, for openings, closings and erasures."""
        codec, seen = Codec(), self._restored(journal)
        for name in journal.conferences():
            if name == ROUTER_LOG:
                continue
            self._known.setdefault(name, Known(name))
            for row in journal.read(name, seen.get(name, 0)):
                if row.line.startswith(_BEGINS) and isinstance(record := codec.decode(row.line), Record):
                    self.note(record.event, row.offset)

    def _restored(self, journal: Journal) -> dict[str, int]:
        snapshot = journal.latest_snapshot(SNAPSHOT)
        if snapshot is None:
            return {}
        try:
            saved = msgspec.json.decode(snapshot.data, type=_Saved)
        except msgspec.MsgspecError:
            return {}  # of another version: all of it can be learnt again
        if any(end > journal.length(name) for name, end in saved.ends.items()):
            return {}  # of another log
        self._known = {known.id: known for known in saved.known}
        return saved.ends

    def saved(self, ends: dict[str, int]) -> bytes:
        """What is known, for a snapshot. ``ends``: lengths of the logs up to which all is noted; more is no harm."""
        return msgspec.json.encode(_Saved(ends, list(self._known.values())))

    def note(self, event: Input, offset: int) -> None:
        """An event is in its log."""
        if isinstance(event, ConferenceOpened):
            known = self._known.setdefault(event.conference, Known(event.conference))
            if offset > known.offset:
                known.opened, known.offset, known.owner = event, offset, event.organizer or ""
        elif isinstance(event, ConferenceClosed):
            self._known.setdefault(event.conference, Known(event.conference)).closed = True
        elif isinstance(event, AttendeeErased):
            self._known.setdefault(event.conference, Known(event.conference)).erased.add(event.attendee)

    def claim(self, conference: str, organizer: str) -> bool:
        """Whether this organizer may open it now: its own, or nobody's. ``release`` when that is decided."""
        known = self._known.get(conference)
        if known is not None and known.opened is not None:
            return known.owner == organizer
        claimant, count = self._claims.get(conference, (organizer, 0))
        if claimant != organizer:
            return False
        self._claims[conference] = (organizer, count + 1)
        return True

    def is_free(self, opening: ConferenceOpened) -> bool:
        """Whether nobody has it or opens it."""
        return self.get(opening.conference) is None and opening.conference not in self._claims

    def release(self, claimed: Collection[str]) -> None:
        """What was claimed in one request is open by now, or was not taken and is nobody's again."""
        for conference in claimed:
            organizer, count = self._claims.pop(conference, ("", 0))
            if count > 1:
                self._claims[conference] = (organizer, count - 1)

    def get(self, conference: str) -> Known | None:
        """What is known of one that was opened."""
        known = self._known.get(conference)
        return known if known is not None and known.opened is not None else None

    def forget(self, conference: str) -> None:
        """It is no more."""
        self.forgotten += 1
        self._known.pop(conference, None)

    def end(self, conference: str) -> None:
        """It is no more, and its id never begins anew."""
        self.ended.add(conference)
        self.forget(conference)

    def erased(self, conference: str) -> set[str]:
        """Whom the log of this conference erased."""
        known = self._known.get(conference)
        return known.erased if known is not None else set()

    def owned(self, organizer: str) -> frozenset[str]:
        """The conferences that this organizer opened."""
        return frozenset(known.id for known in self._known.values() if organizer and known.owner == organizer)

    def __iter__(self) -> Iterator[Known]:
        return iter(list(self._known.values()))
