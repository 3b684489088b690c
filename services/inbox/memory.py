"""The inboxes in memory: for tests, and as the simple model that the Redis store is compared with."""

from collections.abc import AsyncIterable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from schemas.outputs import AnyOutput
from schemas.position import START, Position
from services.inbox.cursor import FIRST
from services.inbox.entries import (
    WITHDRAWN,
    NewEntry,
    PlannedDelivery,
    batch_outputs,
    check_ascending,
    plan_delivery,
    readable_entry,
)
from services.inbox.port import (
    PAGE_ENTRIES,
    CardState,
    CurrentCards,
    Entry,
    InboxQuota,
    Page,
    ResumeLostError,
)
from services.inbox.subscription import InboxSubscriptions
from services.inbox.view import build_card
from streams.runtime.inboxes import BATCH_OUTPUTS, InboxLostError, InboxUnavailableError


@dataclass
class _Card:
    other: str = ""  # "": erased
    is_over: bool = False
    parts: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # the newest (cursor, view) of each kind


_DEFAULT_QUOTA = InboxQuota()


@dataclass
class _Inbox:
    entries: list[tuple[str, str, str]] = field(default_factory=list)  # position, kind, match
    cards: dict[str, _Card] = field(default_factory=dict)
    named_in: dict[str, str] = field(default_factory=dict)  # by match, whose cards are about this attendee
    count: int = FIRST  # entries ever added: the newest one's cursor
    last: str = START

    def add(self, position: str, entry: NewEntry, keep: int) -> None:
        if Position.parse(position) <= Position.parse(self.last):
            return
        self.last = position
        self.count += 1
        self.entries.append((position, entry.kind, entry.match))
        self.trim(keep)
        card = self.cards.setdefault(entry.match, _Card(entry.other))
        if entry.kind == WITHDRAWN:
            card.is_over = True
            card.parts.clear()
        elif entry.other:
            card.other = entry.other
            card.parts[entry.kind] = (self.count, entry.view)

    @property
    def trimmed(self) -> int:
        """The cursor of the newest entry that was trimmed."""
        return self.count - len(self.entries)

    def after(self, cursor: int) -> list[Entry]:
        found = []
        for at, (position, kind, match) in enumerate(self.entries, self.trimmed + 1):
            card = self.cards[match]
            content = (card.parts[kind][1], card.other) if kind in card.parts else None
            found.append(readable_entry(position, at, kind, match, content))
        return found[max(0, cursor - self.trimmed) :]

    def trim(self, keep: int) -> None:
        del self.entries[: max(0, len(self.entries) - keep)]

    def erase_other(self, match: str) -> None:
        """Erases the other person of a match."""
        self.named_in.pop(match, None)
        if match in self.cards:
            self.cards[match].other = ""
            self.cards[match].parts.clear()


@dataclass
class _Conference:
    mark: str = START
    building: bool = False
    cards: int = 0  # ever put into inboxes
    erased: set[str] = field(default_factory=set)  # during a rebuild
    inboxes: dict[str, _Inbox] = field(default_factory=dict)

    def apply(self, delivery: PlannedDelivery, quota: InboxQuota) -> None:
        if Position.parse(delivery.position) <= Position.parse(self.mark):
            return
        self.mark = delivery.position
        for entry in delivery.entries:
            if entry.kind != WITHDRAWN and entry.match not in self.inboxes.get(entry.attendee, _Inbox()).cards:
                if self.cards >= quota.cards:
                    continue
                self.cards += 1
            inbox = self.inboxes.setdefault(entry.attendee, _Inbox())
            inbox.add(delivery.position, entry, quota.entries_per_inbox(len(self.inboxes)))
            if entry.kind != WITHDRAWN and entry.other:
                self.inboxes.setdefault(entry.other, _Inbox()).named_in[entry.match] = entry.attendee


