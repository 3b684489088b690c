"""Standard input, output and error as a shell may leave them: closed, full, or a pipe that nobody reads.

Invariants: what is said on standard error reaches whom it reaches, and never decides what a command does: a file that
was asked for is written, and the exit code is the command's own. A result that standard output does not take is an
error. No file that a command opens takes the place of a standard stream that is closed.
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
    """Call it first of all, in a process of our own."""
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
    """What standard output still holds back goes nowhere: a flush at the exit would fail, and say so."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class ConsoleOutput(Console):
    """Prints; where nobody reads any more it raises BrokenPipeError, as any writing does, and ends nothing."""

    def on_broken_pipe(self) -> None:
        """Called while the error is handled."""
        raise BrokenPipeError


class _LossyStderr(io.RawIOBase):
    """Standard error: what it does not take is lost."""

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
