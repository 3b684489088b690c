"""Logs: one JSON object a line on standard error.

Invariants: the text of a library's message may quote what a client sent, so only the library's name and the level are
logged.
"""

import logging
import sys
from contextlib import suppress

import structlog

_LIBRARIES = ("uvicorn", "uvicorn.error", "litestar", "asyncio", "redis")


class _Bare(logging.Handler):
    """Passes on that a library warned, and which kind of error; not its text."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        structlog.get_logger("hallway.library").warning(
            "a library warns",
            library=record.name,
            level=record.levelname,
            where=f"{record.filename}:{record.lineno}",
            error=error.__name__ if error else None,
        )


class _Lines:
    """Writes to standard error, which may be a file on a disk that is full: then lines are lost, and nothing else."""

    def msg(self, line: str) -> None:
        """One line."""
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")  # at once, or the line of another thread would come in between

    debug = info = warning = error = critical = msg


def to_stderr(level: int = logging.INFO) -> None:
    """Sets it up for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers, root.level = [_Bare(logging.WARNING)], logging.WARNING
    for name in _LIBRARIES:
        logging.getLogger(name).handlers = []
