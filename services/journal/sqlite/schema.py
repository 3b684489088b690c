"""The journal's file: its tables, its migrations, and how it is opened.

Invariants: a released migration never changes.
Why: a log is a run of integer keys, ``log number << 40 | offset``, so appending and reading in order are what SQLite
does best. Rows of some hundred bytes are too large for a table WITHOUT ROWID; outputs are few. ``synchronous=FULL``: a
commit is on the disk when it returns.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from services.journal.port import JournalDamagedError, JournalError, JournalFullError
from services.sqlite.disk_errors import is_full, kind_of
from services.sqlite.migrations import Migration, NewerSchemaError, migrate

APPLICATION_ID = 0x48414C4C  # "HALL"
PAGE_BYTES = 16_384  # a third faster than 4,096 for rows of this size (measured)
CHECKPOINT_PAGES = 1_000  # 16 MB of write-ahead log
LOCK_WAIT_S = 5.0  # for a reader in another process, such as a backup

_TABLES = (
    f"PRAGMA application_id={APPLICATION_ID}",
    """CREATE TABLE logs (
        no INTEGER PRIMARY KEY,
        conference TEXT NOT NULL UNIQUE,
        decided INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE log (
        key INTEGER PRIMARY KEY,
        recorded_at INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        line BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE outputs (
        log INTEGER NOT NULL,
        n INTEGER NOT NULL,
        i INTEGER NOT NULL,
        decided INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        line BLOB NOT NULL,
        PRIMARY KEY (log, n, i)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE letters (number INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT",
    "CREATE TABLE room (number INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT",
)
_LETTERS = (
    "ALTER TABLE letters ADD COLUMN came INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE letters ADD COLUMN sent INTEGER",
    "ALTER TABLE letters ADD COLUMN sent_as BLOB",
    """CREATE TABLE letters_gone (
        cause TEXT PRIMARY KEY, count INTEGER NOT NULL, last INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
_SHARES = (
    "ALTER TABLE letters ADD COLUMN sender TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE letters ADD COLUMN conference TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE letters ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE letters_lost (
        sender TEXT NOT NULL, conference TEXT NOT NULL, cause TEXT NOT NULL, count INTEGER NOT NULL,
        last INTEGER NOT NULL, PRIMARY KEY (sender, conference, cause)
    ) STRICT, WITHOUT ROWID""",
)
# The first brings an empty file to version 1, the second version 1 to version 2, and so on.
MIGRATIONS: Sequence[Migration] = (_TABLES, _LETTERS, _SHARES)

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def open_database(path: Path) -> sqlite3.Connection:
    """A connection without settings, which has not read the file yet."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=LOCK_WAIT_S)


def connect(path: Path) -> sqlite3.Connection:
    """A configured connection for any thread, one at a time; the caller begins transactions."""
    db = open_database(path)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA secure_delete=ON")  # deletions are rare, and must leave no bytes
    db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    return db


def prepare(db: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Creates the tables, or migrates them. JournalError: not a journal, or of a newer Hallway."""
    db.execute(f"PRAGMA page_size={PAGE_BYTES}")  # takes effect in a new file only
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (owner or tables):
        raise JournalError(f"{path} is an SQLite file, but not a Hallway journal. Choose another folder.")
    try:
        migrate(db, migrations)
    except NewerSchemaError as newer:
        raise JournalError(
            f"{path} has version {newer.version}; this Hallway knows {newer.known} and older. Start the newer Hallway."
        ) from None
    db.execute("PRAGMA journal_mode=WAL")


def to_journal_error(error: sqlite3.Error, path: Path) -> JournalError:
    """Translates an SQLite error into a JournalError."""
    if is_full(error):
        return JournalFullError(
            f"The disk is full: cannot write in {path.parent}. Free some space. Nothing was stored in part."
        )
    if kind_of(error) == sqlite3.SQLITE_NOTADB:
        return JournalError(f"{path} is not a journal: it is not an SQLite file. Choose another folder.")
    if kind_of(error) in _DAMAGED:
        return JournalDamagedError(f"{path} is damaged ({error}).")
    return JournalError(f"{path} cannot be used ({error}).")
