"""Standard input, output and error as a shell may leave them: closed, full, or a pipe without a reader.

Invariants: standard error is best effort and never decides what a command does: files are written, and the exit code is
the command's own. A result that standard output does not accept is an error. A file that a command opens never takes
the number of a closed standard stream.
"""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

from rich.console import Console

_STANDARD = (0, 1, 2)


def guard_standard_streams() -> None:
    """Prepares the standard streams. Call it first, in a process of our own."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)  # the lowest free number; refuses its own use
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    said = io.BufferedWriter(_LossyStderr(sys.stderr))
    sys.stderr = io.TextIOWrapper(said, encoding, "backslashreplace", line_buffering=True, write_through=True)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding=encoding, closefd=False)


def discard_stdout() -> None:
    """Discards what standard output still buffers: flushing it at exit would fail with a message."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class ConsoleOutput(Console):
    """A console that raises BrokenPipeError, like any write, instead of exiting when its reader is gone."""

    def on_broken_pipe(self) -> None:
        """Called while the error is handled."""
        raise BrokenPipeError


class _LossyStderr(io.RawIOBase):
    """Standard error; what it does not accept is lost."""

    def __init__(self, stream: Any) -> None:
        self._number: int | None = None if stream is None else stream.fileno()

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether somebody sees it."""
        return self._number is not None and os.isatty(self._number)

    def fileno(self) -> int:
        """As of the stream itself."""
        if self._number is None:
            raise OSError(errno.EBADF, "Standard error is closed")
        return self._number

    def write(self, data: Any) -> int:
        """All of it, or as much as is taken."""
        left = memoryview(data)
        with suppress(OSError):
            while self._number is not None and left:
                left = left[os.write(self._number, left) :]
        return len(data)
