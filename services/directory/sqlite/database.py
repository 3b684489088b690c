"""One SQLite file: opened, migrated, written in transactions, and cleaned so that deleted rows leave no bytes behind.

Responsibility: the connection, its lock and its pragmas; it does not know what the tables mean.
Why: WAL keeps old pages until a checkpoint, and a b-tree keeps stale copies of rows that it moved. So cleaning means
VACUUM (where requested) and a checkpoint that truncates the WAL. Source: sqlite.org/pragma.html, /wal.html,
/lang_vacuum.html.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from services.directory.port import DirectoryBusyError, DirectoryError, DirectoryFullError
from services.sqlite.bulk_insert import insert_statements
from services.sqlite.disk_errors import is_full, kind_of
from services.sqlite.migrations import Migration, NewerSchemaError, migrate
from services.usage_errors import UnusableError

Row = tuple[Any, ...]
BUSY_MS = 5_000  # how long one process waits for another before it gives up
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a token that reached the log must not be forgotten when the power fails
    "secure_delete=ON",
    "temp_store=MEMORY",  # VACUUM and sorting leave nothing in a temporary file
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MS}",
)


_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_AWAY = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


class Database:
    """A file, or memory where there is no path. Threads may share it: each call holds its lock."""

    def __init__(self, path: Path | None, migrations: Sequence[Migration]) -> None:
        self.path = path
        self.lock = RLock()
        if path is not None:
            # Created first, so that it (and with it -wal and -shm) is never readable by others.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._link = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            self._link.execute(f"PRAGMA {pragma}").fetchall()
        self._migrate(migrations)

    def _migrate(self, migrations: Sequence[Migration]) -> None:
        try:
            with self.lock, self._named():
                migrate(self._link, migrations)
        except NewerSchemaError:
            raise UnusableError(f"{self.path} was written by a newer Hallway. Update this one.") from None

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        with self.lock, self._named():
            return self._link.execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Runs a statement; returns how many rows it changed."""
        with self.lock, self._named():
            return self._link.execute(sql, values).rowcount

    def run_all(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs the statement once for each row."""
        with self.lock, self._named():
            self._link.executemany(sql, rows)

    def insert(self, table: str, tail: str, rows: Sequence[Sequence[object]]) -> list[Row]:
        """Inserts many rows with few statements; returns what ``tail`` returns."""
        values = [value for row in rows for value in row]
        columns = len(rows[0]) if rows else 1
        return [row for sql, some in insert_statements(table, columns, values, tail) for row in self.read(sql, some)]

    @contextmanager
    def write(self) -> Iterator[None]:
        """A transaction; within another one it joins that."""
        with self.lock:
            within: bool = self._link.in_transaction
            if within:
                yield
                return
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            finally:
                if self._link.in_transaction:
                    self._link.execute("ROLLBACK")

    def clean(self, whole: bool) -> None:
        """Removes the bytes of deleted rows from the file (``whole``: rewrites it) and from its WAL.

        DirectoryBusyError when another process reads old pages for longer than ``BUSY_MS``; DirectoryFullError.
        """
        with self.lock:
            if whole:
                self.run("VACUUM")
            if self.read("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
                raise DirectoryBusyError(f"{self.path} is being read by another process.")

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Translates operating-system and locking errors into the port's exceptions; bugs stay as they are."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if is_full(error):
                raise DirectoryFullError(f"The disk is full: {self.path} cannot be written.") from None
            if kind_of(error) in _BUSY:
                raise DirectoryBusyError(f"{self.path} is being read by another process.") from None
            if kind_of(error) in _AWAY:
                raise DirectoryError(f"{self.path} cannot be used ({error}).") from None
            raise

    def close(self) -> None:
        """Closes the files."""
        with self.lock:
            self._link.close()
