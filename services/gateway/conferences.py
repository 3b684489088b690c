"""The conferences of this server: what was said of each at its opening, whose it is, and who was erased.

Owns: the newest opening of each log, the ids that it erased (the matcher keeps only traces of them). May never: decide
anything about people. Made from the logs at the start, and kept up with what is accepted after.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from schemas.codec import Codec, Record
from schemas.events import AttendeeErased, ConferenceClosed, ConferenceOpened, Input
from services.embedded.routes import ROUTER_LOG
from services.journal import Journal

_BEGINS = (b'{"type":"conference.', b'{"type":"attendee.erased"')  # how the codec writes them


class Known(Struct):
    """A conference; ``owner``: the organizer's id, empty where the operator opened it."""

    id: str
    opened: ConferenceOpened | None = None
    offset: int = -1
    owner: str = ""
    closed: bool = False
    erased: set[str] = field(default_factory=set)


class Conferences:
    """By id."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def learn(self, journal: Journal) -> None:
        """Reads all logs for openings, closings and erasures."""
        codec = Codec()
        for name in journal.conferences():
            if name == ROUTER_LOG:
                continue
            self._known.setdefault(name, Known(name))
            for row in journal.read(name):
                if row.line.startswith(_BEGINS) and isinstance(record := codec.decode(row.line), Record):
                    self.note(record.event, row.offset)

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
        """Gives a new conference to who opens it first; False when it is somebody else's."""
        known = self._known.setdefault(conference, Known(conference))
        if known.opened is None and not known.owner:
            known.owner = organizer
        return known.owner == organizer

    def get(self, conference: str) -> Known | None:
        """What is known of one that was opened."""
        known = self._known.get(conference)
        return known if known is not None and known.opened is not None else None

    def erased(self, conference: str) -> set[str]:
        """Whom the log of this conference erased."""
        known = self._known.get(conference)
        return known.erased if known is not None else set()

    def owned(self, organizer: str) -> frozenset[str]:
        """The conferences that this organizer opened."""
        return frozenset(known.id for known in self._known.values() if organizer and known.owner == organizer)

    def __iter__(self) -> Iterator[Known]:
        return iter(list(self._known.values()))
