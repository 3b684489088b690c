"""Checks a journal when it is opened, and cuts off a damaged tail.

Responsibility: the check, the side file with what was cut, the notices.
Invariants: nothing is thrown away, and every repair is reported.
Why: SQLite itself handles a torn write-ahead log. What is left is a disk that stored less than it promised (a power
loss) or other bytes than were written. The end of each log is checked row by row, the rest when it is read. A log is
cut from its first bad row on, because an order with holes is no order. Outputs of cut records are cut too, back to the
commit before; the records that stay are decided again, with the same result.
"""

import os
import sqlite3
import threading
from base64 import b64encode
from pathlib import Path

import msgspec

from services.journal.port import JournalDamagedError
from services.journal.sqlite.deletion import VISIBLE
from services.journal.sqlite.rows import OFFSET_BITS, checksum, key_of, output_checksum

CHECK_S = 0.5  # for the file's structure; a large file is only checked in part
TAIL_ROWS = 5_000  # of each log: more than is written between two syncs of any disk
_OFFSET = (1 << OFFSET_BITS) - 1

_Row = tuple[int, int, int, bytes]


def is_sound(db: sqlite3.Connection, bound_s: float = CHECK_S) -> bool:
    """Whether SQLite finds no damage in the file's structure within ``bound_s``."""
    timer = threading.Timer(bound_s, db.interrupt)
    timer.daemon = True
    timer.start()
    try:
        return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return True
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
            return False
        raise
    finally:
        timer.cancel()
        timer.join()


def repair_tails(db: sqlite3.Connection, folder: Path) -> list[str]:
    """Moves the damaged end of every log to a file in ``folder``; returns what was done, for people."""
    notices = []
    logs = f"SELECT no, conference, decided FROM logs WHERE {VISIBLE} ORDER BY no"  # noqa: S608  # a constant
    for no, conference, decided in db.execute(logs).fetchall():
        first_bad = _first_bad(db, no)
        length = _length(db, no)
        if first_bad is None and decided > length:
            first_bad = length  # its end is missing
        bad_output = _bad_output(db, no)
        if first_bad is not None:
            notices.append(_cut(db, folder, no, conference, first_bad))
        elif bad_output is not None:
            notices.append(_cut(db, folder, no, conference, length, bad_output - 1))
    return notices


def _length(db: sqlite3.Connection, no: int) -> int:
    found = db.execute("SELECT max(key) FROM log WHERE key < ?", (key_of(no + 1, 0),)).fetchone()[0]
    return 0 if found is None or found >> OFFSET_BITS != no else (found & _OFFSET) + 1


def _first_bad(db: sqlite3.Connection, no: int) -> int | None:
    """The first offset, among the last ones, at which the log is damaged."""
    start = max(0, _length(db, no) - TAIL_ROWS)
    expected = key_of(no, start)
    span = (expected, key_of(no + 1, 0))
    query = "SELECT key, recorded_at, checksum, line FROM log WHERE key >= ? AND key < ? ORDER BY key"
    before = 0
    for key, recorded_at, found, line in db.execute(query, span):
        if key != expected or recorded_at < before or checksum(key, recorded_at, line) != found:
            return expected & _OFFSET
        expected, before = key + 1, recorded_at
    return None


def _bad_output(db: sqlite3.Connection, no: int) -> int | None:
    """The ``decided`` of the first commit, among the last ones, with a damaged output."""
    query = "SELECT n, i, decided, checksum, line FROM outputs WHERE log = ? ORDER BY n DESC, i DESC LIMIT ?"
    rows = db.execute(query, (no, TAIL_ROWS)).fetchall()
    bad = [decided for n, i, decided, found, line in rows if output_checksum(no, n, i, line) != found]
    return min(bad, default=None)


def _cut(
    db: sqlite3.Connection, folder: Path, no: int, conference: str, first_bad: int, decided: int | None = None
) -> str:
    """Cuts a log from ``first_bad`` on, and the outputs that were decided after ``decided`` or with the cut records."""
    most = first_bad if decided is None else decided
    span = (key_of(no, first_bad), key_of(no + 1, 0))
    rows = db.execute("SELECT key, recorded_at, checksum, line FROM log WHERE key >= ? AND key < ?", span).fetchall()
    boundary = _boundary(db, no, most)
    query = "SELECT n, i, checksum, line FROM outputs WHERE log = ? AND decided > ?"
    outputs = db.execute(query, (no, boundary)).fetchall()
    side = _side_file(folder / f"cut-{conference}-{first_bad}", no, rows, outputs)
    db.execute("BEGIN IMMEDIATE")
    db.execute("DELETE FROM log WHERE key >= ? AND key < ?", span)
    db.execute("DELETE FROM outputs WHERE log = ? AND decided > ?", (no, boundary))
    db.execute("UPDATE logs SET decided = ? WHERE no = ?", (boundary, no))
    db.execute("COMMIT")
    what = f"The end of the log of {conference} was damaged: {len(rows):,} records from offset {first_bad:,} on"
    if not rows:
        what = f"The last outputs of {conference} were damaged: no records"
    return f"{what} and {len(outputs):,} outputs were cut off and saved in {side}. Everything before is intact."


def _boundary(db: sqlite3.Connection, no: int, most: int) -> int:
    """The end of the last commit of outputs at or before ``most``; records after it are decided again."""
    decided = db.execute("SELECT decided FROM logs WHERE no = ?", (no,)).fetchone()[0]
    if decided <= most:
        return int(decided)
    query = "SELECT max(decided) FROM outputs WHERE log = ? AND decided <= ?"
    return int(db.execute(query, (no, most)).fetchone()[0] or 0)


def _side_file(name: Path, no: int, rows: list[_Row], outputs: list[tuple[int, int, int, bytes]]) -> Path:
    """Writes one JSON object per row, its bytes in base64, to a new file."""
    taken = 0
    while (path := name.with_name(f"{name.name}-{taken}.jsonl")).exists():
        taken += 1
    with path.open("xb") as file:
        for key, recorded_at, found, line in rows:
            good = checksum(key, recorded_at, line) == found
            body = {"offset": key & _OFFSET, "recorded_at": recorded_at, "good": good, "line": _to_base64(line)}
            file.write(msgspec.json.encode(body) + b"\n")
        for n, i, found, line in outputs:
            good = output_checksum(no, n, i, line) == found
            body = {"position": f"{n}-{i}", "good": good, "line": _to_base64(line)}
            file.write(msgspec.json.encode(body) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def _to_base64(line: bytes) -> str:
    return b64encode(line).decode()


def damaged_record_error(conference: str, offset: int, path: Path) -> JournalDamagedError:
    """The error for a damaged row in the middle of a log."""
    return JournalDamagedError(
        f"The record at offset {offset:,} of {conference} in {path} is damaged. "
        "Restore the folder from a backup; the records before it can be read."
    )
