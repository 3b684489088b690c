"""Reads the records of a log, decoded in blocks.

Invariants: no record is skipped silently; one that can no longer be decoded is reported.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from schemas.codec import EVENT_BYTES, Codec, Reject
from schemas.events import Input
from services.journal import Journal, Row

Unreadable = Callable[[int, Reject], None]


class LogRecord(Struct, frozen=True, gc=False):
    """A record as the fold gets it. ``at``: when it happened; ``recorded``: when it was appended; both ms since
    1970.
    """

    offset: int
    event: Input
    at: int
    recorded: int
    line: bytes


def read_records(
    journal: Journal, conference: str, from_offset: int = 0, to: int | None = None, unreadable: Unreadable | None = None
) -> Iterator[LogRecord]:
    """Yields the records [from_offset, to). A record that the codec rejects goes to ``unreadable`` instead."""
    codec = Codec()
    for block in _blocks(journal.read(conference, from_offset, to)):
        found = codec.decode_each([row.line for row in block])
        for row, record in zip(block, found, strict=True):
            if not isinstance(record, Reject):
                yield LogRecord(row.offset, record.event, record.at, row.recorded_at, row.line)
            elif unreadable is not None:
                unreadable(row.offset, record)


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    size = 0
    for row in rows:
        size += len(row.line) + 1
        if block and size > EVENT_BYTES:
            yield block
            block, size = [], len(row.line) + 1
        block.append(row)
    if block:
        yield block
