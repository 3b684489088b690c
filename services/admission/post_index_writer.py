"""The way back from posts' tokens, kept for many requests at once.

Owns: the queue of what is to be kept, and one commit at a time. May never: say that something is kept before the disk
has it.
Theory: a group commit, as the log's: while one waits for the disk, what comes meanwhile shares the next one. It is
another thread's than the log's, so the next requests are kept here while those before them are appended there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from services.directory.port import NamedPost
from services.runtime.results import BusyError

MOST_WAITING = 20_000  # posts, as many as may wait for the log
MOST_OWN = 10_000  # of them one sender's, so that the others have the rest
WRITE_S = 10.0  # a disk that takes longer is not well


class PostIndexWriter:
    """``keep`` is called in a thread, never twice at once. Used on the event loop."""

    def __init__(self, keep: Callable[[Sequence[NamedPost]], None]) -> None:
        self._write = keep
        self._posts: list[NamedPost] = []
        self._of: Counter[str] = Counter()
        self._waiters: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, posts: Sequence[NamedPost], sender: str = "") -> None:
        """Returns when these are on the disk. BusyError, DirectoryError, TimeoutError: they need not be."""
        if not posts:
            return
        own = self._of[sender]
        if (self._posts and len(self._posts) + len(posts) > MOST_WAITING) or (own and own + len(posts) > MOST_OWN):
            raise BusyError(f"{len(self._posts):,} posts wait to be kept. Try again in a moment.")
        waiter = asyncio.get_running_loop().create_future()
        self._posts += posts
        self._of[sender] += len(posts)
        self._waiters.append(waiter)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="keeping posts")
        async with asyncio.timeout(WRITE_S):
            await waiter

    async def _run(self) -> None:
        try:
            while self._waiters:
                posts, self._posts = self._posts, []
                self._of.clear()
                waiters, self._waiters = self._waiters, []
                try:
                    await asyncio.to_thread(self._write, posts)
                except Exception as error:  # noqa: BLE001  # told to each of those who wait
                    _tell(waiters, error)
                else:
                    _tell(waiters, None)
        finally:
            self._task = None


def _tell(waiters: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue  # it waited no longer
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
