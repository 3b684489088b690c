"""The line to a Redis server: every call ends within a bounded time, and what can go wrong with a server has one name.

Owns: connections, time limits, retries. May never: repeat a write by itself, or let an error of the client library out.
Theory: redis-py's default repeats any command 10 times; here a write is sent once, a read up to three times. Reads
asked for while others are under way go together as the next pipeline over one connection: 5,000 waiters that wake at
once are 20 round trips. When a pipeline fails, all that wait fail with it: nobody waits behind a dead server's queue.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, ResponseError, TryAgainError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.inbox.port import InboxFullError, InboxUnavailableError

WRITERS = 4  # connections; a batch holds one for some milliseconds
PIPELINE = 256  # reads sent together
READ_RETRIES = 2
_AWAY = (RedisConnectionError, RedisTimeoutError, MasterDownError, ReadOnlyError, TryAgainError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds: of connecting, of one operation in all, and of silence on the line of hints."""

    connect_s: float = 1.0
    operation_s: float = 2.0
    hint_s: float = 5.0


@dataclass(slots=True)
class _Asked:
    command: tuple[Any, ...]
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Link:
    """Scripts to a Redis server. Connects when it is first used."""

    def __init__(self, url: str, limits: Limits) -> None:
        self._limits = limits
        # Any: the library's own types know neither scripts nor what they answer.
        self._writer: Any = self._client(url, WRITERS, Retry(NoBackoff(), 0))
        self._reader: Any = self._client(url, 1, Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), READ_RETRIES))
        self.listener = self._client(url, 1, Retry(NoBackoff(), 0))
        self._asked: list[_Asked] = []
        self._reading: asyncio.Task[None] | None = None

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
        """Runs a script once. Whether it was run is not known when InboxUnavailableError is raised."""
        async with self._bounded():
            return await self._writer.execute_command("EVAL", script, len(keys), *keys, *args)

    async def members(self, key: str, cursor: int, count: int) -> tuple[int, list[str]]:
        """The next members of a set, as SSCAN has them, and the cursor to go on with (0: that was all)."""
        async with self._bounded():
            found = await self._writer.execute_command("SSCAN", key, cursor, "COUNT", count)
            return int(found[0]), [member.decode() for member in found[1]]

    async def keys(self, prefix: str, cursor: int, count: int) -> tuple[int, list[str]]:
        """The next keys that begin so, as SCAN has them: a walk through all keys of the server."""
        async with self._bounded():
            found = await self._writer.execute_command("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", count)
            return int(found[0]), [key.decode(errors="replace") for key in found[1]]

    async def memory_bytes(self) -> int:
        """The server's bound (maxmemory); 0: none."""
        async with self._bounded():
            return int((await self._writer.execute_command("INFO", "memory")).get("maxmemory", 0))

    async def remove(self, *keys: str) -> None:
        """Removes keys."""
        async with self._bounded():
            await self._writer.execute_command("UNLINK", *keys)

    async def ask(self, script: str, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """Runs a script that only reads, together with others that are asked for at the same time."""
        asked = _Asked(("EVAL", script, len(keys), *keys, *args))
        self._asked.append(asked)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read_all(), name="inbox reads")
        return await asked.answer

    async def _read_all(self) -> None:
        try:
            while self._asked:
                batch, self._asked = self._asked[:PIPELINE], self._asked[PIPELINE:]
                try:
                    await self._read(batch)
                except InboxUnavailableError as error:
                    self._fail_all(batch, *error.args)
                except BaseException:
                    self._fail_all(batch, "The line to Redis was closed.")
                    raise
        finally:
            self._reading = None

    def _fail_all(self, batch: list[_Asked], *said: object) -> None:
        failed, self._asked = batch + self._asked, []
        for asked in failed:
            _fail(asked, InboxUnavailableError(*said))

    async def _read(self, batch: list[_Asked]) -> None:
        async with self._bounded(), self._reader.pipeline(transaction=False) as pipeline:
            for asked in batch:
                pipeline.execute_command(*asked.command)
            answers = await pipeline.execute(raise_on_error=False)
        for asked, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                _fail(asked, _named(answer))
            elif not asked.answer.done():
                asked.answer.set_result(answer)

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        before = cancellations()
        try:
            async with asyncio.timeout(self._limits.operation_s):
                yield
            heed_cancellation(before)
        except (*_AWAY, ResponseError) as error:
            raise _named(error) from error

    async def aclose(self) -> None:
        """Closes every connection; who still waits for a read is told that it is over."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        for client in (self._writer, self._reader, self.listener):
            await client.aclose(close_connection_pool=True)


def cancellations() -> int:
    """How often this task was told to end."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def heed_cancellation(before: int = 0) -> None:
    """Ends this task if it was told to since ``before`` and nobody heeded it.

    redis-py sends with ``asyncio.wait_for``, which up to Python 3.11 swallows a cancellation that comes as it ends
    (bpo-37658): without this a listening or delivering task lives on for ever.
    """
    if cancellations() > before:
        raise asyncio.CancelledError


def _fail(asked: _Asked, error: Exception) -> None:
    if not asked.answer.done():
        asked.answer.set_exception(error)


def _named(error: Exception) -> Exception:
    """The port's error for one of the library; what is none of the server's troubles stays what it is: a bug."""
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, OutOfMemoryError) or (isinstance(error, ResponseError) and "OOM" in said):
        return InboxFullError("Redis is at its memory bound and takes nothing. Raise maxmemory, or end conferences.")
    if isinstance(error, _AWAY) or said.startswith("ResponseError: BUSY"):
        return InboxUnavailableError(f"Redis does not answer ({said}).")
    return error
