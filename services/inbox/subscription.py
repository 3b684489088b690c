"""Waiting for new entries, and the endless reading of a stream of server-sent events.

Owns: what is read and what is waited for. May never: hold back what is there, or give an entry twice.
Theory: register, read, then wait: what comes between the reading and the waiting has woken the waiter already. What it
is handed then (see ``waiters``) follows on what it has; a lost hint costs at most one beat, for at each beat the store
is read. A beat comes ``beat_s`` after what this stream got last: being woken for nothing does not put it off, or its
moment would tell that others got something.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import suppress

from services.inbox.cursor import FIRST
from services.inbox.port import BEAT_S, PAGE_ENTRIES, Entry, InboxUnavailableError, Page
from services.inbox.waiters import Waiter, Waiters

RETRY_FIRST_S = 0.05
RETRY_MOST_S = 2.0  # how long after its return an absent store is noticed when no hint tells it


class Following(ABC):
    """``read``, ``wait`` and ``follow`` of the port, out of ``page``."""

    def __init__(self) -> None:
        self.waiters = Waiters()

    @abstractmethod
    async def page(self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES) -> Page:
        """As ``read`` in the port, and the mark as it was then."""

    async def read(
        self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As in the port."""
        return (await self.page(conference, attendee, after, limit)).entries

    async def wait(
        self, conference: str, attendee: str, after: int = FIRST, within_s: float = BEAT_S, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As in the port."""
        entries: tuple[Entry, ...] = ()
        with self.waiters.waiting(conference, attendee) as waiter, suppress(TimeoutError):
            entries = await self.read(conference, attendee, after, limit)
            async with asyncio.timeout(within_s):
                while not entries:
                    await waiter.woken.wait()
                    waiter.woken.clear()
                    entries = await self.read(conference, attendee, after, limit)
        return entries

    async def follow(
        self, conference: str, attendee: str, after: int = FIRST, beat_s: float = BEAT_S
    ) -> AsyncGenerator[tuple[Entry, ...], None]:
        """As in the port."""
        away_s = 0.0
        clock = asyncio.get_running_loop().time
        with self.waiters.waiting(conference, attendee) as waiter:
            beat_at = clock() + beat_s
            while True:
                waiter.woken.clear()
                entries = waiter.taken()
                if waiter.reach is None:
                    try:
                        entries = await self._newest(waiter, conference, attendee, after)
                        away_s = 0.0
                    except InboxUnavailableError:
                        entries, away_s = (), min(max(2 * away_s, RETRY_FIRST_S), RETRY_MOST_S)
                if entries:
                    after = entries[-1].cursor
                    yield entries
                    beat_at = clock() + beat_s
                elif (left_s := beat_at - clock()) <= 0:
                    yield ()
                    beat_at = clock() + beat_s
                elif not await _set_within(waiter.woken, min(away_s or left_s, left_s)):
                    waiter.reach = None

    async def _newest(self, waiter: Waiter, conference: str, attendee: str, after: int) -> tuple[Entry, ...]:
        page = await self.page(conference, attendee, after)
        if len(page.entries) < PAGE_ENTRIES:
            waiter.has_read(page.mark)
        return page.entries


async def _set_within(woken: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await woken.wait()
    except TimeoutError:
        return False
