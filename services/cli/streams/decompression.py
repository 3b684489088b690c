"""Decompresses input as a stream: gzip, zstd, bzip2 and xz, of one part or several, as parallel tools write.

Invariants: memory does not grow with the input or its compression ratio; a truncated part is an error. Unsupported
formats and UTF-16 text are refused by their first bytes: line by line they would be thousands of dead letters.
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import zstandard

from services.usage_errors import UnusableError

Read = Callable[[int], bytes]

ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
HEAD_BYTES = 10  # by so many each form is told from text
_READ_BYTES = 65_536
# One byte of zstd may become 32 KiB; so much is unpacked at once, 32 MiB at most.
_ZSTD_BYTES = 1_024
_WINDOW_BYTES = 1 << 27  # what `zstd -d` allows by itself
_XZ_BYTES = 1 << 28  # of memory; `xz -9` needs 65 MB
_GZIP, _ZSTD, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"
_BZIP2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")  # behind "BZh" and a digit
_SKIPPABLE = b"\x2a\x4d\x18"  # behind a byte 0x50 to 0x5f: a frame without data, with which pzstd begins
_SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
_REFUSED = {
    b"\x04\x22\x4d\x18": "packed by lz4",
    b"PK\x03\x04": "a zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"LZIP\x01": "packed by lzip",
    b"\x1f\x9d": "packed by compress",
    b"\x1f\xa0": "packed by compress",
    b"\xff\x06\x00\x00sNaPpY": "packed by snappy",
    b"\x5d\x00\x00": "packed by lzma, without a head",
    b"\x89LZO": "packed by lzop",
    b"Obj\x01": "a file of Avro",
    b"SQLite fo": "a database of SQLite",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
_FIRST = frozenset(magic[0] for magic in (_GZIP, _ZSTD, _BZIP2, _XZ, *_REFUSED)) | frozenset(range(0x50, 0x60))


def may_be_compressed(head: bytes) -> bool:
    """Whether more bytes could reveal a compressed format. Text is recognised by its first byte, without waiting."""
    return not head or head[0] in _FIRST


class _Source(Protocol):
    """Stored bytes, as gzip asks a file for them."""

    def read(self, size: int = -1) -> bytes: ...


def open_decompressed(name: str, head: bytes, source: _Source) -> Read:
    """Returns a reader of the decompressed bytes. ``head``: the first bytes, which ``source`` returns again.

    UnusableError: the format is not supported. The reader raises ERRORS if the input is damaged.
    """
    form = _form(head) or _SUFFIXES.get(Path(name).suffix)
    what = next((what for magic, what in _REFUSED.items() if head.startswith(magic)), None)
    if form is None and what is not None:
        whose = "Standard input" if name == "-" else name
        raise UnusableError(f"{whose} is {what}. Give JSONL in UTF-8, as it is or packed by gzip, zstd, bzip2 or xz.")
    if form == "gzip":
        read: Read = gzip.GzipFile(fileobj=source, mode="rb").read1  # type: ignore[call-overload]  # it reads, no more
        return read
    if form is None:
        return source.read
    return _MultiPartReader(source.read, {"zstd": _Zstd, "bzip2": _bzip2, "xz": _xz}[form]).read


def _form(head: bytes) -> str | None:
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD) or (head[1:4] == _SKIPPABLE and head[0] & 0xF0 == 0x50):
        return "zstd"
    if head.startswith(_BZIP2) and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    return "xz" if head.startswith(_XZ) else None


class _Decompressor(Protocol):
    """One part being unpacked, as the standard library has them."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _MultiPartReader:
    """Part by part; between two of them zeros may stand, as xz pads."""

    def __init__(self, read: Read, begin: Callable[[], _Decompressor]) -> None:
        self._read, self._begin = read, begin
        self._part: _Decompressor | None = None
        self._packed = self._ready = b""

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while not self._ready:
            if self._part is None or self._part.needs_input:
                self._packed = self._packed or self._read(_READ_BYTES)
                if not self._packed:
                    if self._part is not None:
                        raise EOFError
                    return b""
            if self._part is None:
                self._packed = self._packed.lstrip(b"\x00") if self._begin is _xz else self._packed
                self._part = self._begin() if self._packed else None
            if self._part is not None:
                self._unpack(self._part)
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def _unpack(self, part: _Decompressor) -> None:
        data, self._packed = self._packed, b""
        self._ready = part.decompress(data, _READ_BYTES)
        if part.eof:
            self._packed, self._part = part.unused_data, None


class _Zstd:
    """A frame; the package bounds only what goes in, and its own reader takes a file that ends in a frame for whole."""

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
        self._left = b""
        self.eof, self.unused_data, self.needs_input = False, b"", True

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """What comes of the next bytes; more than ``max_length`` where one step gives more."""
        data = self._left + data
        piece, self._left = data[:_ZSTD_BYTES], data[_ZSTD_BYTES:]
        ready = self._frame.decompress(piece)
        self.eof, self.needs_input = self._frame.eof, not self._left
        if self.eof:
            self.unused_data = self._frame.unused_data + self._left
        return ready


def _bzip2() -> _Decompressor:
    return bz2.BZ2Decompressor()


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_BYTES)


def describe_error(error: Exception) -> str:
    """Describes what is wrong with an input."""
    if isinstance(error, EOFError):
        return "the file is truncated"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"this is not a valid gzip file ({error})"
    if isinstance(error, zstandard.ZstdError):
        return f"this is not a valid zstd file ({error})"
    if isinstance(error, lzma.LZMAError):
        return f"this is not a valid xz file ({error})"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read ({error.strerror})"
    return f"it cannot be read ({error})"
