"""Reads the lines of a journal's logs from outside, for a replay, also while its server runs.

Invariants: read-only. It never writes, locks the folder, or repairs anything.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from services.journal.port import JournalError
from services.journal.sqlite.journal import FILE
from services.journal.sqlite.rows import OFFSET_BITS
from services.journal.sqlite.schema import APPLICATION_ID, LOCK_WAIT_S, to_journal_error

_BATCH_ROWS = 1_000


def find_journal(path: Path) -> Path | None:
    """The journal's file, if the path is a data folder or that file itself."""
    file = path / FILE if path.is_dir() else path
    return file if file.name == FILE and file.is_file() else None


def read_lines(file: Path) -> Iterator[bytes]:
    """Yields the records of all conferences as lines, one log after the other. JournalError: it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_S)) as db:
            if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise JournalError(f"{file} is not a Hallway journal.")
            logs = db.execute("SELECT no FROM logs WHERE conference NOT LIKE '~%' ORDER BY no").fetchall()
            for (number,) in logs:
                yield from _lines_of(db, number)
    except sqlite3.Error as error:
        raise to_journal_error(error, file) from None


def _lines_of(db: sqlite3.Connection, number: int) -> Iterator[bytes]:
    key, end = (number << OFFSET_BITS) - 1, (number + 1) << OFFSET_BITS
    while True:
        rows = db.execute(
            "SELECT key, line FROM log WHERE key > ? AND key < ? ORDER BY key LIMIT ?", (key, end, _BATCH_ROWS)
        ).fetchall()
        if not rows:
            return
        for _, line in rows:
            yield line + b"\n"
        key = rows[-1][0]
