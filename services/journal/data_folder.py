"""The data folder, and the lock that keeps a second process out of it.

Owns: the folder's mode and the lock file with the owner's pid. May never: wait for the lock; whoever comes second is
told; or shut others out of a folder that is not Hallway's alone.
Theory: the lock is the kernel's (``flock``), so it ends with its process, however that ends; the pid in the file is
only for the message.
"""

import fcntl
import os
import stat
from pathlib import Path

from services.journal.port import JournalError, JournalLockedError

_LOCK = "lock"
_HALLWAYS = (_LOCK, "directory")  # by either a folder is known as Hallway's
_OTHERS = 0o077


class DataFolder:
    """Holds the lock from its making until ``release``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _shut(path)
            self._file = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(f"The data folder {path} cannot be used ({error.strerror}).") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise JournalLockedError(
                f"The data folder {path} is in use by process {owner}. End that one first, or name another folder."
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets the next one in."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _shut(path: Path) -> None:
    """Leaves the folder to its owner, where others could look into it. JournalError where that is not ours to do."""
    found = path.stat()
    if not stat.S_IMODE(found.st_mode) & _OTHERS:
        return
    is_ours = found.st_uid == os.geteuid() and (
        not any(path.iterdir()) or any((path / name).exists() for name in _HALLWAYS)
    )
    if not is_ours:
        raise JournalError(
            f"Others can look into {path} (mode {stat.S_IMODE(found.st_mode):04o}), and it has other things in it or "
            f"is somebody else's. Name a folder of its own for the data, or shut this one: chmod 700 {path}"
        )
    path.chmod(0o700)
