"""The two stores behind one door, and one Valkey for all tests of a process."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import redis

from services.inbox.memory import MemoryInboxes
from services.inbox.port import INBOX_ENTRIES, InboxQuota
from services.inbox.redis.connection import Limits
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes

QUICK = Limits(connect_s=0.3, operation_s=0.3, hint_s=0.3)


class Stores:
    """Opens inboxes of one kind; ``server`` is None in memory."""

    def __init__(self, server: EmbeddedValkey | None) -> None:
        self.server = server

    def open(
        self,
        keep: int = INBOX_ENTRIES,
        epoch: str = "log-1",
        limits: Limits | None = None,
        share: InboxQuota | None = None,
    ) -> AbstractAsyncContextManager[MemoryInboxes | RedisInboxes]:
        """A new process's view of the store."""
        share = share or InboxQuota(max_per_inbox=keep)
        if self.server is None:
            return MemoryInboxes(quota=share)
        return RedisInboxes(self.server.url, epoch, quota=share, limits=limits or Limits())

    def admin(self) -> "redis.Redis":
        """A plain client, to look at everything and to do harm."""
        assert self.server is not None
        return redis.Redis.from_url(self.server.url, decode_responses=True)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A server that only tests which leave it well use."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def over_redis(valkey: EmbeddedValkey) -> Stores:
    """Redis, empty."""
    stores = Stores(valkey)
    with stores.admin() as admin:
        admin.flushall()
    return stores


@pytest.fixture(params=["memory", "redis"])
def stores(request: pytest.FixtureRequest) -> Stores:
    """Both kinds, empty."""
    if request.param == "memory":
        return Stores(None)
    found: Stores = request.getfixturevalue("over_redis")
    return found


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Stores]:
    """A server of the test's own, to be stopped and killed."""
    server = EmbeddedValkey(tmp_path / "data")
    asyncio.run(server.start())
    yield Stores(server)
    asyncio.run(server.stop())
