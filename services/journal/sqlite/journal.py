"""The journal in one SQLite file: every guarantee of the port holds through a kill and a full disk.

Responsibility: two connections (one writes, one reads beside it) and the cached end of each log.
Invariants: each method that writes is one transaction, rolled back on any error.
Why: one statement inserts many rows, because Python releases the interpreter lock around every statement and may wait
5 ms to get it back while another thread computes.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from schemas.position import Position
from services.journal.data_folder import DataFolder
from services.journal.port import (
    BATCH_ROWS,
    Entry,
    JournalDamagedError,
    JournalError,
    OutputLine,
    Row,
    Snapshot,
)
from services.journal.sqlite.dead_letters import SqliteDeadLetters
from services.journal.sqlite.deletion import find_hidden, hide, is_small, remove_some
from services.journal.sqlite.integrity_check import CHECK_S, damaged_record_error, is_sound, repair_tails
from services.journal.sqlite.log_ends import LogEnd, load_log_ends
from services.journal.sqlite.rows import OFFSET_BITS, checksum, key_of, output_checksum
from services.journal.sqlite.salvage import salvage
from services.journal.sqlite.schema import LOCK_WAIT_S, MIGRATIONS, connect, open_database, prepare, to_journal_error
from services.journal.sqlite.snapshots import SnapshotFiles
from services.sqlite.bulk_insert import insert_statements
from services.sqlite.migrations import Migration

FILE = "journal.db"
_OFFSET = (1 << OFFSET_BITS) - 1


class SqliteJournal(SqliteDeadLetters):
    """The journal in ``folder``, which it locks until ``close``. JournalError: the folder cannot be used."""

    def __init__(self, folder: Path, *, check_s: float = CHECK_S, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self.notices: list[str] = []
        self.commits = 0
        self._folder = DataFolder(folder)
        self._path = folder / FILE
        self._lock, self._reading = threading.RLock(), threading.Lock()
        self._snapshots = SnapshotFiles(folder / "snapshots", self.notices)
        try:
            self._open(check_s, migrations)
        except sqlite3.Error as error:
            self._folder.release()
            raise to_journal_error(error, self._path) from None
        except JournalError:
            self._folder.release()
            raise

    def _open(self, check_s: float, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self._db = open_database(self._path)
        try:
            prepare(self._db, self._path, migrations)
            sound = is_sound(self._db, check_s)
            if sound:
                self.notices += repair_tails(self._db, self._path.parent)
        except sqlite3.DatabaseError as error:
            if not isinstance(to_journal_error(error, self._path), JournalDamagedError):
                raise
            sound = False
        self._db.close()
        if not sound:
            self.notices.append(salvage(self._path))
        self._db, self._reader = connect(self._path), connect(self._path)
        if not sound:
            self.notices += repair_tails(self._db, self._path.parent)
        self._ends = load_log_ends(self._db)
        self._load_dead_letter_heads(self._db)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed, or rolled back with a JournalError."""
        with self._lock:
            db = self._db
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
                self.commits += 1
            except sqlite3.Error as error:
                raise to_journal_error(error, self._path) from None
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def _rows(self, query: str, arguments: Sequence[Any]) -> list[Any]:
        with self._reading:
            try:
                return self._reader.execute(query, arguments).fetchall()
            except sqlite3.Error as error:
                raise to_journal_error(error, self._path) from None

    # -- logs ----------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry], recorded_at: int, dead_letters: Sequence[bytes] = ()) -> list[int]:
        ends: dict[str, LogEnd] = {}
        offsets: list[int] = []
        values: list[Any] = []
        with self._lock:
            with self._writing() as db:
                for conference, line in entries:
                    end = ends.get(conference)
                    if end is None:
                        end = ends[conference] = self._end_to_append(db, conference, recorded_at)
                    key = end.no << OFFSET_BITS | end.length
                    values += (key, recorded_at, checksum(key, recorded_at, line), line)
                    offsets.append(end.length)
                    end.length += 1
                insert(db, "log", 4, values)
                kept = self._insert_dead_letters(db, dead_letters, recorded_at)
            self._ends.update(ends)
            kept()
        return offsets

    def _end_to_append(self, db: sqlite3.Connection, conference: str, recorded_at: int) -> LogEnd:
        known = self._ends.get(conference)
        if known is None:
            no = db.execute("INSERT INTO logs (conference) VALUES (?)", (conference,)).lastrowid
            assert no is not None
            return LogEnd(no, recorded_at=recorded_at)
        if recorded_at < known.recorded_at:
            raise ValueError(f"recorded_at decreases in the log of {conference}")
        return replace(known, recorded_at=recorded_at)

    def read(self, conference: str, from_offset: int = 0, to: int | None = None) -> Iterator[Row]:
        end = self._ends.get(conference)
        if end is None:
            return
        last = end.length if to is None else min(to, end.length)
        query = "SELECT key, recorded_at, checksum, line FROM log WHERE key >= ? AND key < ? ORDER BY key"
        for start in range(from_offset, last, BATCH_ROWS):
            expected, stop = key_of(end.no, start), key_of(end.no, min(start + BATCH_ROWS, last))
            for key, recorded_at, found, line in self._rows(query, (expected, stop)):
                if key != expected or checksum(key, recorded_at, line) != found:
                    raise damaged_record_error(conference, expected & _OFFSET, self._path)
                yield Row(key & _OFFSET, recorded_at, line)
                expected += 1
            if expected != stop:
                raise damaged_record_error(conference, expected & _OFFSET, self._path)

    def length(self, conference: str) -> int:
        end = self._ends.get(conference)
        return 0 if end is None else end.length

    def last_recorded(self) -> int | None:
        return max((end.recorded_at for end in self._ends.values() if end.length), default=None)

    def conferences(self) -> list[str]:
        return sorted(name for name, end in list(self._ends.items()) if end.length)

    # -- outputs -------------------------------------------------------------------------------------------------

    def record(self, conference: str, decided: int, outputs: Sequence[OutputLine]) -> None:
        with self._lock:
            end = self._ends.get(conference) or LogEnd(0)
            if not end.decided <= decided <= end.length:
                raise ValueError(f"decided {decided} is not in {end.decided}..{end.length} of {conference}")
            last, values = end.position, []
            for position, line in outputs:
                n, i = Position.parse(position)
                if (n, i) <= last:
                    raise ValueError(f"the position {position} of {conference} is not after the last one")
                last = (n, i)
                values += [end.no, n, i, decided, output_checksum(end.no, n, i, line), line]
            with self._writing() as db:
                insert(db, "outputs", 6, values)
                db.execute("UPDATE logs SET decided = ? WHERE no = ?", (decided, end.no))
            end.decided, end.position = decided, last

    def decided(self, conference: str) -> int:
        end = self._ends.get(conference)
        return 0 if end is None else end.decided

    def outputs(self, conference: str, from_n: int = 0, after: str | None = None) -> Iterator[OutputLine]:
        end = self._ends.get(conference)
        n, i = (from_n, -1) if after is None else Position.parse(after)
        query = "SELECT n, i, checksum, line FROM outputs WHERE log = ? AND (n, i) > (?, ?) ORDER BY n, i LIMIT ?"
        while end is not None:
            rows = self._rows(query, (end.no, n, i, BATCH_ROWS))
            for n, i, found, line in rows:
                if output_checksum(end.no, n, i, line) != found:
                    raise JournalDamagedError(
                        f"The output {n}-{i} of {conference} in {self._path} is damaged. "
                        "Restore the folder from a backup."
                    )
                yield f"{n}-{i}", line
            if len(rows) < BATCH_ROWS:
                return

    # -- dead letters, snapshots, capacity ----------------------------------------------------------------------------

    def clean(self) -> bool:
        with self._lock, self._reading:
            try:
                self._db.execute(
                    "PRAGMA busy_timeout=0"
                )  # a reader in another process may take long; appends must not wait
                return not self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise to_journal_error(error, self._path) from None
            finally:
                self._db.execute(f"PRAGMA busy_timeout={round(LOCK_WAIT_S * 1_000)}")

    def save_snapshot(self, conference: str, offset: int, data: bytes) -> None:
        self._snapshots.save(conference, offset, data)

    def latest_snapshot(self, conference: str, most: int | None = None) -> Snapshot | None:
        return self._snapshots.latest(conference, most)

    def drop_snapshots(self, conference: str) -> None:
        self._snapshots.drop(conference)

    def forget(self, conference: str) -> None:
        with self._lock:
            end = self._ends.get(conference)
            with self._writing() as db:
                self._forget_removal_counts(db, conference)
                if end is not None:
                    hide(db, end.no)
            self._ends.pop(conference, None)
        self._snapshots.drop(conference)

    def shrink(self) -> bool:
        with self._lock:
            no = find_hidden(self._db)
            if no is None:
                return False
            with self._writing() as db:
                remove_some(db, no)
            if find_hidden(self._db) is None and is_small(self._db):
                with (
                    self._reading,
                    suppress(sqlite3.OperationalError),
                ):  # no space: the removed rows are overwritten already
                    self._db.execute("VACUUM")
            return True

    def ensure_capacity(self, size: int) -> None:
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO room VALUES (1, zeroblob(?))", (size,))
        with self._writing() as db:
            db.execute("DELETE FROM room")

    def close(self) -> None:
        with self._lock, self._reading:
            for db in (self._reader, self._db):
                db.close()
            self._folder.release()


def insert(db: sqlite3.Connection, table: str, columns: int, values: Sequence[Any]) -> None:
    """Inserts rows; ``values`` holds the values of all rows, one after the other."""
    for statement, some in insert_statements(table, columns, values):
        db.execute(statement, some)
