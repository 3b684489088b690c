"""Writes the index from tokens back to post ids, with one commit for many requests.

Invariants: a write is reported as done only when it is on the disk, and only one commit runs at a time.
Why: group commit, as for the log: while one commit waits for the disk, posts that arrive meanwhile share the next one.
It runs in a thread of its own, so the next requests are indexed here while earlier ones are appended to the log.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from services.directory.port import NamedPost
from services.runtime.results import BusyError

MOST_WAITING = 20_000  # posts, as many as may wait for the log
MOST_OWN = 10_000  # of them one sender's; the rest is for the others
WRITE_S = 10.0  # a disk that takes longer has a problem


class PostIndexWriter:
    """``index`` is called in a thread, never twice at once. Used on the event loop."""

    def __init__(self, index: Callable[[Sequence[NamedPost]], None]) -> None:
        self._index = index
        self._posts: list[NamedPost] = []
        self._of: Counter[str] = Counter()
        self._waiters: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, posts: Sequence[NamedPost], sender: str = "") -> None:
        """Returns when the posts are on the disk. BusyError, DirectoryError, TimeoutError: they may not be."""
        if not posts:
            return
        own = self._of[sender]
        if (self._posts and len(self._posts) + len(posts) > MOST_WAITING) or (own and own + len(posts) > MOST_OWN):
            raise BusyError(f"{len(self._posts):,} posts wait to be indexed. Try again in a moment.")
        waiter = asyncio.get_running_loop().create_future()
        self._posts += posts
        self._of[sender] += len(posts)
        self._waiters.append(waiter)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="post index writer")
        async with asyncio.timeout(WRITE_S):
            await waiter

    async def _run(self) -> None:
        try:
            while self._waiters:
                posts, self._posts = self._posts, []
                self._of.clear()
                waiters, self._waiters = self._waiters, []
                try:
                    await asyncio.to_thread(self._index, posts)
                except Exception as error:  # noqa: BLE001  # raised to each waiter
                    _resolve(waiters, error)
                else:
                    _resolve(waiters, None)
        finally:
            self._task = None


def _resolve(waiters: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue  # its request was cancelled or timed out
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
