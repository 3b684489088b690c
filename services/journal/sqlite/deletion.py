"""Removes a forgotten log: its name at once, its rows a few at a time.

Invariants: a log never stays half removed under its name. Removal does not block appends to other logs for long.
Why: hiding renames one row, so it is atomic. The rows are deleted in many small transactions; ``secure_delete``
overwrites them. A small file is rewritten at the end, which returns the space; in a large file it is reused.
"""

import sqlite3

from services.journal.sqlite.rows import key_of

VISIBLE = "conference NOT LIKE '~gone-%'"
_ROWS = 5_000  # deleted per transaction: some 10 ms
_REWRITTEN_BYTES = 64 << 20  # rewritten in half a second


def hide(db: sqlite3.Connection, no: int) -> None:
    """Hides a log: renames it, so that its name is free."""
    db.execute("UPDATE logs SET conference = ? WHERE no = ?", (f"~gone-{no}", no))


def find_hidden(db: sqlite3.Connection) -> int | None:
    """The number of a hidden log; None if there is none."""
    found = db.execute(f"SELECT no FROM logs WHERE NOT ({VISIBLE}) LIMIT 1").fetchone()  # noqa: S608  # a constant
    return None if found is None else int(found[0])


def remove_some(db: sqlite3.Connection, no: int) -> None:
    """Removes some rows of a log; when none are left, the log itself."""
    span = (key_of(no, 0), key_of(no + 1, 0), _ROWS)
    rows = "SELECT key FROM log WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
    if db.execute(f"DELETE FROM log WHERE key IN ({rows})", span).rowcount:  # noqa: S608  # a constant
        return
    outputs = "SELECT n, i FROM outputs WHERE log = ? ORDER BY n, i LIMIT ?"
    sql = f"DELETE FROM outputs WHERE log = ? AND (n, i) IN ({outputs})"  # noqa: S608  # a constant
    if not db.execute(sql, (no, no, _ROWS)).rowcount:
        db.execute("DELETE FROM logs WHERE no = ?", (no,))


def is_small(db: sqlite3.Connection) -> bool:
    """Whether the file is small enough to be rewritten."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return bool((pages - free) * size <= _REWRITTEN_BYTES)
