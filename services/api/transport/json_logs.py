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
    """Logs that a library warned, and the type of the error, without its text."""

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
    """Writes to standard error. If that is a file on a full disk, lines are lost and nothing else fails."""

    def msg(self, line: str) -> None:
        """One line."""
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")  # in one call, or another thread's line could come in between

    debug = info = warning = error = critical = msg


def to_stderr(level: int = logging.INFO) -> None:
    """Configures logging for this process."""
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
