"""Finds the earlier posts for the log of a conference that was opened, or whose people registered, after them.

Responsibility: which posts and deletions of the history belong into one conference's log. It reads no topic and judges
no evidence.
Why: a router that knows only this conference, as its log says now, sees the history again. Its copies are marked as
backfilled and keep their ids: those that the log has already are skipped here, and the fold ignores any other
duplicate.
"""

from collections.abc import Sequence
from hashlib import blake2b

from msgspec.structs import replace

from schemas.events import Activity, ConferenceClosed, ConferenceOpened, Input
from streams.routing import Router

MAX_KNOWN = 2_000_000  # ids that the log has already, about 160 MB; beyond it, copies may be duplicates


class Backfill:
    """First ``learn`` the whole log, then ``copy`` the history, in the order of each actor."""

    def __init__(self, conference: str) -> None:
        self.conference = conference
        self._opened = self._closed = False
        self._router = Router()
        self._known: set[bytes] = set()

    @property
    def is_open(self) -> bool:
        """Whether the conference is opened and not closed; otherwise nothing is copied."""
        return self._opened and not self._closed

    def learn(self, event: Input) -> None:
        """Learns a record of the conference's log; call in the log's order."""
        if event.conference != self.conference:
            return
        self._router.learn(event)
        if isinstance(event, ConferenceOpened):
            self._opened = True
        elif isinstance(event, ConferenceClosed):
            self._closed = True
        elif isinstance(event, Activity) and len(self._known) < MAX_KNOWN:
            self._known.add(_digest(event.id))

    def copy(self, events: Sequence[Input]) -> list[Input]:
        """The copies of these events that go into the log."""
        history = [event for event in events if isinstance(event, Activity) and event.conference is None]
        routed = [
            each for index in self._router.indices_to_route(history) for each in self._router.route(history[index])
        ]
        mine = [copy for conference, copy in routed if conference == self.conference]
        return [_mark(copy) for copy in mine if _digest(copy.id) not in self._known]


def _mark(copy: Input) -> Input:
    assert isinstance(copy, Activity), "the router copies nothing else"
    return replace(copy, backfilled=True, recorded_at=None)  # set when this log takes it


def _digest(event_id: str) -> bytes:
    return blake2b(event_id.encode(), digest_size=8).digest()
