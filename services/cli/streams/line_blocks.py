"""Blocks of whole lines, the unit in which inputs pass on data. A block has at most one event's maximum size."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.codec import EVENT_BYTES

BLOCK_BYTES = EVENT_BYTES


class Block(NamedTuple):
    """Whole lines (the last may lack its newline); ``line`` is the number of the first, from 1."""

    data: bytes
    line: int


class LongLine(NamedTuple):
    """A line over the bound of one event: its number, its size, and the first of its bytes."""

    head: bytes
    line: int
    size: int


def group_lines(lines: Iterable[bytes]) -> Iterator[Block]:
    """Lines, each with its newline, gathered; counted from 1."""
    count, size, first = 0, 0, 1
    held: list[bytes] = []
    for line in lines:
        if held and size + len(line) > BLOCK_BYTES:
            yield Block(b"".join(held), first)
            first, held, size = count + 1, [], 0
        held.append(line)
        count, size = count + 1, size + len(line)
    if held:
        yield Block(b"".join(held), first)
