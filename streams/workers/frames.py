"""Frames: one message for all the records that a fetch returned for a partition.

Why: Faust spends about 100 us on each message, whatever is in it. A frame carries the offset at which it begins. The
handler knows where the previous one ended, so it notices when a frame was lost (Faust drops its queues at every
rebalance) and reads the missing records again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

FRAME_RECORDS = 5_000  # about 0.1 s of folding; commits and rebalances come between two frames
ROUTED_RECORDS = 20_000  # about 0.1 s of routing
FRAME_BYTES = 4 << 20  # of keys and values; a single record may be larger
QUEUED_FRAMES = 4  # Faust bounds its queues in messages: 16 MB a worker


class Partition(NamedTuple):
    """A topic's partition; equal to Faust's and aiokafka's own."""

    topic: str
    partition: int


class Raw(Protocol):
    """A record as fetched. ``timestamp``: ms since 1970; ``value``: bytes, None, or Unreadable."""

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
    """The value that stands for all records of an unreadable batch; ``end``: the offset after its last one."""

    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The records in [begin, end) of the partition ``at``, in order."""

    at: Partition
    begin: int
    end: int
    records: Sequence[Raw]


def end_of(record: Raw) -> int:
    """The offset after a record."""
    return record.value.end if isinstance(record.value, Unreadable) else record.offset + 1


def header(record: Raw, name: str) -> bytes | None:
    """The first header of that name."""
    for key, value in record.headers:
        if key == name:
            return value
    return None


def frames(
    at: Partition, records: Sequence[Raw], max_records: int = FRAME_RECORDS, max_bytes: int = FRAME_BYTES
) -> Iterator[Frame]:
    """Splits the records that a fetch returned for a partition into frames."""
    for start in range(0, len(records), max_records):
        yield from _bounded(at, records[start : start + max_records], max_bytes)


def _bounded(at: Partition, records: Sequence[Raw], max_bytes: int) -> Iterator[Frame]:
    """One frame; if it would have too many bytes, the frames of each half."""
    if len(records) == 1 or _bytes(records) <= max_bytes:
        yield _frame(at, records)
    else:
        half = len(records) // 2
        yield from _bounded(at, records[:half], max_bytes)
        yield from _bounded(at, records[half:], max_bytes)


def _bytes(records: Sequence[Raw]) -> int:
    values, keys = [raw.value for raw in records], [raw.key for raw in records]
    return sum([len(value) for value in values if type(value) is bytes]) + sum([len(key) for key in keys if key])


def _frame(at: Partition, records: Sequence[Raw]) -> Frame:
    return Frame(at, records[0].offset, end_of(records[-1]), records)
