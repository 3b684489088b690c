"""Subscriptions to an inbox: waiting for new entries, and the endless stream behind server-sent events.

Invariants: no entry is held back or given twice.
Why: it registers, reads, then waits, so an entry that arrives in between has woken the waiter already. A lost hint
costs at most one heartbeat, because each heartbeat reads the store. A heartbeat comes ``beat_s`` after this stream's
last
entry: a wake-up for nothing does not delay it, or its time would reveal that others got something.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import suppress

from services.inbox.cursor import FIRST
from services.inbox.port import HEARTBEAT_S, PAGE_ENTRIES, Entry, Page
from services.inbox.waiters import Waiter, Waiters
from streams.runtime.inboxes import InboxUnavailableError

RETRY_FIRST_S = 0.05
RETRY_MAX_S = 2.0  # the longest pause before a returning store is noticed


class InboxSubscriptions(ABC):
    """Implements ``read``, ``wait`` and ``follow`` of the port on top of ``page``."""

    def __init__(self) -> None:
        self.waiters = Waiters()

    @abstractmethod
    async def page(self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES) -> Page:
        """Like ``read`` in the port, with the checkpoint at that moment."""

    async def read(
        self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As in the port."""
        return (await self.page(conference, attendee, after, limit)).entries

    async def wait(
        self,
        conference: str,
        attendee: str,
        after: int = FIRST,
        within_s: float = HEARTBEAT_S,
        limit: int = PAGE_ENTRIES,
    ) -> tuple[Entry, ...]:
        """As in the port."""
        entries: tuple[Entry, ...] = ()
        with self.waiters.register(conference, attendee) as waiter, suppress(TimeoutError):
            entries = await self.read(conference, attendee, after, limit)
            async with asyncio.timeout(within_s):
                while not entries:
                    await waiter.woken.wait()
                    waiter.woken.clear()
                    entries = await self.read(conference, attendee, after, limit)
        return entries

    async def follow(
        self, conference: str, attendee: str, after: int = FIRST, beat_s: float = HEARTBEAT_S
    ) -> AsyncGenerator[tuple[Entry, ...], None]:
        """As in the port."""
        retry_s = 0.0
        clock = asyncio.get_running_loop().time
        with self.waiters.register(conference, attendee) as waiter:
            beat_at = clock() + beat_s
            while True:
                waiter.woken.clear()
                entries = waiter.take_entries()
                if waiter.reach is None:
                    try:
                        entries = await self._read_newest(waiter, conference, attendee, after)
                        retry_s = 0.0
                    except InboxUnavailableError:
                        entries, retry_s = (), min(max(2 * retry_s, RETRY_FIRST_S), RETRY_MAX_S)
                if entries:
                    after = entries[-1].cursor
                    yield entries
                    beat_at = clock() + beat_s
                elif (left_s := beat_at - clock()) <= 0:
                    yield ()
                    beat_at = clock() + beat_s
                elif not await _set_within(waiter.woken, min(retry_s or left_s, left_s)):
                    waiter.reach = None

    async def _read_newest(self, waiter: Waiter, conference: str, attendee: str, after: int) -> tuple[Entry, ...]:
        page = await self.page(conference, attendee, after)
        if len(page.entries) < PAGE_ENTRIES:
            waiter.note_read(page.checkpoint)
        return page.entries


async def _set_within(woken: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await woken.wait()
    except TimeoutError:
        return False
