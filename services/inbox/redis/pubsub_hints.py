"""The one subscription of a process: hands its waiters what was delivered, or tells them to read.

Owns: the listening task. May never: be needed for the truth; all that is lost with a broken line is told by waking
everybody once it is whole again. Silence is checked with a ping: a half-open line would be silent for ever.
"""

import asyncio

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from redis.asyncio.client import PubSub

from services.inbox.entries import readable
from services.inbox.port import Entry
from services.inbox.redis.connection import LISTEN, Link, heed_cancellation
from services.inbox.redis.keys import HINTS
from services.inbox.redis.refusals import WAITED_FOR
from services.inbox.subscription import RETRY_FIRST_S, RETRY_MOST_S
from services.inbox.waiters import Waiters


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
    """A delivery as its script tells it; without ``entries``: whoever follows the conference should read."""

    conference: str
    before: str = ""
    upto: str = ""
    entries: list[_Added] | None = None


_read = msgspec.msgpack.Decoder(_Hint).decode


def all_of(conference: str) -> bytes:
    """What tells everybody of a conference to read."""
    return msgspec.msgpack.encode(_Hint(conference))


class Hints:
    """Listens from ``start`` to ``aclose``."""

    def __init__(self, link: Link, waiters: Waiters, silence_s: float) -> None:
        self._link, self._waiters, self._silence_s = link, waiters, silence_s
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()  # the line is whole

    def start(self) -> None:
        """Begins to listen, and goes on through every absence of the server."""
        self._task = asyncio.get_running_loop().create_task(self._listen_always(), name="inbox hints")

    async def aclose(self) -> None:
        """Stops listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _listen_always(self) -> None:
        away_s = RETRY_FIRST_S
        while True:
            try:
                async with self._link.listener.pubsub() as line:
                    async with asyncio.timeout(self._silence_s):
                        await line.subscribe(HINTS)
                    away_s = RETRY_FIRST_S
                    await self._listen(line)
            except WAITED_FOR as error:
                self.listening.clear()
                self._link.met(LISTEN, error)
                await asyncio.sleep(away_s)
                away_s = min(2 * away_s, RETRY_MOST_S)

    async def _listen(self, line: PubSub) -> None:
        pinged = False
        while True:
            heed_cancellation()
            message = await line.get_message(timeout=self._silence_s)
            if message is None:
                if pinged:
                    raise TimeoutError
                async with asyncio.timeout(self._silence_s):
                    await line.ping()
            pinged = message is None
            if message is not None and message["type"] == "subscribe":
                self.listening.set()
                self._link.troubles.over(LISTEN)
                self._waiters.wake_all()
            elif message is not None and message["type"] == "message":
                self._hear(message["data"])

    def _hear(self, told: bytes) -> None:
        try:
            hint = _read(told)
        except msgspec.MsgspecError:  # another version's: the store has it all
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
    entry = readable(added.position, added.cursor, added.kind, added.match, content)
    return replace(entry, new=added.new, live=True)
