"""The two ports of snapshots as one: saved under a name, found by it, forgotten.

A journal keeps a name's newest two; workers share what they keep, each under its own name. What both promise is less.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Protocol

from schemas.topics import SNAPSHOT_CHUNKS, SNAPSHOTS
from services.journal import Journal
from services.kafka.access import Access
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.worker.snapshots import TopicSnapshots
from streams.workers.ports import SnapshotStore as WorkerSnapshots
from streams.workers.ports import StoredSnapshot
from tests.workers.simulated import PARTITIONS, Broker, Ports

Opening = Callable[[str], WorkerSnapshots]
Found = tuple[int, bytes] | None


class SnapshotStore(Protocol):
    """A port of snapshots, for tests of what all of them promise."""

    def save(self, name: str, offset: int, data: bytes) -> None: ...

    def latest(self, name: str) -> Found: ...

    def forget(self, name: str) -> None: ...


class OfJournal:
    """The snapshots of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def save(self, name: str, offset: int, data: bytes) -> None:
        self._journal.save_snapshot(name, offset, data)

    def latest(self, name: str) -> Found:
        return self._journal.latest_snapshot(name)

    def forget(self, name: str) -> None:
        self._journal.drop_snapshots(name)


class Workers:
    """Workers that share their snapshots: ``open`` gives the port of one, by its name, as a new process has it."""

    def __init__(self, opening: Opening, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.open, self.run = opening, run


class OfWorkers:
    """The snapshots of workers, each step by a process of its own."""

    def __init__(self, workers: Workers, partition: int = 1) -> None:
        self._workers, self._partition = workers, partition

    def _port(self) -> WorkerSnapshots:
        return self._workers.open("one")

    def save(self, name: str, offset: int, data: bytes) -> None:
        port = self._port()
        self._workers.run(port.load(self._partition))  # as every worker that gets a partition
        self._workers.run(port.save(self._partition, StoredSnapshot(name, offset, data)))

    def latest(self, name: str) -> Found:
        _, kept = self._workers.run(self._port().load(self._partition))
        return next(((each.offset, each.data) for each in kept if each.name == name), None)

    def forget(self, name: str) -> None:
        self._workers.run(self._port().delete(self._partition, name))


def simulated_broker() -> Broker:
    """With the topics of snapshots too."""
    broker = Broker()
    for topic in (SNAPSHOTS, SNAPSHOT_CHUNKS):
        broker.topics[topic] = [[] for _ in range(PARTITIONS)]
    return broker


def in_memory() -> Workers:
    """What simulations of workers have."""
    broker, owners = Broker(), ["one", "two"]
    return Workers(lambda owner: Ports(broker, owners.index(owner), random.Random(0), 0.0), asyncio.run)


def in_simulated_topics() -> Workers:
    """Topics of a broker in memory."""
    ports = Ports(simulated_broker(), 0, random.Random(0), 0.0)
    return Workers(lambda owner: TopicSnapshots(ports, ports, owner), asyncio.run)


class InTopics:
    """Topics of a real broker, as a context."""

    def __init__(self, address: str, prefix: str) -> None:
        self._access, self._prefix = Access(address), prefix
        self._runner, self._stack = asyncio.Runner(), AsyncExitStack()

    def __enter__(self) -> Workers:
        writer = self._runner.run(self._stack.enter_async_context(TopicWriter(self._access)))
        reader = self._runner.run(self._stack.enter_async_context(TopicReader(self._access)))
        return Workers(lambda owner: TopicSnapshots(writer, reader, owner, self._prefix), self._runner.run)

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()
