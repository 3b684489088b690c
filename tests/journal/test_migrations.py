"""Journals of older versions: each form becomes today's, and has what it had."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.journal.sqlite import FILE, SqliteJournal, SqliteReadReplica
from services.journal.sqlite.rows import checksum, key_of, output_checksum
from services.journal.sqlite.schema import MIGRATIONS, open_database, prepare

LINES = [b'{"n":%d}' % n for n in range(20)]


def lived_in(folder: Path, version: int) -> None:
    """A journal as that version wrote it: a log with outputs, and a dead letter."""
    folder.mkdir(mode=0o700)
    path = folder / FILE
    with closing(open_database(path)) as db:
        prepare(db, path, MIGRATIONS[:version])
        db.execute("INSERT INTO logs VALUES (1, 'himss', 12)")
        for offset, line in enumerate(LINES):
            key = key_of(1, offset)
            db.execute(
                "INSERT INTO log VALUES (?, ?, ?, ?)", (key, 100 + offset, checksum(key, 100 + offset, line), line)
            )
        output = (1, 3, 0, 12, output_checksum(1, 3, 0, b"told"), b"told")
        db.execute("INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?)", output)
        db.execute("INSERT INTO letters (number, line) VALUES (4, x'01')")


def schema(folder: Path) -> set[tuple[object, ...]]:
    """Every table with its columns, the owner and the version."""
    with closing(sqlite3.connect(folder / FILE)) as db:
        found = set(db.execute("SELECT type, name, tbl_name FROM sqlite_master"))
        for _, table, _ in [row for row in found if row[0] == "table"]:
            found |= {(table, *row) for row in db.execute(f"PRAGMA table_info({table})")}
        for name in ("application_id", "user_version", "page_size", "journal_mode"):
            found |= {(name, *row) for row in db.execute(f"PRAGMA {name}")}
        return found


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_each_older_form_becomes_todays(tmp_path: Path, version: int) -> None:
    lived_in(tmp_path / "older", version)
    SqliteJournal(tmp_path / "new").close()
    journal = SqliteJournal(tmp_path / "older")
    assert schema(tmp_path / "older") == schema(tmp_path / "new")
    assert (journal.notices, journal.conferences(), journal.decided("himss")) == ([], ["himss"], 12)
    assert [tuple(row) for row in journal.read("himss")] == [(n, 100 + n, line) for n, line in enumerate(LINES)]
    assert list(journal.outputs("himss")) == [("3-0", b"told")]
    assert [(letter.number, letter.line, letter.sent) for letter in journal.dead_letters()] == [(4, b"\1", None)]
    assert journal.dead_letters_sealed_with({""}) == [4]
    assert journal.claim_dead_letter(4, b"one")
    assert journal.append([("himss", b"more")], 200, [b"new"]) == [20]
    assert journal.dead_letter_numbers() == [4, 5]
    journal.close()


def test_a_replica_of_an_older_form_is_mirrored_anew(tmp_path: Path) -> None:
    """It says how many rows it has only since it has places; whoever cannot tell that it is whole begins anew."""
    lived_in(tmp_path / "older", 1)
    replica = SqliteReadReplica(tmp_path / "older")
    assert (replica.conferences(), replica.next_offsets(), replica.dead_letter_numbers()) == ([], {}, [])
    assert "is rebuilt" in replica.notices[-1]
    replica.close()
