"""Waiters for new entries in this process, and the entries that were pushed to them.

Invariants: a slow waiter holds at most a few entries. A waiter that may have missed an entry gets none pushed: it
reads.
Why: a delivery says from which position to which it went, and brings its entries. As long as each starts where an
earlier one ended (an unbroken *chain*), a waiter that has read up to the chain needs no read. In any doubt (a gap, the
first delivery, too many entries, a broken subscription) the waiter reads the store, which is the truth. A waiter is one
event in one set (about 1 KB), without a connection or task of its own.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from schemas.position import Position
from services.inbox.port import Entry

MAX_PENDING_ENTRIES = 20  # for a slow client; beyond that it reads them from the store


class Waiter:
    """A waiter for one inbox. ``reach``: it has, or was pushed, all entries up to there; None: it must read."""

    __slots__ = ("_pending", "reach", "woken")

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.reach: Position | None = None
        self._pending: list[Entry] = []

    def must_read(self) -> None:
        """Makes the waiter read the store: something may be new."""
        self.reach = None
        self._pending = []
        self.woken.set()

    def hand(self, entry: Entry, start: Position) -> None:
        """Pushes an entry of its inbox, from a chain of deliveries that starts at ``start``."""
        if self.reach is None or self.reach < start or len(self._pending) >= MAX_PENDING_ENTRIES:
            self.must_read()
        elif (at := Position.parse(entry.position)) > self.reach:
            self.reach = at
            self._pending.append(entry)
            self.woken.set()

    def take_entries(self) -> tuple[Entry, ...]:
        """Removes and returns the pushed entries, in order."""
        pending, self._pending = self._pending, []
        return tuple(pending)

    def note_read(self, mark: str) -> None:
        """Notes that it has all entries up to ``mark``, unless it was woken since it began to read."""
        if not self.woken.is_set():
            self.reach = Position.parse(mark)


class _DeliveryChain:
    """Deliveries, each of which starts where an earlier one ended."""

    __slots__ = ("start", "upto")

    def __init__(self, start: Position) -> None:
        self.start = self.upto = start


class Waiters:
    """The waiters of this process by inbox."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, set[Waiter]]] = {}
        self._chains: dict[str, _DeliveryChain] = {}

    @contextmanager
    def register(self, conference: str, attendee: str) -> Iterator[Waiter]:
        """Registers a waiter for as long as the context lasts."""
        waiter = Waiter()
        inboxes = self._waiting.setdefault(conference, {})
        inboxes.setdefault(attendee, set()).add(waiter)
        try:
            yield waiter
        finally:
            self._remove(conference, attendee, waiter)

    def _remove(self, conference: str, attendee: str, waiter: Waiter) -> None:
        inboxes = self._waiting[conference]
        inboxes[attendee].remove(waiter)
        if not inboxes[attendee]:
            del inboxes[attendee]
        if not inboxes:
            del self._waiting[conference]
            self._chains.pop(conference, None)

    def of(self, conference: str) -> Collection[str]:
        """The attendees of a conference whose inboxes have waiters."""
        return self._waiting.get(conference, {}).keys()

    def hand(self, conference: str, before: str, upto: str, entries: Sequence[tuple[str, Entry]]) -> None:
        """Pushes the (attendee, entry) pairs that a delivery added after ``before`` and up to ``upto``, in order.

        It must have every entry for the attendees who have waiters.
        """
        inboxes = self._waiting.get(conference)
        if inboxes is None:
            return
        start = self._chain_start(conference, Position.parse(before), Position.parse(upto))
        for attendee, entry in entries:
            for waiter in inboxes.get(attendee, ()):
                waiter.hand(entry, start)

    def _chain_start(self, conference: str, before: Position, upto: Position) -> Position:
        """The start of the unbroken chain that a delivery belongs to."""
        chain = self._chains.get(conference)
        if chain is None or before > chain.upto:  # a delivery in between was not pushed here
            chain = self._chains[conference] = _DeliveryChain(before)
            for waiters in self._waiting[conference].values():
                for waiter in waiters:
                    if waiter.reach is None or waiter.reach < before:  # it may be reading an older state
                        waiter.must_read()
        chain.upto = max(chain.upto, upto)
        return chain.start

    def wake(self, conference: str, attendees: Iterable[str]) -> None:
        """Makes the waiters of these inboxes read."""
        inboxes = self._waiting.get(conference, {})
        for attendee in attendees:
            for waiter in inboxes.get(attendee, ()):
                waiter.must_read()

    def wake_all(self, conference: str | None = None) -> None:
        """Makes all waiters read, or all of one conference."""
        for name in list(self._waiting) if conference is None else [conference]:
            self.wake(name, list(self._waiting.get(name, ())))

    def __len__(self) -> int:
        return sum(len(waiters) for inboxes in self._waiting.values() for waiters in inboxes.values())
