"""Reads events from inputs in batches; lines that are not events go to the rejects.

Responsibility: the fast path (a block at once) and the careful one (line by line).
Why: it is a generator, so everything before a bad line is folded when that line is reported: "the last good now" is
right.
"""

from collections.abc import Callable, Iterator, Sequence

from schemas.codec import Codec, Record, Reject
from services.cli.streams.inputs import Source
from services.cli.streams.line_blocks import Block, LongLine
from services.cli.streams.rejects import Rejects

Now = Callable[[], int | None]


class EventReader:
    """The records of inputs in the order given. ``current`` is the input being read."""

    def __init__(self, inputs: Sequence[Source], rejects: Rejects, now: Now) -> None:
        self.inputs = inputs
        self.current: Source | None = None
        self._rejects = rejects
        self._now = now
        self._codec = Codec()

    @property
    def consumed(self) -> int:
        """Stored bytes read so far."""
        return sum(source.consumed for source in self.inputs)

    @property
    def size(self) -> int | None:
        """Stored bytes of all inputs, if all are known."""
        sizes = [source.size for source in self.inputs]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def batches(self) -> Iterator[list[Record]]:
        """Batches of one input each, of a block's records at most."""
        for source in self.inputs:
            self.current = source
            for piece in source.blocks():
                if isinstance(piece, LongLine):
                    self._rejects.take_long(piece, source.name, self._now())
                    continue
                records = self._at_once(piece.data)
                if records is None:
                    yield from self._one_by_one(piece, source.name)
                else:
                    yield records

    def _at_once(self, data: bytes) -> list[Record] | None:
        records = self._codec.decode_all(data)
        if records is None and b"\r\n" in data:
            records = self._codec.decode_all(data.replace(b"\r\n", b"\n"))
        return records

    def _one_by_one(self, block: Block, source: str) -> Iterator[list[Record]]:
        records: list[Record] = []
        for line, data in enumerate(block.data.split(b"\n"), block.line):
            text = data.removesuffix(b"\r")
            if not text.strip():
                continue
            found = self._codec.decode(text)
            if isinstance(found, Reject):
                yield records
                records = []
                self._rejects.take(found, source, line, self._now())
            else:
                records.append(found)
        yield records
