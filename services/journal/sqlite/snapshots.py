"""Snapshots as files beside the journal's file.

Responsibility: the folder ``snapshots`` and the file format: one line of JSON head, then the compressed state.
Why: a state is a hundred times the size of a commit, so in the journal it would block appends. A file gets its name
only once it is complete and on the disk.
"""

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec
import zstandard

from services.journal.port import RETAINED_SNAPSHOTS, JournalError, JournalFullError, Snapshot
from services.sqlite.disk_errors import is_full

_LEVEL = 1  # a third of the size at 130 MB a second; higher levels win little
_MOST_BYTES = 4 << 30


class _Head(msgspec.Struct, frozen=True):
    conference: str
    offset: int
    digest: str
    size: int


class SnapshotFiles:
    """The snapshots of all logs. Damaged ones are reported in ``notices``."""

    def __init__(self, folder: Path, notices: list[str]) -> None:
        self._folder = folder
        self._notices = notices

    def save(self, conference: str, offset: int, data: bytes) -> None:
        """Saves a snapshot and removes all but the newest two. JournalError, JournalFullError."""
        packed = zstandard.ZstdCompressor(level=_LEVEL).compress(data)
        head = msgspec.json.encode(_Head(conference, offset, _digest(packed), len(data)))
        path = self._folder / f"{_stem(conference)}-{offset:013}.snapshot"
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with part.open("wb") as file:
                file.write(head + b"\n" + packed)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync(self._folder)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            kind = JournalFullError if is_full(error) else JournalError
            raise kind(f"A snapshot cannot be written in {self._folder} ({error.strerror}).") from None
        for old in self._files(conference)[RETAINED_SNAPSHOTS:]:
            old.unlink(missing_ok=True)

    def latest(self, conference: str, most: int | None) -> Snapshot | None:
        """The newest intact snapshot with ``offset <= most``."""
        for path in self._files(conference):
            found = self._read(path, conference)
            if found is not None and (most is None or found.offset <= most):
                return found
        return None

    def drop(self, conference: str) -> None:
        """Removes all snapshots of a log. JournalError."""
        try:
            for path in self._files(conference):
                path.unlink(missing_ok=True)
            if self._folder.exists():
                _sync(self._folder)
        except OSError as error:
            raise JournalError(f"A snapshot cannot be removed in {self._folder} ({error.strerror}).") from None

    def _read(self, path: Path, conference: str) -> Snapshot | None:
        try:
            first, _, packed = path.read_bytes().partition(b"\n")
            head = msgspec.json.decode(first, type=_Head)
            if head.conference != conference or _digest(packed) != head.digest:
                raise ValueError("its digest does not match")
            data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=min(head.size, _MOST_BYTES))
        except (OSError, ValueError, msgspec.MsgspecError, zstandard.ZstdError) as error:
            self._notices.append(
                f"The snapshot {path.name} is damaged ({error}). An older one, or the log itself, is used."
            )
            return None
        return Snapshot(head.offset, data)

    def _files(self, conference: str) -> list[Path]:
        """A log's snapshot files, newest first."""
        return sorted(self._folder.glob(f"{_stem(conference)}-*.snapshot"), reverse=True)


def _stem(conference: str) -> str:
    """A file name stem: a digest, because some file systems ignore case."""
    return blake2b(conference.encode(), digest_size=10).hexdigest()


def _digest(packed: bytes) -> str:
    return blake2b(packed, digest_size=16).hexdigest()


def _sync(folder: Path) -> None:
    """Makes changes of a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
