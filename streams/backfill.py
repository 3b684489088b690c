"""What was said before a conference was opened, or before two people were registered: the past that its log lacks.

Owns: which posts and deletions of the past belong into one conference's log. May never: read a topic, judge evidence.
Theory: it is the router that knows this one conference only, as its log says now, and sees the past again. Its copies
are marked as backfilled. They keep their ids, so what the log has already is passed over here, and is a double for the
fold where it comes twice nevertheless.
"""

from collections.abc import Sequence
from hashlib import blake2b

from msgspec.structs import replace

from schemas.events import Activity, ConferenceClosed, ConferenceOpened, Input
from streams.routing import Router

MOST_KNOWN = 2_000_000  # ids of what is there already, about 160 MB; what is beyond becomes doubles


class Backfill:
    """First ``learn`` the log, then ask for the ``copies`` of the past, in the order of each actor."""

    def __init__(self, conference: str) -> None:
        self.conference = conference
        self._opened = self._closed = False
        self._router = Router()
        self._there: set[bytes] = set()

    @property
    def is_open(self) -> bool:
        """Opened and not closed; else nothing is copied."""
        return self._opened and not self._closed

    def learn(self, event: Input) -> None:
        """Takes in a record of the conference's log; in the order of the log."""
        if event.conference != self.conference:
            return
        self._router.learn(event)
        if isinstance(event, ConferenceOpened):
            self._opened = True
        elif isinstance(event, ConferenceClosed):
            self._closed = True
        elif isinstance(event, Activity) and len(self._there) < MOST_KNOWN:
            self._there.add(_short(event.id))

    def copies(self, events: Sequence[Input]) -> list[Input]:
        """What of the activity goes into the log."""
        past = [event for event in events if isinstance(event, Activity) and event.conference is None]
        routed = [each for index in self._router.concerned(past) for each in self._router.route(past[index])]
        mine = [copy for conference, copy in routed if conference == self.conference]
        return [_marked(copy) for copy in mine if _short(copy.id) not in self._there]


def _marked(copy: Input) -> Input:
    assert isinstance(copy, Activity), "the router copies nothing else"
    return replace(copy, backfilled=True, recorded_at=None)  # recorded when this log takes it


def _short(event_id: str) -> bytes:
    return blake2b(event_id.encode(), digest_size=8).digest()
