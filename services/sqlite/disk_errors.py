"""Tells errors that mean "no space left on the disk" from all others."""

import errno
import sqlite3

# A quota or a limit on the file's size has no code of its own: SQLite reports a write error.
_SQLITE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PRIMARY = 0xFF  # the mask for the primary code of an extended one


def kind_of(error: sqlite3.Error) -> int:
    """SQLite's primary error code; 0 if the error has none."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def is_full(error: sqlite3.Error | OSError) -> bool:
    """Whether the disk, or the quota, is full."""
    if isinstance(error, OSError):
        return error.errno in _SYSTEM
    return getattr(error, "sqlite_errorcode", 0) in _SQLITE or kind_of(error) == sqlite3.SQLITE_FULL
