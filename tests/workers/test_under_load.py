"""The workers on a real broker under load, with every kind of failure, and the state afterwards."""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import redis

from schemas.topics import ACTIVITY, CONFERENCE_LOG, MATCHES
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes
from services.kafka import topics as declared
from services.kafka.access import Access
from services.kafka.cluster import cluster_id
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.tools.local_kafka import LocalKafka
from streams.runtime.inboxes import InboxUnavailableError
from tests.workers.load import Load, clean_fold, ended, letters, routed, same_inboxes, told_once
from tests.workers.running import Topics, Worker, until

PARTITIONS = 4
KILLS = 10
POSTS_A_KILL = 150  # so that the load lasts as long as the troubles
STORM = 3
SEED = 20260309
PREFIX = "load-"

pytestmark = pytest.mark.slow


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker of its own: it is restarted."""
    with LocalKafka(tmp_path / "kafka", brief=True) as broker:
        yield broker


async def trouble(workers: list[Worker], spare: Worker, broker: LocalKafka, redis_url: str, kills: int) -> None:
    """Kills, a rebalance storm, a broker that is killed, a Redis that is emptied, in a random order."""
    rng = random.Random(SEED)
    moments = ["kill"] * kills + ["storm"] * STORM + ["broker", "empty"] * (1 + kills // 50)
    rng.shuffle(moments)
    for moment in moments:
        await asyncio.sleep(rng.uniform(0.1, 0.8))
        if moment == "kill":
            victim = rng.choice(workers)
            await until(victim.works, workers=workers)
            await asyncio.sleep(rng.uniform(0, 0.5))
            victim.kill()
        elif moment == "storm":
            if spare.alive():
                spare.kill()
            else:
                spare.start()
        elif moment == "broker":
            broker.kill()
            broker.start()
        else:
            with redis.Redis.from_url(redis_url) as client:
                client.flushall()


async def played(broker: LocalKafka, folder: Path, kills: int) -> None:
    """A load with all troubles; afterwards everything is as a clean replay has it."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedValkey(Path(tempfile.mkdtemp(prefix="hw-"))))
        await declared.create(Access(broker.address), PREFIX, partitions=PARTITIONS)
        producer = await stack.enter_async_context(TopicWriter(Access(broker.address)))
        reader = await stack.enter_async_context(TopicReader(Access(broker.address)))
        topics = Topics(producer, reader, PREFIX)
        load = Load(topics, random.Random(SEED))
        await load.opened()
        options = {"router": (), "matcher": ("--no-ticks",), "delivery": ("--redis", server.url)}
        made = [Worker(kind, broker.address, PREFIX, folder, *more) for kind, more in options.items()]
        workers = [stack.enter_context(worker) for worker in made]
        spare = Worker("matcher", broker.address, PREFIX, folder, "--no-ticks", name="matcher-2")
        stack.callback(spare.__exit__, None, None, None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run(POSTS_A_KILL * kills))
            tasks.create_task(trouble(workers, spare, broker, server.url, kills))
        await ended(topics, ACTIVITY, workers)
        await ended(topics, CONFERENCE_LOG, workers)
        should, is_there = await routed(topics)
        assert should == is_there
        told = await clean_fold(topics)
        assert sum(map(len, told.values())) > 20, "the load tells too little"
        assert await told_once(topics) == told
        found = await letters(topics)
        assert found[ACTIVITY] == load.poison[ACTIVITY] + PARTITIONS
        assert found[CONFERENCE_LOG] == load.poison[CONFERENCE_LOG] + PARTITIONS
        store = await stack.enter_async_context(RedisInboxes(server.url, await cluster_id(Access(broker.address))))

        async def delivered() -> bool:
            try:
                return await same_inboxes(topics, store, told)
            except InboxUnavailableError:
                return False

        await until(delivered, workers=workers, every_s=0.3)
        for worker in workers:
            await until(worker.works, workers=workers)
            code, took_s = worker.end()
            assert (code, took_s < 10) == (0, True)
        assert found[MATCHES] == 0


def test_whatever_happens_the_inboxes_are_as_after_a_clean_replay(kafka: LocalKafka, tmp_path: Path) -> None:
    asyncio.run(played(kafka, tmp_path, KILLS))


@pytest.mark.torture
@pytest.mark.timeout(1_800)
def test_a_hundred_kills_change_nothing(kafka: LocalKafka, tmp_path: Path) -> None:
    asyncio.run(played(kafka, tmp_path, 100))
