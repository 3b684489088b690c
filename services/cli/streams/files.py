"""Files of JSONL, plain or compressed, or standard input, cut into blocks of whole lines.

Responsibility: opening, splitting into lines, line numbers; ``decompression`` decompresses.
Why: a block has at most one event's maximum size, so memory does not grow with the file or with an endless line; only
the first ``STORED_LINE_BYTES`` of such a line are stored. Compression is recognised by the first bytes, so compressed
data can also come from standard input.
"""

import sys
from collections.abc import Iterator
from io import BufferedReader, FileIO
from pathlib import Path

from schemas.codec import EVENT_BYTES
from services.cli.streams.decompression import (
    ERRORS,
    HEAD_BYTES,
    Read,
    describe_error,
    may_be_compressed,
    open_decompressed,
)
from services.cli.streams.line_blocks import BLOCK_BYTES, Block, LongLine
from services.usage_errors import UnusableError

STANDARD = "-"
STORED_LINE_BYTES = 1_048_576  # of a line that is too long; enough to see what it was
_BOM = b"\xef\xbb\xbf"


class Input:
    """One input. ``size`` is None where it is not known; ``consumed`` counts bytes as they are stored.

    UnusableError says at once what is wrong with a name; a file is opened when it is its turn: there may be thousands.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.consumed = 0
        self.size: int | None = None
        self._ahead = b""
        self._file: BufferedReader | FileIO | None = None
        if name != STANDARD:
            path = Path(name)
            try:
                if path.is_file():
                    path.open("rb").close()
                    self.size = path.stat().st_size
                else:
                    path.stat()
            except OSError as error:
                raise UnusableError(f"{name}: {describe_error(error)}. Check the name and try again.") from None
            if path.is_dir():
                raise UnusableError(f"{name} is a folder. Name the files in it, such as {path / '*.jsonl'}.")

    def blocks(self) -> Iterator[Block | LongLine]:
        """The input's lines. Raises UnusableError where it cannot be read on."""
        after = 1
        try:
            self._file = self._open()
            for following, piece in _number_pieces(self._decompress()):
                after = following
                yield piece
        except ERRORS as error:
            raise UnusableError(
                f"{self.name}: {describe_error(error)}, after line {after - 1:,}. Get a complete copy and try again."
            ) from None
        finally:
            if self.name != STANDARD and self._file is not None:
                self._file.close()

    def _open(self) -> BufferedReader | FileIO:
        if self.name == STANDARD:
            if sys.stdin is None:
                raise UnusableError(
                    "-: standard input is closed. Redirect something to it, as in `hallway replay - < log.jsonl`."
                )
            return sys.stdin.buffer  # type: ignore[return-value]  # it is one, or stands for one in a test
        return Path(self.name).open("rb", buffering=0)

    # -- bytes ---------------------------------------------------------------------------------------------------

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` stored bytes (what gzip asks of a file)."""
        if self._ahead:
            ahead, self._ahead = self._ahead[:size], self._ahead[size:]
            return ahead
        assert self._file is not None
        # Of a pipe what is there, not the whole size: a stream is folded as it comes.
        data = self._file.read(size) if isinstance(self._file, FileIO) else self._file.read1(size)
        self.consumed += len(data)
        return data

    def _decompress(self) -> Read:
        head = b""
        while len(head) < HEAD_BYTES and may_be_compressed(head) and (more := self.read(HEAD_BYTES - len(head))):
            head += more
        self._ahead = head
        return _without_bom(open_decompressed(self.name, head, self))


def _without_bom(read: Read) -> Read:
    """Passes over a byte order mark at the start, as some editors write one."""
    first = b""
    while len(first) < len(_BOM) and (more := read(len(_BOM) - len(first))):
        first += more
    ahead = [b"" if first == _BOM else first]

    def read_after_bom(size: int) -> bytes:
        if ahead and (data := ahead.pop()):
            return data
        return read(size)

    return read_after_bom


# -- lines -------------------------------------------------------------------------------------------------


def _number_pieces(read: Read) -> Iterator[tuple[int, Block | LongLine]]:
    """The pieces, each with the number of the first line after it."""
    line, rest = 1, b""
    while chunk := read(BLOCK_BYTES - len(rest)):
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        if not end and len(data) < BLOCK_BYTES:
            rest = data
            continue
        first = line
        if end:
            piece: Block | LongLine = Block(data[:end], first)
            line += data.count(b"\n", 0, end)
            rest = data[end:]
        else:
            piece, rest = _read_long_line(read, data, first)
            line += 1
        yield line, piece
    if rest:
        yield line, Block(rest, line)


def _read_long_line(read: Read, start: bytes, line: int) -> tuple[Block | LongLine, bytes]:
    """A line that fills a block: it, and what was read after it."""
    head, size = start, len(start)
    while chunk := read(BLOCK_BYTES - 1):
        end = chunk.find(b"\n")
        part = chunk if end < 0 else chunk[:end]
        size += len(part)
        head += part[: max(0, STORED_LINE_BYTES - len(head))]
        if end >= 0:
            return _to_piece(head, line, size), chunk[end + 1 :]
    return _to_piece(head, line, size), b""


def _to_piece(head: bytes, line: int, size: int) -> Block | LongLine:
    # A carriage return belongs to the end of the line; without it the event may be within its bound.
    if size == len(head) and head.endswith(b"\r"):
        head, size = head[:-1], size - 1
    return Block(head, line) if size <= EVENT_BYTES else LongLine(head, line, size)
