"""The inboxes in memory: for tests, and as the model that is obviously right.

Owns: nothing that lasts. May never: be cleverer than the port's words; the Redis store is compared with it.
"""

from collections.abc import AsyncIterable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from msgspec.structs import asdict

from schemas.outputs import AnyOutput
from services.inbox.entries import WITHDRAWN, Delivery, NewEntry, batches, check_ascending, delivery_of
from services.inbox.following import Following
from services.inbox.port import (
    BATCH_OUTPUTS,
    PAGE_ENTRIES,
    Current,
    Entry,
    InboxLostError,
    InboxUnavailableError,
    Page,
    ResumeLostError,
    Share,
)
from services.inbox.position import START, order
from services.inbox.view import Totals, card_of

_WHOLE = Share()


@dataclass
class _Inbox:
    entries: list[tuple[str, NewEntry]] = field(default_factory=list)
    cards: dict[str, dict[str, tuple[str, bytes]]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)  # by match, of the own cards
    named_in: dict[str, str] = field(default_factory=dict)  # by match, whose cards are about this attendee
    last: str = START
    trimmed: str = START

    def add(self, position: str, entry: NewEntry, keep: int) -> None:
        if order(position) <= order(self.last):
            return
        self.last = position
        self.entries.append((position, entry))
        self.trim(keep)
        if entry.kind == WITHDRAWN:
            self.cards.pop(entry.match, None)
        else:
            self.cards.setdefault(entry.match, {})[entry.kind] = (position, entry.view)
            self.others[entry.match] = entry.other

    def named(self, entry: NewEntry) -> str | None:
        return None if entry.kind == WITHDRAWN else self.others.get(entry.match)

    def trim(self, keep: int) -> None:
        gone = self.entries[: max(0, len(self.entries) - keep)]
        if gone:
            self.trimmed = gone[-1][0]
            del self.entries[: len(gone)]

    def forget(self, match: str) -> None:
        self.others.pop(match, None)
        self.named_in.pop(match, None)
        self.cards.pop(match, None)
        self.entries = [(at, entry) for at, entry in self.entries if entry.match != match or entry.kind == WITHDRAWN]


@dataclass
class _Conference:
    mark: str = START
    building: bool = False
    cards: int = 0  # put into inboxes, ever
    erased: set[str] = field(default_factory=set)  # while it is built
    inboxes: dict[str, _Inbox] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    presence: tuple[str, dict[str, int]] = (START, {})

    def apply(self, delivery: Delivery, share: Share) -> None:
        if order(delivery.position) <= order(self.mark):
            return
        self.mark = delivery.position
        for entry in delivery.entries:
            if entry.kind != WITHDRAWN and entry.match not in self.inboxes.get(entry.attendee, _Inbox()).others:
                if self.cards >= share.cards:
                    continue
                self.cards += 1
            inbox = self.inboxes.setdefault(entry.attendee, _Inbox())
            inbox.add(delivery.position, entry, share.kept(len(self.inboxes)))
            if entry.kind != WITHDRAWN:
                self.inboxes.setdefault(entry.other, _Inbox()).named_in[entry.match] = entry.attendee
        if delivery.counts is not None:
            numbers = asdict(self.totals)
            self.totals = Totals(**(numbers | {delivery.counts: numbers[delivery.counts] + 1}))


