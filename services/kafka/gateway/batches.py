"""Groups the messages of many callers into batches by partition.

Invariants: one caller's messages to one partition stay in order, and in one batch as long as it fits.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from schemas.topics import TYPE_HEADER

_AROUND_BYTES = 80  # overhead per record besides key and value, at most


class Message(Struct, frozen=True, gc=False):
    """A message to append. ``kind``: the header ``type``; without a value it is not an event."""

    topic: str
    key: str
    kind: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Its size in bytes, at most."""
        headers = sum(len(name) + len(value) + _AROUND_BYTES for name, value in self.headers)
        return len(self.key) * 4 + len(self.value or b"") + len(self.kind) + headers + _AROUND_BYTES


class TopicPosition(NamedTuple):
    """The partition and offset of a message."""

    partition: int
    offset: int


@dataclass(slots=True)
class Batch:
    """``numbers``: each message's caller, and its index among that caller's messages."""

    topic: str
    partition: int
    builder: Any  # aiokafka's BatchBuilder, which it does not export
    numbers: list[tuple[int, int]] = field(default_factory=list)

    def callers(self) -> set[int]:
        """The callers with messages in this batch."""
        return {caller for caller, _ in self.numbers}

    def assign_positions(self, offset: int, spots: list[list[TopicPosition]]) -> None:
        """Assigns positions from ``offset`` on. Below 0: written, but the broker does not know where."""
        for index, (caller, number) in enumerate(self.numbers):
            spots[caller][number] = TopicPosition(self.partition, offset + index if offset >= 0 else -1)


def build_batches(
    asked: Sequence[Sequence[Message]],
    partition_of: Callable[[str, bytes], int],
    producer: AIOKafkaProducer,
    most_bytes: int,
) -> list[Batch]:
    """Builds the batches; those of one partition are in order."""
    open_ones: dict[tuple[str, int], Batch] = {}
    done: list[Batch] = []
    for caller, messages in enumerate(asked):
        for (topic, partition), own in _by_partition(messages, partition_of):
            batch = open_ones.get((topic, partition))
            size = sum(message.size for _, message in own)
            if batch is None or batch.builder.size() + size > most_bytes:
                batch = open_ones[topic, partition] = Batch(topic, partition, producer.create_batch())
                done.append(batch)
            for number, message in own:
                if not _put(batch, caller, number, message):
                    batch = open_ones[topic, partition] = Batch(topic, partition, producer.create_batch())
                    done.append(batch)
                    if not _put(batch, caller, number, message):
                        raise ValueError("A message is larger than a batch.")
    return done


def _put(batch: Batch, caller: int, number: int, message: Message) -> bool:
    """Adds a message; False if the batch is full."""
    headers = [(TYPE_HEADER, message.kind.encode()), *message.headers]
    added = batch.builder.append(timestamp=None, key=message.key.encode(), value=message.value, headers=headers)
    if added is None:
        return False
    batch.numbers.append((caller, number))
    return True


def _by_partition(
    messages: Sequence[Message], partition_of: Callable[[str, bytes], int]
) -> Iterator[tuple[tuple[str, int], list[tuple[int, Message]]]]:
    found: dict[tuple[str, int], list[tuple[int, Message]]] = {}
    for number, message in enumerate(messages):
        place = (message.topic, partition_of(message.topic, message.key.encode()))
        found.setdefault(place, []).append((number, message))
    return iter(found.items())
