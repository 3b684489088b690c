"""The process's one subscription to Redis: pushes delivered entries to waiters, or makes them read.

Responsibility: the listening task.
Invariants: hints are an optimisation. After the connection broke, every waiter is woken to read the store. Silence is
checked with a ping, because a half-open connection would be silent for ever.
"""

import asyncio

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from redis.asyncio.client import PubSub

from services.inbox.entries import readable_entry
from services.inbox.port import Entry
from services.inbox.redis.connection import LISTEN, RedisConnection, raise_if_cancelled
from services.inbox.redis.keys import HINTS
from services.inbox.redis.refusals import RETRIED_ERRORS
from services.inbox.subscription import RETRY_FIRST_S, RETRY_MAX_S
from services.inbox.waiters import Waiters
from streams.runtime.retries import retry


class _Added(Struct, array_like=True, gc=False):
    position: str
    attendee: str
    kind: str
    match: str
    other: str
    new: bool
    view: str
    cursor: int


class _Hint(Struct, array_like=True, gc=False):
    """A delivery as its script publishes it; without ``entries``: every waiter of the conference should read."""

    conference: str
    before: str = ""
    upto: str = ""
    entries: list[_Added] | None = None


_read = msgspec.msgpack.Decoder(_Hint).decode


def encode_wake_all(conference: str) -> bytes:
    """Encodes the hint that makes every waiter of a conference read."""
    return msgspec.msgpack.encode(_Hint(conference))


class HintListener:
    """Listens from ``start`` to ``aclose``."""

    def __init__(self, connection: RedisConnection, waiters: Waiters, silence_s: float) -> None:
        self._connection, self._waiters, self._silence_s = connection, waiters, silence_s
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()  # subscribed

    def start(self) -> None:
        """Starts to listen; it survives every outage of the server."""
        self._task = asyncio.get_running_loop().create_task(self._listen_forever(), name="inbox hints")

    async def aclose(self) -> None:
        """Stops listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _listen_forever(self) -> None:
        while True:
            async for attempt in retry(RETRIED_ERRORS, first_s=RETRY_FIRST_S, max_s=RETRY_MAX_S):
                with attempt:
                    await self._listen_until_failure()
            await asyncio.sleep(RETRY_FIRST_S)

    async def _listen_until_failure(self) -> None:
        """Returns after the failure of a subscription; raises if it cannot subscribe."""
        is_subscribed = False
        try:
            async with self._connection.listener.pubsub() as line:
                async with asyncio.timeout(self._silence_s):
                    await line.subscribe(HINTS)
                is_subscribed = True
                await self._listen(line)
        except RETRIED_ERRORS as error:
            self.listening.clear()
            self._connection.report(LISTEN, error)
            if not is_subscribed:
                raise

    async def _listen(self, line: PubSub) -> None:
        pinged = False
        while True:
            raise_if_cancelled()
            message = await line.get_message(timeout=self._silence_s)
            if message is None:
                if pinged:
                    raise TimeoutError
                async with asyncio.timeout(self._silence_s):
                    await line.ping()
            pinged = message is None
            if message is not None and message["type"] == "subscribe":
                self.listening.set()
                self._connection.troubles.clear(LISTEN)
                self._waiters.wake_all()
            elif message is not None and message["type"] == "message":
                self._handle(message["data"])

    def _handle(self, data: bytes) -> None:
        try:
            hint = _read(data)
        except msgspec.MsgspecError:  # from another version: read the store
            self._waiters.wake_all()
            return
        if hint.entries is None:
            self._waiters.wake_all(hint.conference)
            return
        here = self._waiters.of(hint.conference)
        entries = [(each.attendee, _entry(each)) for each in hint.entries if each.attendee in here]
        self._waiters.hand(hint.conference, hint.before, hint.upto, entries)


def _entry(added: _Added) -> Entry:
    content = (added.view.encode(), added.other) if added.other else None
    entry = readable_entry(added.position, added.cursor, added.kind, added.match, content)
    return replace(entry, new=added.new, live=True)
