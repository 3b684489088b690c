"""Frames: one message for all the records that a fetch brought of a partition.

Owns: how a fetch is cut into frames. May never: look into a record.
Theory: Faust spends about 100 us on a message, whatever is in it. A frame says at which offset it begins; whoever
handles frames knows where the last one ended, and sees by that alone whether one was lost on the way (Faust lets go of
what is queued at every rebalance). What is missing is read again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

FRAME_RECORDS = 5_000  # about 0.1 s of folding; commits and rebalances come between two frames
FRAME_BYTES = 4 << 20  # of keys and values; one record alone may have more
QUEUED_FRAMES = 4  # Faust bounds its queues in messages: 16 MB a worker


class Partition(NamedTuple):
    """A topic's partition; equal to Faust's and aiokafka's own."""

    topic: str
    partition: int


class Raw(Protocol):
    """A record as it came. ``timestamp``: ms since 1970; ``value``: bytes, None, or Unreadable."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> Any: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for the records of a batch that nobody can read, up to before ``end``."""

    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The records of [begin, end) of a partition, in order."""

    at: Partition
    begin: int
    end: int
    records: Sequence[Raw]


def end_of(record: Raw) -> int:
    """The offset behind a record."""
    return record.value.end if isinstance(record.value, Unreadable) else record.offset + 1


def header(record: Raw, name: str) -> bytes | None:
    """The first header of that name."""
    for key, value in record.headers:
        if key == name:
            return value
    return None


def frames(
    at: Partition, records: Sequence[Raw], most_records: int = FRAME_RECORDS, most_bytes: int = FRAME_BYTES
) -> Iterator[Frame]:
    """The frames of what a fetch brought of a partition."""
    start = size = 0
    for index, record in enumerate(records):
        own = len(record.key or b"") + (len(record.value) if isinstance(record.value, bytes) else 0)
        if index > start and (index - start >= most_records or size + own > most_bytes):
            yield _frame(at, records[start:index])
            start, size = index, 0
        size += own
    if records:
        yield _frame(at, records[start:])


def _frame(at: Partition, records: Sequence[Raw]) -> Frame:
    return Frame(at, records[0].offset, end_of(records[-1]), records)
