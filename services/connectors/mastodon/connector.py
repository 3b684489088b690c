"""The Mastodon connector: reads several servers at once, each by itself, and brings what they bring in one order.

Invariants: the cursor has each server's positions in its timelines, and moves only with what was read before. One
portion of each server waits at most. A server that cannot be read is said in words and stops no other; only where none
can be read does the connector fail.
Why several: a server sees only what its people follow, so none sees all posts with a hashtag. A post has one ``uri``
everywhere, so it counts once.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec

from services.connectors.mastodon.client import MastodonClient, Page, RateLimitedError
from services.connectors.mastodon.config import TOKENS, MastodonConfig
from services.connectors.mastodon.connection_test import try_server
from services.connectors.mastodon.reader import StatusReader
from services.connectors.mastodon.server import MOST_TAGS, Portion, Position, Server
from services.connectors.port import Batch, Context, NeedsAttentionError, SourceUnavailableError, TestReport
from services.connectors.source_client import read_address

Positions = dict[str, dict[str, Position]]  # by the address of a server, by hashtag
MOST_HISTORY_PAGES = 2_500  # 100,000 posts with one hashtag


class MastodonConnector:
    """Some servers of one conference."""

    def __init__(self, config: MastodonConfig, secrets: Mapping[str, str], context: Context) -> None:
        self._context = context
        named = zip(TOKENS, config.servers, strict=False)
        self._clients = [
            MastodonClient(context.client, read_address(server), secrets.get(token, "")) for token, server in named
        ]

    # -- what there is from now on ---------------------------------------------------------------------------------

    async def events(self, cursor: str) -> AsyncGenerator[Batch, None]:
        """Posts and deletions, for ever."""
        stored = msgspec.json.decode(cursor, type=Positions) if cursor else {}
        names = [client.address.url for client in self._clients]
        positions: Positions = {name: stored.get(name, {}) for name in names}
        failing = dict[str, SourceUnavailableError | NeedsAttentionError]()
        caught_up = set[str]()
        portions: asyncio.Queue[Portion] = asyncio.Queue(1)
        servers = [Server(each, self._context, positions[each.address.url], portions.put) for each in self._clients]
        async with _running(servers) as tasks:
            while True:
                portion = await _next(portions, tasks)
                if portion.positions is not None:
                    positions[portion.server] = dict(portion.positions)
                if portion.failure is not None:
                    failing[portion.server] = portion.failure
                    if len(failing) == len(names):
                        raise _worst(failing)
                else:
                    failing.pop(portion.server, None)
                caught_up |= {portion.server} if portion.is_caught_up else set()
                yield Batch(
                    items=portion.items,
                    cursor=msgspec.json.encode(positions).decode(),
                    is_caught_up=caught_up.union(failing) >= set(names),
                    note=str(portion.failure or portion.note),
                )

    # -- what there was --------------------------------------------------------------------------------------------

    async def history(self, since: int) -> AsyncGenerator[Batch, None]:
        """What the timelines still have since then, newest first."""
        tags, done = sorted((await self._context.audience()).hashtags)[:MOST_TAGS], 0
        for client in self._clients:
            reader = StatusReader(self._context.unreadable, self._context.clock)
            reader.view = await client.view()
            for tag in tags:
                older = ""
                for _ in range(MOST_HISTORY_PAGES):
                    page = await _page_of(client, tag, older)
                    reading = reader.read_page(reader.decode(page.statuses), frozenset(tags), since, "")
                    done += len(reading.items)
                    yield Batch(items=reading.items, cursor="", done=done, total=done)
                    before, older = older, page.older or reading.oldest
                    if not page.statuses or older in ("", before) or reading.oldest_at < since:
                        break

    # -- trying it out ---------------------------------------------------------------------------------------------

    async def test(self) -> TestReport:
        """What works at each server."""
        tags = sorted((await self._context.audience()).hashtags)
        tag = tags[0] if tags else "introductions"
        found = await asyncio.gather(*(try_server(client, tag) for client in self._clients))
        return TestReport(tuple(check for checks in found for check in checks))


@asynccontextmanager
async def _running(servers: Sequence[Server]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(server.run()) for server in servers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _next(portions: asyncio.Queue[Portion], tasks: Sequence[asyncio.Task[None]]) -> Portion:
    """The next portion; raises what a server's task failed with."""
    getting = asyncio.create_task(portions.get())
    try:
        await asyncio.wait({getting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        for task in tasks:
            if task.done():
                task.result()
        raise AssertionError("a server is followed for ever")
    finally:
        getting.cancel()


def _worst(failing: Mapping[str, SourceUnavailableError | NeedsAttentionError]) -> Exception:
    """What to say where no server can be read: the one that will be readable first, or what a person has to change."""
    passing = [error for error in failing.values() if isinstance(error, SourceUnavailableError)]
    return min(passing, key=lambda error: error.retry_s or 0.0) if passing else next(iter(failing.values()))


async def _page_of(client: MastodonClient, tag: str, older: str) -> Page:
    """A page, after waiting as long as the server asks to."""
    while True:
        try:
            return await client.page(tag, "max_id" if older else "", older)
        except RateLimitedError as error:
            await asyncio.sleep(error.retry_s or 0.0)
