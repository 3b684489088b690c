"""The line to a Redis server: every call ends within a bounded time, and what can go wrong with a server has one name.

Owns: connections, time limits, retries. May never: repeat a write by itself, or let an error of the client library out
(what each means is in ``refusals``).
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

from services.inbox.port import InboxStoreError, InboxUnavailableError
from services.inbox.redis.address import is_tls
from services.inbox.redis.keys import PROBE
from services.inbox.redis.refusals import WAITED_FOR, Troubles, said, store_error

WRITERS = 4  # connections; a batch holds one for some milliseconds
PIPELINE = 256  # reads sent together
READ_RETRIES = 2
WRITE, READ, LISTEN = "write", "read", "listen"  # kinds of work that a server may refuse each by itself
_PROBE = "redis.call('SET', KEYS[1], '1', 'PX', 1000) redis.call('DEL', KEYS[1]) return {'ok'}"


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
        self._limits, self._tls = limits, is_tls(url)
        self.troubles = Troubles()
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
        async with self._bounded(WRITE):
            return await self._writer.execute_command("EVAL", script, len(keys), *keys, *args)

    async def members(self, key: str, cursor: int, count: int) -> tuple[int, list[str]]:
        """The next members of a set, as SSCAN has them, and the cursor to go on with (0: that was all)."""
        async with self._bounded(READ):
            found = await self._writer.execute_command("SSCAN", key, cursor, "COUNT", count)
            return int(found[0]), [member.decode() for member in found[1]]

    async def keys(self, prefix: str, cursor: int, count: int) -> tuple[int, list[str]]:
        """The next keys that begin so, as SCAN has them: a walk through all keys of the server."""
        async with self._bounded(READ):
            found = await self._writer.execute_command("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", count)
            return int(found[0]), [key.decode(errors="replace") for key in found[1]]

    async def memory_bytes(self) -> int:
        """The server's bound (maxmemory); 0: none."""
        async with self._bounded(READ):
            return int((await self._writer.execute_command("INFO", "memory")).get("maxmemory", 0))

    async def remove(self, *keys: str) -> None:
        """Removes keys."""
        async with self._bounded(WRITE):
            await self._writer.execute_command("UNLINK", *keys)

    async def check(self) -> None:
        """Writes and reads something that leaves nothing. InboxStoreError: what keeps the server from it."""
        await self.write(_PROBE, [PROBE], [])
        await self.ask("return {'ok'}", [PROBE], [])

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
                except InboxStoreError as error:
                    self._fail_all(batch, error)
                except BaseException:
                    self._fail_all(batch, InboxUnavailableError("The line to Redis was closed."))
                    raise
        finally:
            self._reading = None

    def _fail_all(self, batch: list[_Asked], error: InboxUnavailableError) -> None:
        failed, self._asked = batch + self._asked, []
        for asked in failed:
            _fail(asked, type(error)(*error.args))  # each its own: who waits adds its traceback

    async def _read(self, batch: list[_Asked]) -> None:
        async with self._bounded(READ, is_whole=False), self._reader.pipeline(transaction=False) as pipeline:
            for asked in batch:
                pipeline.execute_command(*asked.command)
            answers = await pipeline.execute(raise_on_error=False)
        if not any(isinstance(answer, Exception) for answer in answers):
            self.troubles.over(READ)
        for asked, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                _fail(asked, self.met(READ, answer) if isinstance(answer, WAITED_FOR) else answer)
            elif not asked.answer.done():
                asked.answer.set_result(answer)

    @asynccontextmanager
    async def _bounded(self, work: str, *, is_whole: bool = True) -> AsyncIterator[None]:
        """``is_whole``: that all went well when the end is reached."""
        before = cancellations()
        try:
            async with asyncio.timeout(self._limits.operation_s):
                yield
            heed_cancellation(before)
        except WAITED_FOR as error:
            raise self.met(work, error) from error
        if is_whole:
            self.troubles.over(work)

    def met(self, work: str, error: Exception) -> InboxStoreError:
        """What to raise for an error of the library that is waited for; it is told in the log as well."""
        found = store_error(error, tls=self._tls)
        self.troubles.met(work, found, said(error))
        return found

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
