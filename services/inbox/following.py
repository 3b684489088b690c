"""Waiting for new entries: who waits, who is woken, and the endless reading of a stream of server-sent events.

Owns: the register of waiters of this process. May never: carry entries; a waking is a hint, reading is
the truth.
Theory: register, read, then wait: what comes between the reading and the waiting has set the event already. A lost hint
costs at most one beat. A waiter is one event in one set (about 1 KB), no connection and no task of its own.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager, suppress

from services.inbox.port import BEAT_S, PAGE_ENTRIES, Entry, InboxUnavailableError

RETRY_FIRST_S = 0.05
RETRY_MOST_S = 2.0  # how long after its return an absent store is noticed when no hint tells it

_Inbox = tuple[str, str]  # conference, attendee


class Waiters:
    """The waiters of this process by inbox."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, set[asyncio.Event]]] = {}

    @contextmanager
    def waiting(self, conference: str, attendee: str) -> Iterator[asyncio.Event]:
        """An event that is set when something may have come, for as long as the context lasts."""
        woken = asyncio.Event()
        inboxes = self._waiting.setdefault(conference, {})
        inboxes.setdefault(attendee, set()).add(woken)
        try:
            yield woken
        finally:
            self._remove(conference, attendee, woken)

    def _remove(self, conference: str, attendee: str, woken: asyncio.Event) -> None:
        inboxes = self._waiting[conference]
        inboxes[attendee].remove(woken)
        if not inboxes[attendee]:
            del inboxes[attendee]
        if not inboxes:
            del self._waiting[conference]

    def wake(self, conference: str, attendees: Iterable[str]) -> None:
        """Wakes those who wait for these inboxes."""
        inboxes = self._waiting.get(conference, {})
        for attendee in attendees:
            for woken in inboxes.get(attendee, ()):
                woken.set()

    def wake_all(self, conference: str | None = None) -> None:
        """Wakes everybody, or everybody of one conference."""
        for name in list(self._waiting) if conference is None else [conference]:
            self.wake(name, list(self._waiting.get(name, ())))

    def __len__(self) -> int:
        return sum(len(events) for inboxes in self._waiting.values() for events in inboxes.values())


class Following(ABC):
    """``wait`` and ``follow`` of the port, out of ``read``."""

    def __init__(self) -> None:
        self.waiters = Waiters()

    @abstractmethod
    async def read(
        self, conference: str, attendee: str, after: str = "", limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As in the port."""

    async def wait(
        self, conference: str, attendee: str, after: str = "", within_s: float = BEAT_S, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As in the port."""
        entries: tuple[Entry, ...] = ()
        with self.waiters.waiting(conference, attendee) as woken, suppress(TimeoutError):
            entries = await self.read(conference, attendee, after, limit)
            async with asyncio.timeout(within_s):
                while not entries:
                    await woken.wait()
                    woken.clear()
                    entries = await self.read(conference, attendee, after, limit)
        return entries

    async def follow(
        self, conference: str, attendee: str, after: str = "", beat_s: float = BEAT_S
    ) -> AsyncGenerator[tuple[Entry, ...], None]:
        """As in the port."""
        away_s = 0.0
        with self.waiters.waiting(conference, attendee) as woken:
            while True:
                woken.clear()
                try:
                    entries = await self.read(conference, attendee, after)
                    away_s = 0.0
                except InboxUnavailableError:
                    entries, away_s = (), min(max(2 * away_s, RETRY_FIRST_S), RETRY_MOST_S)
                if entries:
                    after = entries[-1].position
                    yield entries
                elif not await _set_within(woken, min(away_s or beat_s, beat_s)):
                    yield ()


async def _set_within(woken: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await woken.wait()
    except TimeoutError:
        return False
