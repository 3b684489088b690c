"""The data folder, and the lock that lets only one process use it.

Responsibility: the folder's mode, and the lock file with the owner's pid.
Invariants: it never waits for the lock: the second process fails at once. It never changes the mode of a folder that is
not Hallway's alone.
Why: the lock is the kernel's (``flock``), so it ends with its process in every case. The pid in the file only serves
the error message.
"""

import fcntl
import os
import stat
from pathlib import Path

from services.journal.port import JournalError, JournalLockedError

_LOCK = "lock"
_HALLWAY_FILES = (_LOCK, "directory")  # either marks a folder as Hallway's
_GROUP_AND_OTHERS = 0o077


class DataFolder:
    """Locks the folder on creation, until ``release``. JournalError, JournalLockedError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _restrict_to_owner(path)
            self._file = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(f"The data folder {path} cannot be used ({error.strerror}).") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise JournalLockedError(
                f"The data folder {path} is in use by process {owner}. Stop that process, or choose another folder."
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Releases the lock."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _restrict_to_owner(path: Path) -> None:
    """Makes the folder readable by its owner only. JournalError if it is not Hallway's own folder."""
    found = path.stat()
    if not stat.S_IMODE(found.st_mode) & _GROUP_AND_OTHERS:
        return
    is_ours = found.st_uid == os.geteuid() and (
        not any(path.iterdir()) or any((path / name).exists() for name in _HALLWAY_FILES)
    )
    if not is_ours:
        raise JournalError(
            f"Other users can read {path} (mode {stat.S_IMODE(found.st_mode):04o}), and it has other files or belongs "
            f"to another user. Use a separate folder for the data, or restrict this one: chmod 700 {path}"
        )
    path.chmod(0o700)
