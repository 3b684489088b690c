"""A lock that senders get in turn: of each sender one request waits for it, the others behind that one.

Responsibility: the order of waiting. Why: a lock serves in the order of asking, so that one who asks forty times at
once would be served forty times before the next; here it is served once a round.
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
    """``lock`` may be taken by others too; they wait as one sender each."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._own: dict[str, _Own] = {}

    @asynccontextmanager
    async def hold(self, sender: str) -> AsyncIterator[None]:
        """Holds the lock."""
        own = self._own.setdefault(sender, _Own())
        own.asking += 1
        try:
            async with own.lock, self._lock:
                yield
        finally:
            own.asking -= 1
            if not own.asking:
                del self._own[sender]
