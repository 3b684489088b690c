"""The cached end of each log, so that an append needs no lookup. Read-only: loaded when a journal is opened."""

import sqlite3
from dataclasses import dataclass

from services.journal.sqlite.deletion import VISIBLE
from services.journal.sqlite.rows import OFFSET_BITS, key_of

_OFFSET = (1 << OFFSET_BITS) - 1


@dataclass(slots=True)
class LogEnd:
    """A log's number, its length in records, the last ``recorded_at`` (ms), ``decided``, the last output's position."""

    no: int
    length: int = 0
    recorded_at: int = -1
    decided: int = 0
    position: tuple[int, int] = (-1, -1)


def load_log_ends(db: sqlite3.Connection) -> dict[str, LogEnd]:
    """Loads the end of every visible log."""
    ends = {}
    for no, conference, decided in db.execute(f"SELECT no, conference, decided FROM logs WHERE {VISIBLE}").fetchall():  # noqa: S608
        end = ends[conference] = LogEnd(no, decided=decided)
        query = "SELECT key, recorded_at FROM log WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1"
        last = db.execute(query, (key_of(no, 0), key_of(no + 1, 0))).fetchone()
        if last is not None:
            end.length, end.recorded_at = (last[0] & _OFFSET) + 1, last[1]
        query = "SELECT n, i FROM outputs WHERE log = ? ORDER BY n DESC, i DESC LIMIT 1"
        end.position = db.execute(query, (no,)).fetchone() or end.position
    return ends
