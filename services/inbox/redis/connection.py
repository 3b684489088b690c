"""The connection to a Redis server: every call ends in bounded time, and every server error becomes one exception.

Responsibility: connections, time limits, retries. What each error means is in ``refusals``.
Invariants: a write is never repeated automatically; no error of the client library leaves this module.
Why: redis-py retries any command 10 times by default; here a write is sent once, a read up to three times. Reads that
are requested while others are in flight share the next pipeline over one connection: 5,000 waiters that wake at once
are 20 round trips. When a pipeline fails, all reads that wait fail with it, so nothing queues behind a dead server.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff

from services.inbox.redis.address import is_tls
from services.inbox.redis.keys import PROBE
from services.inbox.redis.refusals import RETRIED_ERRORS, StoreTroubles, describe_error, store_error
from streams.runtime.inboxes import InboxStoreError, InboxUnavailableError

WRITERS = 4  # connections; a batch uses one for some milliseconds
PIPELINE = 256  # reads per pipeline
READ_RETRIES = 2
WRITE, READ, LISTEN = "write", "read", "listen"  # kinds of work that a server can refuse independently
_PROBE = "redis.call('SET', KEYS[1], '1', 'PX', 1000) redis.call('DEL', KEYS[1]) return {'ok'}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds: to connect, for one whole operation, and of silence on the subscription of hints."""

    connect_s: float = 1.0
    operation_s: float = 2.0
    hint_s: float = 5.0


@dataclass(slots=True)
class _PendingRead:
    command: tuple[Any, ...]
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class RedisConnection:
    """Runs scripts on a Redis server. Connects on first use."""

    def __init__(self, url: str, limits: Limits) -> None:
        self._limits, self._tls = limits, is_tls(url)
        self.troubles = StoreTroubles()
        # Any: the library's types cover neither scripts nor their answers.
        self._writer: Any = self._client(url, WRITERS, Retry(NoBackoff(), 0))
        self._reader: Any = self._client(url, 1, Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), READ_RETRIES))
        self.listener = self._client(url, 1, Retry(NoBackoff(), 0))
        self._pending: list[_PendingRead] = []
        self._read_task: asyncio.Task[None] | None = None

    def _client(self, url: str, connections: int, retry: Retry) -> Redis:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=self._limits.operation_s,
            retry=retry,
            socket_connect_timeout=self._limits.connect_s,
            socket_timeout=self._limits.operation_s,
        )
        return Redis.from_pool(pool)

    async def write(self, script: str, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Runs a script once. After InboxUnavailableError it is unknown whether it ran."""
        async with self._bound_operation(WRITE):
            return await self._writer.execute_command("EVAL", script, len(keys), *keys, *args)

    async def members(self, key: str, cursor: int, count: int) -> tuple[int, list[str]]:
        """The next members of a set by SSCAN, and the cursor to continue with (0: end)."""
        async with self._bound_operation(READ):
            found = await self._writer.execute_command("SSCAN", key, cursor, "COUNT", count)
            return int(found[0]), [member.decode() for member in found[1]]

    async def keys(self, prefix: str, cursor: int, count: int) -> tuple[int, list[str]]:
        """The next keys with a prefix by SCAN, which walks all keys of the server, and the cursor to continue with."""
        async with self._bound_operation(READ):
            found = await self._writer.execute_command("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", count)
            return int(found[0]), [key.decode(errors="replace") for key in found[1]]

    async def memory_bytes(self) -> int:
        """The server's memory limit (maxmemory); 0: none."""
        async with self._bound_operation(READ):
            return int((await self._writer.execute_command("INFO", "memory")).get("maxmemory", 0))

    async def remove(self, *keys: str) -> None:
        """Removes keys."""
        async with self._bound_operation(WRITE):
            await self._writer.execute_command("UNLINK", *keys)

    async def check(self) -> None:
        """Writes, removes and reads a probe. InboxStoreError says why the server cannot."""
        await self.write(_PROBE, [PROBE], [])
        await self.ask("return {'ok'}", [PROBE], [])

    async def ask(self, script: str, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """Runs a read-only script, in one pipeline with others that are requested at the same time."""
        read = _PendingRead(("EVAL", script, len(keys), *keys, *args))
        self._pending.append(read)
        if self._read_task is None:
            self._read_task = asyncio.get_running_loop().create_task(self._read_all(), name="inbox reads")
        return await read.answer

    async def _read_all(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:PIPELINE], self._pending[PIPELINE:]
                try:
                    await self._read(batch)
                except InboxStoreError as error:
                    self._fail_all(batch, error)
                except BaseException:
                    self._fail_all(batch, InboxUnavailableError("The connection to Redis was closed."))
                    raise
        finally:
            self._read_task = None

    def _fail_all(self, batch: list[_PendingRead], error: InboxUnavailableError) -> None:
        failed, self._pending = batch + self._pending, []
        for read in failed:
            _fail(read, type(error)(*error.args))  # one exception each: every caller adds its traceback

    async def _read(self, batch: list[_PendingRead]) -> None:
        async with self._bound_operation(READ, is_whole=False), self._reader.pipeline(transaction=False) as pipeline:
            for read in batch:
                pipeline.execute_command(*read.command)
            answers = await pipeline.execute(raise_on_error=False)
        if not any(isinstance(answer, Exception) for answer in answers):
            self.troubles.clear(READ)
        for read, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                _fail(read, self.report(READ, answer) if isinstance(answer, RETRIED_ERRORS) else answer)
            elif not read.answer.done():
                read.answer.set_result(answer)

    @asynccontextmanager
    async def _bound_operation(self, work: str, *, is_whole: bool = True) -> AsyncIterator[None]:
        """Applies the time limit. ``is_whole``: success here clears earlier trouble of this kind of work."""
        before = count_cancellations()
        try:
            async with asyncio.timeout(self._limits.operation_s):
                yield
            raise_if_cancelled(before)
        except RETRIED_ERRORS as error:
            raise self.report(work, error) from error
        if is_whole:
            self.troubles.clear(work)

    def report(self, work: str, error: Exception) -> InboxStoreError:
        """Translates an error of the client library into the one to raise, and logs it."""
        found = store_error(error, tls=self._tls)
        self.troubles.report(work, found, describe_error(error))
        return found

    async def aclose(self) -> None:
        """Closes every connection; pending reads fail."""
        if self._read_task is not None:
            self._read_task.cancel()
            await asyncio.gather(self._read_task, return_exceptions=True)
        for client in (self._writer, self._reader, self.listener):
            await client.aclose(close_connection_pool=True)


def count_cancellations() -> int:
    """How often this task was cancelled."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def raise_if_cancelled(before: int = 0) -> None:
    """Raises CancelledError if this task was cancelled since ``before`` and the cancellation got lost.

    redis-py sends with ``asyncio.wait_for``, which up to Python 3.11 swallows a cancellation that comes as it ends
    (bpo-37658): without this a listening or delivering task would live on for ever.
    """
    if count_cancellations() > before:
        raise asyncio.CancelledError


def _fail(read: _PendingRead, error: Exception) -> None:
    if not read.answer.done():
        read.answer.set_exception(error)
