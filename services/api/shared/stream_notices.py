"""Notices that are sent on a stream beside its entries; of each kind only the newest counts.

Invariants: at most one notice of each kind is pending, and none is written before the stream begins or after it ends.
Why: each chunk is one call of ``send``, so two writers of one stream never mix their bytes. The task that sends exists
only while there is something to send.
"""

import asyncio
from collections.abc import Awaitable, Callable


class StreamNotices:
    """The notices of one stream. ``send`` has its own time limit."""

    __slots__ = ("_is_open", "_newest", "_said", "_send", "_task")

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._send = send
        self._newest: dict[str, bytes] = {}
        self._said: dict[str, bytes] = {}
        self._is_open = False
        self._task: asyncio.Task[None] | None = None

    def send(self, kind: str, part: bytes) -> None:
        """Sends a notice as soon as possible, unless it equals the last one of its kind."""
        if part != self._newest.get(kind):
            self._newest[kind] = part
            self._begin()

    def open(self) -> None:
        """Starts sending: the stream has begun."""
        self._is_open = True
        if self._newest:
            self._begin()

    def close(self) -> None:
        """Stops sending: the stream ends."""
        self._is_open = False
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        if self._is_open and self._task is None:
            self._task = asyncio.create_task(self._run(), name="stream notices")

    async def _run(self) -> None:
        try:
            while self._said != self._newest:
                for kind, part in list(self._newest.items()):
                    if part != self._said.get(kind):
                        self._said[kind] = part
                        await self._send(part)
        except (OSError, RuntimeError):  # the client disconnected or reads nothing; the stream's writer notices too
            return
        finally:
            self._task = None
