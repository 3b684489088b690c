"""The run's broker with topics of a test's own, a Redis, and a gateway over both."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.kafka.access import Access
from services.kafka.gateway.topics import Topics, topic_names
from services.kafka.topics import create
from services.tools.local_kafka import LocalKafka
from tests.api.people import Server, until


@dataclass
class Place:
    """Where a gateway is tested."""

    servers: str
    prefix: str
    redis_url: str
    folder: Path

    @property
    def topics(self) -> Topics:
        return topic_names(self.prefix)

    def server(self, **given: Any) -> Server:
        return Server(self.folder, **{"kafka": self.servers, "prefix": self.prefix, "redis": self.redis_url} | given)

    @contextmanager
    def ready(self, **given: Any) -> Iterator[Server]:
        """A server that has read the log."""
        with self.server(**given) as server:
            until(lambda: server.client().get("/healthz/ready").status_code == 200)
            yield server


def made(servers: str, prefix: str, redis_url: str, folder: Path) -> Place:
    """New topics, three partitions each, and an empty store."""
    place = Place(servers, prefix, redis_url, folder)
    asyncio.run(create(Access(servers), prefix, partitions=3))
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return place


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = EmbeddedValkey(tmp_path_factory.mktemp("redis"))
    asyncio.run(store.start())
    yield store.url
    asyncio.run(store.stop())


@pytest.fixture
def place(kafka_address: str, prefix: str, redis_url: str, tmp_path: Path) -> Place:
    """Topics of the test's own on the run's broker."""
    return made(kafka_address, prefix, redis_url, tmp_path)


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker to be killed; whoever uses it may find it ended."""
    with LocalKafka(tmp_path_factory.mktemp("kafka"), brief=True) as kafka:
        yield kafka


@pytest.fixture
def own_place(own_kafka: LocalKafka, redis_url: str, prefix: str, tmp_path: Path) -> Place:
    """On that broker, which may be away after an earlier test."""
    if not own_kafka.alive():
        own_kafka.start()
    return made(own_kafka.address, prefix, redis_url, tmp_path)
