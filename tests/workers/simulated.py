"""An in-memory Kafka behind the workers' ports, which can kill the worker between any two steps.

Responsibility: topics, commits, snapshots, rows, and where a kill happens. A write of several messages may be cut by a
kill after any of them, since the broker accepts them in batches.
"""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from streams.workers.frames import Raw, end_of
from streams.workers.ports import Checkpoint, Message, StoredSnapshot

PARTITIONS = 2


class KilledError(BaseException):
    """The process is gone."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic."""

    offset: int
    key: bytes | None
    value: Any
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def partition_of(key: str | bytes | None) -> int:
    """The partition of a key."""
    text = key.encode() if isinstance(key, str) else key or b""
    return sum(text) % PARTITIONS


@dataclass
class Broker:
    """What outlives the workers."""

    topics: dict[str, list[list[Raw]]] = field(default_factory=dict)
    committed: dict[tuple[str, int], int] = field(default_factory=dict)
    snapshots: dict[tuple[int, str, int], StoredSnapshot] = field(default_factory=dict)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    rows: dict[int, dict[str, bytes]] = field(default_factory=dict)
    now: int = 0

    def __post_init__(self) -> None:
        for topic in (ACTIVITY, CONFERENCE_LOG, MATCHES, DEAD_LETTERS):
            self.topics[topic] = [[] for _ in range(PARTITIONS)]

    def append(self, topic: str, message: Message, timestamp: int | None = None) -> int:
        """Writes a message; the offset behind it."""
        number = partition_of(message.key) if message.partition is None else message.partition
        log = self.topics[topic][number]
        offset = end_of(log[-1]) if log else 0
        log.append(Record(offset, message.key, message.value, timestamp or self.now, message.headers))
        return offset + 1


class Ports:
    """The ports of one process. ``kill`` is asked at each step whether the process dies there."""

    def __init__(self, broker: Broker, owner: int, rng: random.Random, deadly: float) -> None:
        self.broker, self.owner, self.rng, self.deadly = broker, owner, rng, deadly
        self.dead = False

    def step(self) -> None:
        """Dies here, or goes on."""
        if self.rng.random() < self.deadly:
            self.dead = True
            raise KilledError

    # Producer

    async def produce(self, topic: str, messages: Sequence[Message]) -> int:
        end = 0
        for message in messages:
            self.step()
            end = self.broker.append(topic, message)
        self.step()
        return end

    # Reader

    async def read(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[Sequence[Raw]]:
        self.step()
        yield [raw for raw in self.broker.topics[topic][partition] if begin <= raw.offset < end]

    async def ends(self, topic: str) -> Mapping[int, int]:
        return {number: end_of(log[-1]) if log else 0 for number, log in enumerate(self.broker.topics[topic])}

    async def fetch(self, topic: str, positions: Mapping[int, int]) -> list[tuple[int, int, Sequence[Raw]]]:
        found = []
        for number, position in positions.items():
            raws = [raw for raw in self.broker.topics[topic][number] if raw.offset >= position][:50]
            found.append((number, end_of(raws[-1]) if raws else position, raws))
        return found

    # Snapshots

    async def load(self, partition: int) -> tuple[Checkpoint | None, list[StoredSnapshot]]:
        best: dict[str, StoredSnapshot] = {}
        for (number, name, _), kept in self.broker.snapshots.items():
            if number != partition or name.startswith("~"):
                continue
            if name not in best or kept.offset > best[name].offset:
                best[name] = kept
        return self.broker.checkpoints.get(partition), list(best.values())

    async def load_named(self, name: str) -> StoredSnapshot | None:
        there = [kept for (_, known, _), kept in self.broker.snapshots.items() if known == name]
        return max(there, key=lambda kept: kept.offset, default=None)

    async def save(self, partition: int, snapshot: StoredSnapshot) -> None:
        self.step()
        self.broker.snapshots[partition, snapshot.name, self.owner] = snapshot
        self.step()

    async def save_checkpoint(self, partition: int, checkpoint: Checkpoint) -> None:
        self.step()
        self.broker.checkpoints[partition] = checkpoint
        self.step()

    async def delete(self, partition: int, name: str) -> None:
        for key in [key for key in self.broker.snapshots if key[:2] == (partition, name)]:
            self.step()
            del self.broker.snapshots[key]
        self.step()


class RowPorts:
    """The port Rows."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def save(self, partition: int, rows: Sequence[tuple[str, bytes]]) -> None:
        for name, value in rows:
            self._ports.step()
            self._ports.broker.rows.setdefault(partition, {})[name] = value

    async def load(self, partition: int, limit: int) -> list[bytes]:
        return list(self._ports.broker.rows.get(partition, {}).values())[-limit:]
