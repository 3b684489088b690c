"""Salvages a broken journal file (truncated, a page overwritten): copies what can be read to a new file.

Invariants: the broken file is never changed; it stays beside the new one, for someone with better tools.
Why: a log is read in order up to the first unreadable row, because nothing after it can be folded.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from services.journal.dead_letter_quotas import parse_head
from services.journal.port import BATCH_ROWS, JournalDamagedError
from services.journal.sqlite.rows import key_of
from services.journal.sqlite.schema import connect, open_database, prepare

_SIDES = ("", "-wal", "-shm")
_LOG = "SELECT key, recorded_at, checksum, line FROM log WHERE key >= ? AND key < ? ORDER BY key"
_OUTPUTS = "SELECT log, n, i, decided, checksum, line FROM outputs WHERE log = ? ORDER BY n, i"
_Rows = Iterator[tuple[Any, ...]]


def salvage(path: Path) -> str:
    """Replaces a broken file by what can be read of it, and keeps the broken one beside it; returns a notice."""
    new = path.with_suffix(".mended")
    for side in _SIDES:
        Path(f"{new}{side}").unlink(missing_ok=True)
    with closing(open_database(path)) as old, closing(connect(new)) as db:
        prepare(db, new)
        old.execute("PRAGMA writable_schema=ON")  # or SQLite does not read a truncated file at all
        try:
            logs = old.execute("SELECT no, conference, decided FROM logs").fetchall()
        except sqlite3.DatabaseError as error:
            raise JournalDamagedError(
                f"{path} is damaged at its start ({error}) and cannot be repaired. Restore the folder from a backup."
            ) from None
        db.executemany("INSERT INTO logs VALUES (?, ?, ?)", logs)
        for no, _, _ in logs:
            _copy(_read_until_broken(old, _LOG, key_of(no, 0), key_of(no + 1, 0)), db, "log", 4)
            _copy(_read_until_broken(old, _OUTPUTS, no), db, "outputs", 6)
        letters = _read_until_broken(old, "SELECT number, line FROM letters ORDER BY number")
        columns = "letters (number, line, sender, conference, seal)"
        _copy(((number, line, *parse_head(line)[:3]) for number, line in letters), db, columns, 5)
        records = db.execute("SELECT count(*) FROM log").fetchone()[0]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = _move_aside(path)
    new.replace(path)
    return f"{path} was damaged. {records:,} records could be read and are in a new file; the old file is now {kept}."


def _copy(rows: _Rows, db: sqlite3.Connection, table: str, columns: int) -> None:
    marks = ", ".join("?" * columns)
    while batch := list(islice(rows, BATCH_ROWS)):
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", batch)  # noqa: S608  # names of ours, no one's input
        db.execute("COMMIT")


def _read_until_broken(db: sqlite3.Connection, query: str, *arguments: int) -> _Rows:
    """Yields rows up to the first that cannot be read."""
    with suppress(sqlite3.DatabaseError):
        yield from db.execute(query, arguments)


def _move_aside(path: Path) -> Path:
    taken = 0
    while (kept := path.with_name(f"{path.name}.damaged-{taken}")).exists():
        taken += 1
    for side in _SIDES:
        with suppress(FileNotFoundError):
            Path(f"{path}{side}").rename(f"{kept}{side}")
    return kept