class MemoryInboxes(Following):
    """The port ``Inboxes`` in this process's memory."""

    def __init__(self, *, share: Share = _WHOLE) -> None:
        super().__init__()
        self._share = share
        self._conferences: dict[str, _Conference] = {}
        self._known: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput]) -> str:
        check_ascending(outputs)
        if not outputs:
            return self._known.get(conference, START)
        store = self._writable(conference)
        if order(self._known.get(conference, START)) > order(store.mark):
            self._known[conference] = store.mark
            raise InboxLostError(conference, store.mark)
        return self._put(store, conference, [delivery_of(output) for output in outputs])

    def _put(self, store: _Conference, conference: str, deliveries: list[Delivery]) -> str:
        for delivery in deliveries:
            store.apply(delivery, self._share)
        self._known[conference] = store.mark
        if not store.building:
            self.waiters.wake(conference, {entry.attendee for each in deliveries for entry in each.entries})
        return store.mark

    def _ready(self, conference: str) -> _Conference:
        store = self._conferences.get(conference)
        if store is None or store.building:
            raise InboxUnavailableError(f"The inboxes of {conference} are not there, or are being rebuilt.")
        return store

    def _writable(self, conference: str) -> _Conference:
        if conference not in self._conferences:
            raise InboxLostError(conference, None)
        return self._ready(conference)

    async def delivered(self, conference: str) -> str | None:
        store = self._conferences.get(conference)
        if store is None or store.building:
            return None
        self._known[conference] = store.mark
        return store.mark

    async def page(self, conference: str, attendee: str, after: str = "", limit: int = PAGE_ENTRIES) -> Page:
        start = order(after)
        store = self._ready(conference)
        inbox = store.inboxes.get(attendee, _Inbox())
        if start < order(inbox.trimmed) or start > order(store.mark):
            raise ResumeLostError
        found = [
            Entry(at, entry.view, entry.kind, entry.match, inbox.named(entry))
            for at, entry in inbox.entries
            if order(at) > start
        ]
        return Page(tuple(found[:limit]), store.mark)

    async def current(self, conference: str, attendee: str) -> Current:
        inbox = self._ready(conference).inboxes.get(attendee, _Inbox())
        cards = [card_of(parts) for parts in inbox.cards.values() if "suggested" in parts]
        return Current(inbox.last, tuple(sorted(cards, key=lambda card: order(card.position))))

    async def other(self, conference: str, attendee: str, match: str) -> str | None:
        return self._ready(conference).inboxes.get(attendee, _Inbox()).others.get(match)

    async def erase(self, conference: str, attendee: str) -> None:
        store = self._conferences.get(conference)
        if store is None:
            return
        if store.building:
            store.erased.add(attendee)
        inbox = store.inboxes.pop(attendee, _Inbox())
        for match, other in [*inbox.others.items(), *inbox.named_in.items()]:
            if other in store.inboxes:
                store.inboxes[other].forget(match)

    async def rebuild(
        self,
        conference: str,
        outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput],
        erased: Collection[str] = (),
    ) -> str:
        store = self._conferences[conference] = _Conference(building=True)
        async for batch in batches(outputs, BATCH_OUTPUTS):
            check_ascending(batch)
            gone = store.erased.union(erased)
            self._put(store, conference, [delivery_of(output, gone) for output in batch])
        store.building = False
        self._known[conference] = store.mark
        self.waiters.wake_all(conference)
        return store.mark

    async def end(self, conference: str) -> None:
        for inbox in self._conferences.get(conference, _Conference()).inboxes.values():
            inbox.trim(0)

    async def lose(self, conference: str) -> bool:
        store = self._conferences.get(conference)
        if store is None or store.building:
            return False
        del self._conferences[conference]
        return True

    async def prepare(self, conference: str) -> None:
        self._conferences.setdefault(conference, _Conference())

    async def forget(self, conference: str) -> None:
        self._conferences.pop(conference, None)
        self._known.pop(conference, None)

    async def set_presence(self, conference: str, position: str, people: Mapping[str, int]) -> None:
        store = self._writable(conference)
        if order(position) > order(store.presence[0]):
            store.presence = (position, dict(people))

    async def presence(self, conference: str) -> dict[str, int]:
        return dict(self._ready(conference).presence[1])

    async def totals(self, conference: str) -> Totals:
        return self._ready(conference).totals

    def empty(self) -> None:
        """Loses everything, as a store that was emptied."""
        self._conferences.clear()
