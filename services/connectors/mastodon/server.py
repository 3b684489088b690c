"""Follows one server: its stream where it has one, and its timelines, which fill every gap of the stream.

Invariants: a position in a timeline moves only with what was read before it. A stream moves no position: it promises
nothing, so what it brought is read again from the timeline. A stream is opened before the timelines are read, so
nothing falls in between.
Failure modes: a stream that breaks is opened again after a jittered back-off, and one that is silent while posts appear
in the timeline counts as broken; meanwhile the timelines are read more often. A server whose timelines cannot be read
reports it, and waits by itself: the others are read on.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

from msgspec import Struct

from services.connectors.mastodon.client import MastodonClient, RateLimitedError
from services.connectors.mastodon.reader import Reading, StatusReader
from services.connectors.mastodon.stream import Stream, StreamUnavailableError, open_tags
from services.connectors.port import Context, Item, NeedsAttentionError, SourceUnavailableError
from services.connectors.posts import LATE_MS

LOOK_S = 10.0  # until a new hashtag of the conference is followed
POLL_S = 30.0  # between looks into the timelines of a server without a stream
CHECK_S = 180.0  # the same while there is a stream: it may be dead and look healthy
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
NO_STREAM_S = 600.0  # until a server that has no stream is asked again
MOST_TAGS = 20  # of a server at once: 20 timelines every 30 seconds are 200 of the 300 requests in 5 minutes
OLDEST = "0"  # a position before every other
MOST_PAGES = 250  # of a gap: 10,000 posts with one hashtag
_MISSING = frozenset({400, 404, 405, 426, 501})
_JITTER = random.SystemRandom()


class Position(Struct, frozen=True):
    """How far a timeline was read. ``id``: the newest status; "" where there was none. ``at``: when, in ms."""

    id: str
    at: int


class Portion(Struct, frozen=True, kw_only=True):
    """What one server brought. ``positions``: of its timelines, after these items; None: as before. ``is_caught_up``:
    nothing more was waiting. ``failure``: it cannot be read now."""

    server: str
    items: tuple[Item, ...] = ()
    positions: Mapping[str, Position] | None = None
    is_caught_up: bool = False
    note: str = ""
    failure: SourceUnavailableError | NeedsAttentionError | None = None


class Server:
    """One server. ``put``: takes a portion when the one before was taken in (backpressure)."""

    def __init__(
        self,
        client: MastodonClient,
        context: Context,
        positions: Mapping[str, Position],
        put: Callable[[Portion], Awaitable[None]],
    ) -> None:
        self._client, self._context, self._put = client, context, put
        self._name = client.address.url
        self._positions = dict(positions)
        self._reader = StatusReader(context.unreadable, context.clock)
        self._failures = self._breaks = 0
        self._stream_at = 0.0
        self._unheard: set[str] = set()

    async def run(self) -> None:
        """Follows it for ever."""
        while True:
            try:
                await self._follow()
            except (SourceUnavailableError, NeedsAttentionError) as error:
                self._failures += 1
                asked_s = (
                    LONGEST_PAUSE_S
                    if isinstance(error, NeedsAttentionError)
                    else max(error.retry_s or 0.0, self._client.wait_s())
                )
                await self._put(Portion(server=self._name, failure=error))
                await asyncio.sleep(max(asked_s, _pause_s(self._failures)))

    async def _follow(self) -> None:
        """Until other hashtags are to be followed, or the stream ends or may be tried again."""
        tags = await self._tags()
        if not tags:
            await self._put(Portion(server=self._name, is_caught_up=True))
            await self._context.wait(LOOK_S)
            return
        self._reader.view = await self._client.view()
        self._positions = {tag: at for tag, at in self._positions.items() if tag in tags}
        async with AsyncExitStack() as stack:
            stream = await self._open(stack, tags)
            await self._read(stream, tags)

    async def _read(self, stream: Stream | None, tags: tuple[str, ...]) -> None:
        time, wanted = asyncio.get_running_loop().time, frozenset(tags)
        self._unheard.clear()
        due_at = looked_at = time()
        is_first = True
        while True:
            if time() >= due_at:
                if stream is not None and self._unheard:
                    await self._break(f"The stream of {self._client.name} was silent while people posted.")
                    return
                fresh, wait_s = await self._check(tags)
                if stream is not None and not is_first:
                    self._unheard.update(fresh)
                is_first, due_at = False, time() + max(wait_s, POLL_S if stream is None else CHECK_S)
            if time() - looked_at >= LOOK_S:
                looked_at = time()
                if await self._tags() != tags or (stream is None and looked_at >= self._stream_at):
                    return
            wait_s = max(0.0, min(due_at, looked_at + LOOK_S) - time())
            if stream is None:
                await asyncio.sleep(wait_s)
            elif not await self._take_part(stream, wanted, wait_s):
                return

    # -- the stream ------------------------------------------------------------------------------------------------

    async def _open(self, stack: AsyncExitStack, tags: tuple[str, ...]) -> Stream | None:
        """The stream, if it is time to try it and there is one."""
        if asyncio.get_running_loop().time() < self._stream_at:
            return None
        try:
            return await stack.enter_async_context(open_tags(self._client, tags))
        except StreamUnavailableError as error:
            pause_s = NO_STREAM_S if error.status in _MISSING else error.retry_s or 0.0
            await self._break("" if error.status in _MISSING else str(error), pause_s)
            return None

    async def _take_part(self, stream: Stream, tags: frozenset[str], wait_s: float) -> bool:
        """Whether the stream goes on."""
        part = await stream.read(wait_s)
        self._unheard.difference_update(frame.id for frame in part.frames)
        if part.frames:
            self._breaks = 0
        items = self._reader.read_part(part, tags)
        if items:
            await self._put(Portion(server=self._name, items=items, is_caught_up=True))
        if part.has_ended:
            await self._break(f"The stream of {self._client.name} closed the connection.")
        return not part.has_ended

    async def _break(self, text: str, pause_s: float = 0.0) -> None:
        self._breaks += 1
        self._stream_at = asyncio.get_running_loop().time() + max(pause_s, _pause_s(self._breaks))
        if text:
            await self._put(
                Portion(server=self._name, note=f"{text} It is opened again; timelines are read meanwhile.")
            )

    # -- the timelines ---------------------------------------------------------------------------------------------

    async def _check(self, tags: tuple[str, ...]) -> tuple[list[str], float]:
        """Reads all timelines up to now. The ids that were new, and how long the server asks to wait."""
        fresh = list[str]()
        try:
            for tag in tags:
                fresh += await self._fill(tag, frozenset(tags))
        except RateLimitedError as error:
            await self._put(Portion(server=self._name, note=str(error)))
            return fresh, error.retry_s or 0.0
        self._failures = 0
        await self._put(Portion(server=self._name, is_caught_up=True))
        return fresh, 0.0

    async def _fill(self, tag: str, tags: frozenset[str]) -> tuple[str, ...]:
        """Reads one timeline up to now: its newest page, and before, where that does not reach back to the position,
        what is in between, upward. The ids that were new."""
        now, before = self._context.clock(), self._positions.get(tag)
        earliest = (now if before is None else min(before.at, now)) - LATE_MS
        newest, fresh, last = self._reader.decode((await self._client.page(tag)).statuses), tuple[str, ...](), ""
        if before is not None:
            last = before.id
            if newest.statuses and not newest.has(last):
                fresh, last = await self._climb(tag, tags, before, earliest)
        reading = self._reader.read_page(newest, tags, earliest, last)
        await self._move(tag, Position(reading.newest or last, now), reading)
        return fresh + reading.fresh

    async def _climb(
        self, tag: str, tags: frozenset[str], start: Position, earliest: int
    ) -> tuple[tuple[str, ...], str]:
        """Reads the pages from a position upward. The ids that were new, and the last position."""
        fresh, last = tuple[str, ...](), start.id
        for _ in range(MOST_PAGES):
            page = await self._client.page(tag, "min_id", last or OLDEST)
            reading = self._reader.read_page(self._reader.decode(page.statuses), tags, earliest)
            after = page.newer or reading.newest
            if not page.statuses or after in ("", last):
                break
            fresh, last = fresh + reading.fresh, after
            await self._move(tag, Position(last, start.at), reading)
        return fresh, last

    async def _move(self, tag: str, to: Position, reading: Reading) -> None:
        """Brings what was read, and the position after it."""
        self._positions[tag] = to
        await self._put(Portion(server=self._name, items=reading.items, positions=dict(self._positions)))

    async def _tags(self) -> tuple[str, ...]:
        return tuple(sorted((await self._context.audience()).hashtags))[:MOST_TAGS]


def _pause_s(failures: int) -> float:
    """The seconds to wait after so many failures."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures, 16))
    return _JITTER.uniform(longest / 2, longest)
