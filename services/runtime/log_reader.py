"""The records of a log, decoded in blocks.

Owns: the fast way and the careful one. May never: pass over a record in silence: one that no longer can be read is
told.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from schemas.codec import EVENT_BYTES, Codec, Reject
from schemas.events import Input
from services.journal import Journal, Row

Unreadable = Callable[[int, Reject], None]


class Kept(Struct, frozen=True, gc=False):
    """A record as it is folded: what and when it happened, and when the log took it."""

    offset: int
    event: Input
    at: int
    recorded: int
    line: bytes


def records(
    journal: Journal, conference: str, from_offset: int = 0, to: int | None = None, unreadable: Unreadable | None = None
) -> Iterator[Kept]:
    """The records [from_offset, to). One that today's codec refuses is given to ``unreadable`` and left out."""
    codec = Codec()
    for block in _blocks(journal.read(conference, from_offset, to)):
        found = codec.decode_each([row.line for row in block])
        for row, record in zip(block, found, strict=True):
            if not isinstance(record, Reject):
                yield Kept(row.offset, record.event, record.at, row.recorded_at, row.line)
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
