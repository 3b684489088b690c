"""From a check-in that the broker has to the card in the inbox, through matcher and delivery, under a steady load.

Owns: the conference, the load, the clock. May never: look inside a worker.
45,000 people are registered; 2,000 posts a second go into the conference's log; every now and then somebody arrives
whom one who is there knows. Measured is from the broker's acknowledgement to the entry that a reader of the inbox gets.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from schemas.times import DAY_MS, format_time
from schemas.topics import CONFERENCE_LOG
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.cluster import cluster_id
from services.kafka.topic_writer import TopicWriter
from services.tools.local_kafka import LocalKafka
from streams.workers.ports import Message
from tests.bench.rows import Row, say
from tests.workers.running import Worker

PREFIX = "latency."
CONFERENCE = "big"
PEOPLE = 45_000
PAIRS = 200
IDLE_PAIRS = 10
LOAD_PER_S = 2_000
_BEAT_S = 0.05
_PAUSE_S = 0.1  # between two arrivals
_IDLE_S = 60.0
_WAIT_S = 120.0
_HOUR_MS = 3_600_000


def _now() -> int:
    return time.time_ns() // 1_000_000


def _line(kind: str, ident: str, at: int, **fields: Any) -> Message:
    event = {"type": kind, "id": ident, "at": format_time(at), "source": "organizer:bench", "conference": CONFERENCE}
    return Message(CONFERENCE.encode(), json.dumps({**event, **fields}).encode(), (("type", kind.encode()),))


def _beginning() -> Iterator[Message]:
    """The conference, its people, and the pairs' conversations."""
    now = _now() - _HOUR_MS
    yield _line(
        "conference.opened",
        "o",
        now,
        organizer="bench",
        name="",
        hashtags=["hitsm"],
        starts_at=format_time(now),
        ends_at=format_time(now + 24 * _HOUR_MS),
        time_zone="UTC",
        places=[],
        chats=[],
    )
    consent = {"matching": True, "chats": True, "share_place": True}
    for n in range(PEOPLE):
        who = {"attendee": f"p{n}", "accounts": [], "consent": consent}
        yield _line("attendee.registered", f"r{n}", now, **who)
        yield _line("account.verified", f"v{n}", now, attendee=f"p{n}", account=f"x:p{n}", method="post")
    for pair in range(PAIRS + IDLE_PAIRS + 1):
        a, b = f"x:p{2 * pair}", f"x:p{2 * pair + 1}"
        said = [(at, *way) for at in (now - DAY_MS, now) for way in ((a, b), (b, a))]
        for number, (at, actor, other) in enumerate(said):
            yield _post(f"x:{pair}-{number}", at, actor, other)
        yield _line("checkin.arrived", f"c{pair}", _now(), attendee=a[2:])


def _post(ident: str, at: int, actor: str, other: str) -> Message:
    return _line("activity.posted", ident, at, actor=actor, hashtags=["hitsm"], mentions=[other])


class Measuring:
    """A conference under load."""

    def __init__(self, producer: TopicWriter, inboxes: RedisInboxes) -> None:
        self._producer, self._inboxes = producer, inboxes
        self._pair = 0

    async def begin(self) -> None:
        """Everybody is registered, and the first card has come."""
        some: list[Message] = []
        for message in _beginning():
            some.append(message)
            if len(some) == 5_000:
                await self._write(some)
                some = []
        await self._write(some)
        await self.arrival()

    async def _write(self, messages: list[Message]) -> None:
        await self._producer.produce(PREFIX + CONFERENCE_LOG, messages)

    async def load(self) -> None:
        """Posts among people who do not answer each other, until cancelled."""
        for beat in range(1_000_000):
            began = time.monotonic()
            each = round(LOAD_PER_S * _BEAT_S)
            people = [(beat * each + n) * 7_919 % (PEOPLE // 2) + PEOPLE // 2 for n in range(each)]
            posts = [
                _post(f"x:l{beat}-{n}", _now(), f"x:p{who}", f"x:p{PEOPLE // 2 - n - 1}")
                for n, who in enumerate(people)
            ]
            await self._write(posts)
            await asyncio.sleep(max(0.0, _BEAT_S - (time.monotonic() - began)))

    async def arrival(self) -> float:
        """Milliseconds from the acknowledged check-in of the next pair's other one to the entry."""
        who, self._pair = f"p{2 * self._pair + 1}", self._pair + 1
        await self._write([_line("checkin.arrived", f"d{who}", _now(), attendee=who)])
        acknowledged = time.perf_counter()
        async with asyncio.timeout(_WAIT_S), aclosing(self._inboxes.follow(CONFERENCE, who)) as following:
            async for entries in following:  # an empty one is a beat
                if entries:
                    break
        return (time.perf_counter() - acknowledged) * 1_000


@asynccontextmanager
async def _measuring() -> AsyncIterator[Measuring]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        kafka = await stack.enter_async_context(LocalKafka(folder / "kafka"))
        await topics.create(Access(kafka.address), PREFIX)
        valkey = await stack.enter_async_context(EmbeddedValkey(folder / "valkey"))
        stack.enter_context(Worker("matcher", kafka.address, PREFIX, folder))
        stack.enter_context(Worker("delivery", kafka.address, PREFIX, folder, "--redis", valkey.url))
        producer = await stack.enter_async_context(TopicWriter(Access(kafka.address)))
        inboxes = await stack.enter_async_context(RedisInboxes(valkey.url, await cluster_id(Access(kafka.address))))
        yield Measuring(producer, inboxes)


async def _run() -> tuple[list[float], list[float]]:
    async with _measuring() as measuring:
        say(f"registering {PEOPLE:,} people ...")
        await measuring.begin()
        say(f"{PAIRS} arrivals under {LOAD_PER_S:,} posts a second ...")
        load = asyncio.create_task(measuring.load())
        busy = []
        for _ in range(PAIRS):
            busy.append(await measuring.arrival())
            await asyncio.sleep(_PAUSE_S)
        assert not load.done(), "the load ended early"
        load.cancel()
        say(f"{IDLE_PAIRS} arrivals after a quiet minute ...")
        await asyncio.sleep(_IDLE_S)
        return busy, [await measuring.arrival() for _ in range(IDLE_PAIRS)]


def run() -> list[Row]:
    """The rows of the table."""
    busy, idle = asyncio.run(_run())
    of_busy = quantiles(busy, n=100)
    return [
        Row("check-in in the log -> in the inbox, p50", of_busy[49], "ms", "25", most=500),
        Row("check-in in the log -> in the inbox, p99", of_busy[98], "ms", "60", most=2_000),
        Row(
            "after a quiet minute, the first",
            idle[0],
            "ms",
            "60",
            most=2_000,
            beside=f"worst of {IDLE_PAIRS}: {max(idle):.0f}",
        ),
    ]
