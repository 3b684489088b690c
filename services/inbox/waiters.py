"""Who waits for new entries in this process, and what they were handed.

Owns: the register of waiters, and up to where each has been given all there is. May never: hold more than a few
entries for one that is slow, or hand on an entry to one that may have missed an earlier: that one reads.
Theory: a delivery tells from where to where it went ("before", "upto") and hands its entries along. As long as each
begins where one before it ended, whoever has read up to there needs to read nothing: an unbroken *line*. Whatever is in
doubt (a gap, the first delivery of all, too many entries, a line of hints that broke) is a reading of the store, which
is the truth. A waiter is one event in one set (about 1 KB), no connection and no task of its own.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from services.inbox.port import Entry
from services.inbox.position import order

HANDED_ENTRIES = 20  # that wait for a slow line; more are read again, when it takes them

Order = tuple[int, int]


class Waiter:
    """One that waits for an inbox. ``reach``: it has, or was handed, all entries up to there; None: it must read."""

    __slots__ = ("_handed", "reach", "woken")

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.reach: Order | None = None
        self._handed: list[Entry] = []

    def must_read(self) -> None:
        """Something may have come."""
        self.reach = None
        self._handed = []
        self.woken.set()

    def hand(self, entry: Entry, begins: Order) -> None:
        """An entry of its inbox, out of a line that begins there."""
        if self.reach is None or self.reach < begins or len(self._handed) >= HANDED_ENTRIES:
            self.must_read()
        elif (at := order(entry.position)) > self.reach:
            self.reach = at
            self._handed.append(entry)
            self.woken.set()

    def taken(self) -> tuple[Entry, ...]:
        """What it was handed since it took the last, in order."""
        handed, self._handed = self._handed, []
        return tuple(handed)

    def has_read(self, mark: str) -> None:
        """It has all entries up to there; unless it was woken since it began to read."""
        if not self.woken.is_set():
            self.reach = order(mark)


class _Line:
    """Deliveries of which each begins where one before it ended."""

    __slots__ = ("begins", "upto")

    def __init__(self, begins: Order) -> None:
        self.begins = self.upto = begins


class Waiters:
    """The waiters of this process by inbox."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, set[Waiter]]] = {}
        self._lines: dict[str, _Line] = {}

    @contextmanager
    def waiting(self, conference: str, attendee: str) -> Iterator[Waiter]:
        """One that is woken when something may have come, for as long as the context lasts."""
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
            self._lines.pop(conference, None)

    def of(self, conference: str) -> Collection[str]:
        """The attendees of whose inboxes of a conference somebody waits."""
        return self._waiting.get(conference, {}).keys()

    def hand(self, conference: str, before: str, upto: str, entries: Sequence[tuple[str, Entry]]) -> None:
        """What a delivery added after ``before`` and up to ``upto``: (attendee, entry), in order; of those who wait all
        of it."""
        inboxes = self._waiting.get(conference)
        if inboxes is None:
            return
        begins = self._begins(conference, order(before), order(upto))
        for attendee, entry in entries:
            for waiter in inboxes.get(attendee, ()):
                waiter.hand(entry, begins)

    def _begins(self, conference: str, before: Order, upto: Order) -> Order:
        """Where the unbroken line begins that the delivery belongs to."""
        line = self._lines.get(conference)
        if line is None or before > line.upto:  # what was delivered in between was not handed on here
            line = self._lines[conference] = _Line(before)
            for waiters in self._waiting[conference].values():
                for waiter in waiters:
                    if waiter.reach is None or waiter.reach < before:  # or may be reading what is older
                        waiter.must_read()
        line.upto = max(line.upto, upto)
        return line.begins

    def wake(self, conference: str, attendees: Iterable[str]) -> None:
        """Has those read who wait for these inboxes."""
        inboxes = self._waiting.get(conference, {})
        for attendee in attendees:
            for waiter in inboxes.get(attendee, ()):
                waiter.must_read()

    def wake_all(self, conference: str | None = None) -> None:
        """Has everybody read, or everybody of one conference."""
        for name in list(self._waiting) if conference is None else [conference]:
            self.wake(name, list(self._waiting.get(name, ())))

    def __len__(self) -> int:
        return sum(len(waiters) for inboxes in self._waiting.values() for waiters in inboxes.values())
