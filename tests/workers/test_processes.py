"""Workers as processes on a real broker: unreadable batches, ticks, shutdown within 10 seconds, no open port."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from schemas.codec import encode_output
from schemas.outputs import MatchSuggested, MatchWithdrawn
from schemas.times import DAY_MS, HOUR_MS, format_time
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes
from services.inbox.redis.refusals import ANSWERS
from services.kafka import topics as declared
from services.kafka.access import Access
from services.kafka.cluster import cluster_id
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.tools.local_kafka import LocalKafka, ports
from streams.runtime.inboxes import InboxUnavailableError
from streams.workers.dead_letters import decode_dead_letter
from streams.workers.ports import Message
from streams.workers.recorded_outputs import decode_output
from tests.inbox.made import CONFERENCE, suggested
from tests.server.refusing import Refusing
from tests.workers.running import Topics, Worker, until
from tests.workers.spoilt import spoil

pytestmark = pytest.mark.slow
NAME = "meetup"


@asynccontextmanager
async def opened(address: str, prefix: str, partitions: int = 1) -> AsyncIterator[Topics]:
    """The topics of a test."""
    await declared.create(Access(address), prefix, partitions=partitions)
    async with TopicWriter(Access(address)) as producer, TopicReader(Access(address)) as reader:
        yield Topics(producer, reader, prefix)


def event(kind: str, at: int, **fields: Any) -> Message:
    said = {
        "type": kind,
        "id": f"{kind}-{fields}",
        "at": format_time(at),
        "recorded_at": format_time(at),
        "conference": NAME,
    }
    return Message(NAME.encode(), json.dumps({**said, **fields}).encode())


def friends(begin: int, arrived: int) -> list[Message]:
    """Two people who know each other, as they wrote to each other on two days, and arrive."""
    day_before = begin - DAY_MS
    opening = {"name": "", "hashtags": [], "places": [], "chats": [], "time_zone": "UTC"}
    opening |= {"starts_at": format_time(begin), "ends_at": format_time(arrived + 48 * HOUR_MS)}
    consent = {"matching": True, "chats": True, "share_place": True}
    found = [event("conference.opened", day_before, **opening)]
    for who in ("ada", "bob"):
        found.append(event("attendee.registered", day_before, attendee=who, accounts=[], consent=consent))
        found.append(event("account.verified", day_before, attendee=who, account=f"x:{who}", method="post"))
    pairs = [(at, *pair) for at in (day_before, begin) for pair in (("ada", "bob"), ("bob", "ada"))]
    for number, (at, one, other) in enumerate(pairs):
        post = {"actor": f"x:{one}", "hashtags": [], "mentions": [f"x:{other}"], "id": f"x:{number}"}
        found.append(event("activity.posted", at, **post))
    return [*found, *(event("checkin.arrived", arrived, attendee=who) for who in ("ada", "bob"))]


async def letters(topics: Topics) -> list[tuple[int, str]]:
    """Where dead letters stood, and why."""
    found = [decode_dead_letter(raw) for log in await topics.all(DEAD_LETTERS) for raw in log]
    return [(letter.position, letter.reason) for letter in found if letter is not None]


async def told(topics: Topics) -> list[object]:
    return [decode_output(raw) for log in await topics.all(MATCHES) for raw in log]


def test_batches_that_nobody_can_read_are_dead_letters_and_the_rest_goes_on(
    own_kafka: LocalKafka, tmp_path: Path
) -> None:
    lines = friends(1_773_000_000_000, 1_773_050_000_000)
    noise = [event("clock.ticked", 1_773_000_000_000, n=number) for number in range(5)]

    async def before() -> list[int]:
        async with opened(own_kafka.address, "") as topics:
            parts = [lines[:4], noise, lines[4:7], noise, lines[7:]]
            return [await topics.producer.produce(CONFERENCE_LOG, part) for part in parts]

    async def after() -> list[tuple[int, str]]:
        async with opened(own_kafka.address, "") as topics:
            with Worker("matcher", own_kafka.address, "", tmp_path, "--no-ticks"):

                async def is_done() -> bool:
                    return len(await told(topics)) == 1 and len(await letters(topics)) == 2

                await until(is_done)
                return await letters(topics)

    ends = asyncio.run(before())
    own_kafka.stop()
    spoil(tmp_path / "kafka", CONFERENCE_LOG, 0, ends[0], codec=True)
    spoil(tmp_path / "kafka", CONFERENCE_LOG, 0, ends[2], codec=False)
    own_kafka.start()
    found = asyncio.run(after())
    for (position, reason), first, end in zip(found, ends[0::2], ends[1::2], strict=False):
        assert position == first
        assert f"offsets {first} to {end - 1} cannot be read" in reason


def test_the_owner_of_a_conference_ticks_when_something_is_due(kafka_address: str, prefix: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(kafka_address, prefix) as topics:
            arrived = time.time_ns() // 1_000_000 - 12 * HOUR_MS + 8_000
            messages = friends(arrived - HOUR_MS, arrived)
            await topics.producer.produce(prefix + CONFERENCE_LOG, messages)
            port = str(ports.free())
            with Worker("matcher", kafka_address, prefix, tmp_path, "--metrics-port", port):

                async def has_lapsed() -> bool:
                    return any(isinstance(output, MatchWithdrawn) for output in await told(topics))

                await until(has_lapsed)
                numbers = (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")).text
                assert 'hallway_worker_position{kind="matcher",partition="0"} 1' in numbers
            (log,) = await topics.all(CONFERENCE_LOG)
            ticks = [raw for raw in log if b'"clock.ticked"' in raw.value]
            assert len(ticks) == len(log) - len(messages) >= 1
            suggested, withdrawn = await told(topics)
            assert isinstance(suggested, MatchSuggested)
            assert isinstance(withdrawn, MatchWithdrawn)
            assert (withdrawn.cause, withdrawn.at) == ("expired", format_time(arrived + 12 * HOUR_MS))

    asyncio.run(story())


def test_a_worker_ends_within_ten_seconds_also_when_the_broker_is_away(own_kafka: LocalKafka, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(own_kafka.address, ""), EmbeddedValkey(tmp_path / "valkey") as store:
            kinds = ("router", "matcher", "delivery")
            redis = ("--redis", store.url)
            workers = [
                Worker(kind, own_kafka.address, "", tmp_path, *(redis if kind == "delivery" else ())) for kind in kinds
            ]
            try:
                for worker in workers:
                    worker.start()
                for worker in workers:
                    await until(worker.works)
                    assert listening(worker) == set(), "a port is open"
                own_kafka.kill()
                await asyncio.sleep(1.0)  # not for anything to happen: for the workers to be in the middle of it
                for worker in workers:
                    _, took_s = worker.end()
                    assert took_s < 10
            finally:
                for worker in workers:
                    worker.__exit__(None, None, None)

    asyncio.run(story())


def listening(worker: Worker) -> set[str]:
    """The addresses at which a process listens."""
    assert worker.process is not None
    own = {str(link.readlink()) for link in Path(f"/proc/{worker.process.pid}/fd").iterdir()}
    rows = [line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}


def test_a_worker_without_a_broker_waits_and_can_be_stopped(tmp_path: Path) -> None:
    async def story() -> None:
        with Worker("matcher", "127.0.0.1:9", "", tmp_path) as worker:
            await until(lambda: "waiting for Kafka" in worker.log())
            assert worker.end()[0] == 0

    asyncio.run(story())


def test_a_delivery_waits_for_a_store_that_refuses_and_goes_on(kafka_address: str, prefix: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(kafka_address, prefix):
            with Refusing() as store:
                worker = Worker("delivery", kafka_address, prefix, tmp_path, "--redis", store.url)
                try:
                    with store.trouble("NOPERM"):
                        worker.start()
                        await until(lambda: ANSWERS["NOPERM"] in worker.log())
                        assert worker.alive()
                        assert not worker.works()
                    await until(worker.works)
                    assert worker.end()[0] == 0
                finally:
                    worker.__exit__(None, None, None)
            assert "Traceback" not in worker.log()

    asyncio.run(story())


def test_a_delivery_at_work_waits_for_a_store_that_refuses(kafka_address: str, prefix: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(kafka_address, prefix) as topics, AsyncExitStack() as stack:
            store = stack.enter_context(Refusing())
            worker = stack.enter_context(
                Worker("delivery", kafka_address, prefix, tmp_path, "--redis", store.url, "--silent", "2")
            )
            await until(worker.works)
            inboxes = await stack.enter_async_context(RedisInboxes(store.url, await cluster_id(Access(kafka_address))))
            with store.trouble("MISCONF"):
                card = Message(CONFERENCE.encode(), encode_output(suggested("1-0", ("ada", "bob"))))
                await topics.producer.produce(prefix + MATCHES, [card])
                await until(lambda: ANSWERS["MISCONF"] in worker.log())
                began = time.monotonic()
                await until(lambda: time.monotonic() - began > 6.0)  # three times what silence may last
                assert worker.alive()

            async def came() -> bool:
                with suppress(InboxUnavailableError):
                    return len((await inboxes.current(CONFERENCE, "ada")).cards) == 1
                return False

            await until(came)
            assert worker.end()[0] == 0
        assert "Traceback" not in worker.log()
        assert worker.log().count(ANSWERS["MISCONF"]) <= 4

    asyncio.run(story())


def test_workers_skip_aborted_transactions_and_continue_after_them(
    kafka_address: str, prefix: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with opened(kafka_address, prefix) as topics:
            with Worker("matcher", kafka_address, prefix, tmp_path, "--silent", "2") as worker:
                told_by_them = friends(now := int(time.time() * 1_000), now)
                writer = AIOKafkaProducer(bootstrap_servers=kafka_address, transactional_id=f"{prefix}writer")
                await writer.start()

                async def write(messages: Sequence[Message], *, keep: bool) -> None:
                    await writer.begin_transaction()
                    for message in messages:
                        await writer.send(prefix + CONFERENCE_LOG, message.value, key=message.key)
                    await writer.flush()
                    await (writer.commit_transaction() if keep else writer.abort_transaction())

                await write(told_by_them[:-1], keep=True)
                await write(told_by_them[-1:], keep=False)  # bob did not arrive after all
                await until(worker.works)
                began = time.monotonic()
                await until(lambda: time.monotonic() - began > 6.0)  # three times what silence may last
                assert worker.alive()
                assert await told(topics) == []
                await write(told_by_them[-1:], keep=True)

                async def is_told() -> bool:
                    return [type(output) for output in await told(topics)] == [MatchSuggested]

                await until(is_told)
                await writer.stop()
                assert worker.end()[0] == 0

    asyncio.run(story())


def test_a_cluster_without_the_topics_is_an_error_that_says_what_to_do(
    kafka_address: str, prefix: str, tmp_path: Path
) -> None:
    async def story() -> None:
        with Worker("matcher", kafka_address, prefix, tmp_path) as worker:
            await until(lambda: not worker.alive())
            assert worker.process is not None
            assert worker.process.returncode == 2
            assert "hallway topics create" in worker.log()

    asyncio.run(story())
