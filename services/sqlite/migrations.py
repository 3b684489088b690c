"""Migrates an SQLite file to the current schema by numbered steps, forward only.

Responsibility: each step runs once, in order; the file's ``user_version`` is the number of steps that ran.
Invariants:
- A step and its number are one transaction: a kill in between leaves the file at the version before.
- A released step never changes; there is no step back. A file that is newer than the code is refused, not touched.
Why: there is no ORM, so a step is plain SQL and needs no tool.
"""

import sqlite3
from collections.abc import Sequence

Migration = Sequence[str]  # SQL statements


class NewerSchemaError(Exception):
    """The file has ``version``; the code knows ``known`` and older."""

    def __init__(self, version: int, known: int) -> None:
        super().__init__(f"the schema has version {version}, known are {known} and older")
        self.version, self.known = version, known


def migrate(db: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Runs the steps that are missing in the file, on a connection in autocommit mode. NewerSchemaError."""
    version = schema_version(db)
    if version > len(migrations):
        raise NewerSchemaError(version, len(migrations))
    for number in range(version + 1, len(migrations) + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            if schema_version(db) < number:  # or another process ran it meanwhile
                _run(db, migrations[number - 1], number)
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")


def schema_version(db: sqlite3.Connection) -> int:
    """How many steps ran on the file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _run(db: sqlite3.Connection, migration: Migration, number: int) -> None:
    for statement in migration:
        db.execute(statement)
    db.execute(f"PRAGMA user_version={number}")
