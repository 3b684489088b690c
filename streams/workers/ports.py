"""The workers' ports: Kafka, the snapshot store and the inbox store, as the workers use them.

``services/worker`` and ``services/kafka`` implement them; nothing here names a broker, a store or a library.

Every call has its own time limit and raises UnavailableError when it runs out. The worker then stops without
committing, or retries; each handler's module says which.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.topics import TYPE_HEADER
from streams.workers.frames import Raw


@dataclass(frozen=True, slots=True)
class Message:
    """A message to write. ``partition`` None: chosen by the key, as every writer of the topic does."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


def typed_message(
    key: str, value: bytes, kind: str, *headers: tuple[str, bytes], partition: int | None = None
) -> Message:
    """A message that carries the event type (``kind``) in the header ``type``."""
    return Message(key.encode(), value, ((TYPE_HEADER, kind.encode()), *headers), partition)


class Producer(Protocol):
    """An idempotent producer: writes in order, to all in-sync replicas."""

    async def produce(self, topic: str, messages: Sequence[Message]) -> int:
        """Returns when all are written: the offset after the last one. UnavailableError: some may have been written."""


class Reader(Protocol):
    """Reads topics outside of any consumer group."""

    def read(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[Sequence[Raw]]:
        """The records in [begin, end), in batches."""

    async def ends(self, topic: str) -> Mapping[int, int]:
        """The offset after the last record of each partition."""

    async def fetch(self, topic: str, positions: Mapping[int, int]) -> Sequence[tuple[int, int, Sequence[Raw]]]:
        """The records at these positions, as (partition, next position, records). Does not wait for new ones."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot of ``name``. It covers the records before ``offset``, of one log partition or summed over all."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Up to which offset of a log partition all state is in snapshots (``log``).

    ``matches``, ``dead_letters``: where the outputs and the dead letters of later records begin, in their topics.
    ``erased``: the conferences of the partition that were erased, sorted.
    """

    log: int = 0
    matches: int = 0
    dead_letters: int = 0
    erased: tuple[str, ...] = ()


class SnapshotStore(Protocol):
    """Snapshots that every worker can read. Each writer uses its own keys, so a late write overwrites nothing newer."""

    async def load(self, partition: int) -> tuple[Checkpoint | None, Sequence[StoredSnapshot]]:
        """The checkpoint of a partition, and each conference's snapshot with the highest offset."""

    async def load_named(self, name: str) -> StoredSnapshot | None:
        """What a worker saved in partition 0 under a name that no conference can have (it begins with ``~``)."""

    async def save(self, partition: int, snapshot: StoredSnapshot) -> None:
        """Returns when it is durable."""

    async def save_checkpoint(self, partition: int, checkpoint: Checkpoint) -> None:
        """Returns when it is durable."""

    async def delete(self, partition: int, name: str) -> None:
        """Deletes all snapshots of a conference, by every writer."""


class Rows(Protocol):
    """Small named values of a partition; only the newest value of each name is retained."""

    async def save(self, partition: int, rows: Sequence[tuple[str, bytes]]) -> None:
        """Returns when they are durable. UnavailableError."""

    async def load(self, partition: int, limit: int) -> Sequence[bytes]:
        """The newest ``limit`` values, oldest first; older ones are deleted. UnavailableError."""
