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
ROUTED_RECORDS = 20_000  # about 0.1 s of routing
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
    for start in range(0, len(records), most_records):
        yield from _bounded(at, records[start : start + most_records], most_bytes)


def _bounded(at: Partition, records: Sequence[Raw], most_bytes: int) -> Iterator[Frame]:
    """One frame, or if it has too many bytes the frames of each half."""
    if len(records) == 1 or _bytes(records) <= most_bytes:
        yield _frame(at, records)
    else:
        half = len(records) // 2
        yield from _bounded(at, records[:half], most_bytes)
        yield from _bounded(at, records[half:], most_bytes)


def _bytes(records: Sequence[Raw]) -> int:
    values, keys = [raw.value for raw in records], [raw.key for raw in records]
    return sum([len(value) for value in values if type(value) is bytes]) + sum([len(key) for key in keys if key])


def _frame(at: Partition, records: Sequence[Raw]) -> Frame:
    return Frame(at, records[0].offset, end_of(records[-1]), records)
