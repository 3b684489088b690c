"""Reads an open Jetstream: frames become items, a part at a time.

Invariants: every frame moves the position, also one that matters to nobody. A frame that cannot be read stops nothing.
Why: how long a read had to wait says whether more was waiting, whatever the clocks of the two sides say.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from services.connectors.bluesky.posts import account_of, matters, post_id, post_of, record_of
from services.connectors.bluesky.wire import Event, Notice, UnreadableFrameError, Version, read_frame
from services.connectors.port import MOST_ITEMS, Activity, Audience, Item, PostDeleted, Unreadable

PART_S = 0.3  # of frames at once: the lag that batches cost
WAITED_S = 0.002  # a read that takes longer had nothing to read
_TURN_FRAMES = 200  # until the event loop gets a turn, a few ms
_TOO_BIG = 1009


class StreamEndedError(Exception):
    """The stream has ended. ``is_too_big``: because of a frame that is too long to be read."""

    def __init__(self, text: str, *, is_too_big: bool = False) -> None:
        super().__init__(text)
        self.is_too_big = is_too_big


class Part(Struct, frozen=True):
    """What was read. ``frames``: how many; ``at_us``: the position after them, None where there is none.

    ``is_drained``: nothing more was waiting. ``ended``: the stream has ended after it, and why.
    """

    items: tuple[Item, ...] = ()
    frames: int = 0
    at_us: int | None = None
    notices: tuple[str, ...] = ()
    is_drained: bool = False
    ended: StreamEndedError | None = None


@dataclass(slots=True)
class _Work:
    """A part in progress. ``is_receiving``: it waits for a frame."""

    items: list[Item] = field(default_factory=list)
    frames: int = 0
    at_us: int | None = None
    notices: list[str] = field(default_factory=list)
    is_drained: bool = False
    is_receiving: bool = False
    unreadable: int = 0
    reason: str = ""

    def part(self, ended: StreamEndedError | None) -> Part:
        """What was read until now."""
        if self.unreadable:
            # Without its bytes: half a frame may have half of somebody's text.
            self.items.append(Unreadable("frame", b"", f"{self.reason} Such frames at once: {self.unreadable}."))
        return Part(tuple(self.items), self.frames, self.at_us, tuple(self.notices), self.is_drained, ended)


class StreamReader:
    """Reads one connection. ``only_people``: drops what others post. ``clock``: ms since 1970."""

    def __init__(
        self, stream: ClientConnection, version: Version, clock: Callable[[], int], *, only_people: bool
    ) -> None:
        self._stream, self._version, self._clock, self._only_people = stream, version, clock, only_people

    async def read(self, audience: Audience) -> Part:
        """What comes in ``PART_S``, or less where a batch is full or the stream ends."""
        work, ended = _Work(), None
        try:
            async with asyncio.timeout(PART_S):
                await self._read(work, audience)
        except TimeoutError:
            work.is_drained = work.is_receiving
        except ConnectionClosed as error:
            ended = _end_of(error)
        except StreamEndedError as error:
            ended = error
        return work.part(ended)

    async def _read(self, work: _Work, audience: Audience) -> None:
        time = asyncio.get_running_loop().time
        while len(work.items) < MOST_ITEMS - 1:  # the last one is for frames that cannot be read
            before, work.is_receiving = time(), True
            data = await self._stream.recv(decode=False)
            work.is_drained, work.is_receiving = time() - before > WAITED_S, False
            work.frames += 1
            self._take(work, data, audience)
            if work.frames % _TURN_FRAMES == 0:
                await asyncio.sleep(0)

    def _take(self, work: _Work, data: bytes, audience: Audience) -> None:
        try:
            frame = read_frame(data, self._version)
        except UnreadableFrameError as error:
            work.unreadable, work.reason = work.unreadable + 1, str(error)
            return
        if isinstance(frame, Notice):
            if frame.is_end:
                raise StreamEndedError("Bluesky's stream ended with an error.")
            work.notices.append(frame.name)
            return
        work.at_us = frame.at_us
        if self._only_people and f"bsky:{frame.did}" not in audience.accounts:
            return
        item = item_of(frame, audience, self._clock())
        if item is not None:
            work.items.append(item)


def item_of(event: Event, audience: Audience, now: int) -> Activity | None:
    """What an event is to the conference; None: nothing. An edit is the post again: it counts where the log does not
    have the post yet. ``now``: ms since 1970; the host's clock may be ahead."""
    seen = min(event.at_us // 1_000, now)
    if event.operation == "delete":
        actor, name = account_of(event.did), post_id(event.did, event.rkey)
        return None if actor is None or name is None else PostDeleted(name, actor, seen)
    record = record_of(event.record)
    post = None if record is None else post_of(event.did, event.rkey, record, seen)
    return post if post is not None and matters(post, audience) else None


def _end_of(error: ConnectionClosed) -> StreamEndedError:
    """Every end is one to connect again after, also a polite one."""
    if error.sent is not None and error.sent.code == _TOO_BIG and not error.rcvd_then_sent:
        return StreamEndedError("Bluesky's stream sent a message that is too long.", is_too_big=True)
    return StreamEndedError("Bluesky's stream closed the connection.")
