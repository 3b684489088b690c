"""The law where the log is in Kafka, workers match and deliver, and inboxes are in Redis.

One gateway and one worker of each kind serve all stories; each is played in two conferences. The log's time is the
broker's, so moments are left out of the comparison, and so are the ids that come of the conference's: cards are called
by the order in which they appear. The gateway's clock is an hour and a half behind the log: what was put off comes
again at once.
"""

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.kafka.access import Access
from services.kafka.topics import create
from services.server.composition import RunningServer, Settings, open_server
from tests.api.people import until
from tests.private.hall import BOUNDS, Hall
from tests.private.playing import Seen, play
from tests.private.stories import story
from tests.private.test_law import check, compare
from tests.workers.running import Worker

STORIES, MANY = 10, int(os.environ.get("HALLWAY_STORIES", "200"))
BEHIND_MS = 90 * 60_000
STORY_S = 300.0
LONG_S = 60.0
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CARD = re.compile(rb"m-[0-9a-f]{24}")
_HANDLE = re.compile(rb'"blocked":"[0-9a-f]+"')


def _clock() -> int:
    return time.time_ns() // 1_000_000 - BEHIND_MS


@asynccontextmanager
async def _gateway(address: str, prefix: str, folder: Path) -> AsyncIterator[RunningServer]:
    """A broker's topics, a Redis, one worker of each kind, and the gateway in this process."""
    await create(Access(address), prefix, partitions=3)
    async with EmbeddedValkey(folder / "redis") as store:
        options = {"router": (), "matcher": (), "delivery": ("--redis", store.url)}
        with ExitStack() as stack:
            workers = [Worker(kind, address, prefix, folder, *more) for kind, more in options.items()]
            for worker in workers:
                stack.enter_context(worker)
            for worker in workers:
                await asyncio.to_thread(until, worker.works, LONG_S)
            settings = Settings(
                folder / "data",
                redis_url=store.url,
                kafka=Access(address),
                kafka_prefix=prefix,
                bounds=BOUNDS,
                clock=_clock,
            )
            async with open_server(settings, "http://hall") as server:
                yield server


def _equal_ids(seen: Seen, conference: str) -> None:
    """Puts words for moments, the conference and its cards."""
    cards: dict[bytes, bytes] = {}

    def word(found: "re.Match[bytes]") -> bytes:
        return cards.setdefault(found[0], b"card-%d" % len(cards))

    def plain(told: Any) -> Any:
        raw = told if isinstance(told, bytes) else repr(told).encode()
        return _HANDLE.sub(b"HANDLE", _CARD.sub(word, _MOMENT.sub(b"AT", raw.replace(conference.encode(), b"CONF"))))

    seen.told = [(what, plain(told)) for what, told in seen.told]


async def _hold(server: RunningServer, seeds: range) -> Counter[str]:
    found: Counter[str] = Counter()
    for seed in seeds:
        made, played = story(seed), list[Seen]()
        for way in (1, 2):
            hall = Hall(server.parts, server.app, None, f"story{seed}x{way}")
            async with asyncio.timeout(STORY_S):
                await hall.open(presence_hours=12)
                played.append(await play(hall, made, made.filled(way)))
            _equal_ids(played[-1], hall.conference)
        compare(played[0], played[1], seed)
        found += played[0].counts
        found["replaced"] += len(set(played[0].acts) ^ set(played[1].acts))
        found.update(act.rpartition("~")[2] for each in played for act in each.acts)
    return found


def _held(address: str, prefix: str, folder: Path, seeds: range) -> Counter[str]:
    async def all_of_them() -> Counter[str]:
        async with _gateway(address, prefix, folder) as server:
            return await _hold(server, seeds)

    return asyncio.run(all_of_them())


def test_nothing_private_shows_on_kafka(kafka_address: str, prefix: str, tmp_path: Path) -> None:
    check(_held(kafka_address, prefix, tmp_path, range(2_000, 2_000 + STORIES)), STORIES)


@pytest.mark.torture
@pytest.mark.timeout(3_600)
def test_nothing_private_shows_on_kafka_in_many_stories(kafka_address: str, prefix: str, tmp_path: Path) -> None:
    """``HALLWAY_STORIES`` says how many."""
    check(_held(kafka_address, prefix, tmp_path, range(3_000, 3_000 + MANY)), MANY)