class MemoryInboxes(InboxSubscriptions):
    """The port ``Inboxes`` in this process's memory."""

    def __init__(self, *, quota: InboxQuota = _DEFAULT_QUOTA) -> None:
        super().__init__()
        self._quota = quota
        self._conferences: dict[str, _Conference] = {}
        self._known: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    trouble: str | None = None

    async def check(self) -> None:
        """Always succeeds."""

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> str:
        check_ascending(outputs)
        if not outputs:
            return self._known.get(conference, START)
        store = self._writable(conference)
        if Position.parse(self._known.get(conference, START)) > Position.parse(store.mark):
            self._known[conference] = store.mark
            raise InboxLostError(conference, store.mark)
        return self._put(store, conference, [plan_delivery(output, erased) for output in outputs])

    def _put(self, store: _Conference, conference: str, deliveries: list[PlannedDelivery]) -> str:
        for delivery in deliveries:
            store.apply(delivery, self._quota)
        self._known[conference] = store.mark
        if not store.building:
            self.waiters.wake(conference, {entry.attendee for each in deliveries for entry in each.entries})
        return store.mark

    def _ready(self, conference: str) -> _Conference:
        store = self._conferences.get(conference)
        if store is None or store.building:
            raise InboxUnavailableError(f"The inboxes of {conference} do not exist, or are being rebuilt.")
        return store

    def _writable(self, conference: str) -> _Conference:
        if conference not in self._conferences:
            raise InboxLostError(conference, None)
        return self._ready(conference)

    async def checkpoint(self, conference: str) -> str | None:
        store = self._conferences.get(conference)
        if store is None or store.building:
            return None
        self._known[conference] = store.mark
        return store.mark

    async def page(self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES) -> Page:
        store = self._ready(conference)
        inbox = store.inboxes.get(attendee, _Inbox())
        if not inbox.trimmed <= after <= inbox.count:
            raise ResumeLostError
        return Page(tuple(inbox.after(after)[:limit]), store.mark)

    async def current(self, conference: str, attendee: str) -> CurrentCards:
        inbox = self._ready(conference).inboxes.get(attendee, _Inbox())
        held = {match: card for match, card in inbox.cards.items() if "suggested" in card.parts}
        cards = sorted([build_card(card.parts) for card in held.values()], key=lambda card: card.cursor)
        others = {match: card.other for match, card in held.items()}
        ending = frozenset(match for match, card in inbox.cards.items() if not (card.other or card.is_over))
        return CurrentCards(inbox.count, tuple(cards), others, ending)

    async def card_state(self, conference: str, attendee: str, match: str) -> CardState | None:
        card = self._ready(conference).inboxes.get(attendee, _Inbox()).cards.get(match)
        return None if card is None else CardState(card.other, not card.is_over)

    async def erase(self, conference: str, attendee: str) -> None:
        store = self._conferences.get(conference)
        if store is None:
            return
        if store.building:
            store.erased.add(attendee)
        inbox = store.inboxes.pop(attendee, _Inbox())
        for match, other in [*((match, card.other) for match, card in inbox.cards.items()), *inbox.named_in.items()]:
            if other in store.inboxes:
                store.inboxes[other].erase_other(match)

    async def rebuild(
        self,
        conference: str,
        outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput],
        erased: Collection[str] = (),
    ) -> str:
        store = self._conferences[conference] = _Conference(building=True)
        async for batch in batch_outputs(outputs, BATCH_OUTPUTS):
            check_ascending(batch)
            gone = store.erased.union(erased)
            self._put(store, conference, [plan_delivery(output, gone) for output in batch])
        store.building = False
        self._known[conference] = store.mark
        self.waiters.wake_all(conference)
        return store.mark

    async def end(self, conference: str) -> None:
        for inbox in self._conferences.get(conference, _Conference()).inboxes.values():
            inbox.trim(0)

    async def invalidate(self, conference: str) -> bool:
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

    def empty(self) -> None:
        """Loses everything, like a store that was emptied."""
        self._conferences.clear()
