"""A fair lock: of each sender only one request waits for it, and that sender's others queue behind it.

Why: an ``asyncio.Lock`` is first come, first served, so a sender with forty concurrent requests would be served forty
times before the next sender; here it is served once a round.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Own:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asking: int = 0


class FairLock:
    """Wraps ``lock``, which others may acquire directly; each of them waits like one sender."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._own: dict[str, _Own] = {}

    @asynccontextmanager
    async def hold(self, sender: str) -> AsyncIterator[None]:
        """Holds the lock for this sender."""
        own = self._own.setdefault(sender, _Own())
        own.asking += 1
        try:
            async with own.lock, self._lock:
                yield
        finally:
            own.asking -= 1
            if not own.asking:
                del self._own[sender]
