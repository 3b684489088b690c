"""What the system says when there is no room to write.

Owns: telling it from other errors, for every file of the service. May never: do anything about it.
"""

import errno
import sqlite3

# Not all that means "no room" has a code of its own: a quota or a limit of the file's size is an error of writing.
_SQLITE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PRIMARY = 0xFF  # an extended code's kind


def kind_of(error: sqlite3.Error) -> int:
    """SQLite's code without its extension; 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def is_full(error: sqlite3.Error | OSError) -> bool:
    """Whether there is no room (or no more than was granted)."""
    if isinstance(error, OSError):
        return error.errno in _SYSTEM
    return getattr(error, "sqlite_errorcode", 0) in _SQLITE or kind_of(error) == sqlite3.SQLITE_FULL
