"""What can become of the journal's folder: a second process, a full disk, damage, other files."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from services.journal import JournalError, JournalFullError, JournalLockedError
from services.journal.sqlite import SqliteJournal
from services.journal.sqlite.journal import FILE
from services.journal.sqlite.schema import MIGRATIONS

ROOT = Path(__file__).parents[2]


def filled(folder: Path, rows: int = 200) -> None:
    """A log "a" of so many rows, its outputs decided in steps of ten, one output a step; and a log "b"."""
    journal = SqliteJournal(folder)
    journal.append([("a", b'{"row":%d}' % n) for n in range(rows)], 1_000)
    journal.append([("b", b"other")], 1_000)
    for decided in range(10, rows + 1, 10):
        journal.record("a", decided, [(f"{decided - 1}-0", b"told %d" % decided)])
    journal.append([], 0, [b"letter"])
    journal.close()


def sql(folder: Path, statement: str, *arguments: object) -> None:
    with sqlite3.connect(folder / FILE) as db:
        db.execute(statement, arguments)
    db.close()


# -- a second process -------------------------------------------------------------------------------------------------


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    program = (
        "import sys; from pathlib import Path; from services.journal import *; from services.journal.sqlite import *\n"
        "try: SqliteJournal(Path(sys.argv[1]))\n"
        "except JournalLockedError as error: print(error); sys.exit(3)"
    )
    second = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, f"in use by process {os.getpid()}." in done.stdout) == (3, True), done
    with pytest.raises(JournalLockedError, match=str(os.getpid())):
        SqliteJournal(tmp_path)
    journal.append([("a", b"still ours")], 1)
    journal.close()
    journal.close()
    assert subprocess.run(second, cwd=ROOT, timeout=60, check=False).returncode == 0


def test_a_folder_that_cannot_be_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="cannot be used"):
        SqliteJournal(tmp_path / "file")


# -- a full disk ------------------------------------------------------------------------------------------------------


def test_full_takes_nothing_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.append([("a", b"first")], 1)
    journal._db.execute("PRAGMA max_page_count=20")
    with pytest.raises(JournalFullError, match="disk is full"):
        journal.append([("a", b"x" * 1_000)] * 1_000 + [("new", b"y")], 2, [b"letter"])
    with pytest.raises(JournalFullError):
        journal.ensure_capacity(1_000_000)
    with pytest.raises(JournalFullError):
        journal.record("a", 1, [("0-0", b"z" * 1_000_000)])
    assert (journal.length("a"), journal.conferences(), journal.dead_letter_count()) == (1, ["a"], 0)
    assert (journal.decided("a"), list(journal.outputs("a"))) == (0, [])
    assert journal.append([("a", b"small")], 3) == [1]  # there still is room for little
    journal._db.execute("PRAGMA max_page_count=1000000")
    journal.ensure_capacity(1_000_000)
    assert journal.append([("new", b"y"), ("a", b"x" * 1_000)] * 1_000, 4)[-1] == 1_001
    journal.close()
    again = SqliteJournal(tmp_path)
    assert (again.length("a"), again.length("new"), again.notices) == (1_002, 1_000, [])
    again.close()


_LIMITED = """
import resource, sys
from pathlib import Path
from services.journal import *
from services.journal.sqlite import *
journal = SqliteJournal(Path(sys.argv[1]))
journal.append([("a", b"first")], 1)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
taken = 0
try:
    while taken < 1_000:
        journal.append([("a", b"x" * 10_000)] * 10, 2)
        taken += 1
except JournalFullError:
    assert journal.length("a") == 1 + 10 * taken, "half taken"
    try: journal.save_snapshot("a", 1, __import__("os").urandom(1_000_000))
    except JournalFullError: print("full")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert journal.append([("a", b"later")], 3) == [1 + 10 * taken]
journal.close()
again = SqliteJournal(Path(sys.argv[1]))
assert [row.offset for row in again.read("a")] == list(range(2 + 10 * taken)) and again.latest_snapshot("a") is None
assert not again.notices
print("went on")
"""


def test_a_limit_of_the_file_s_size_is_a_full_disk_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LIMITED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n")[:2] == ["full", "went on"], done


# -- other files ------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("a diary of another kind, longer than an SQLite head\n" * 20)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(JournalError, match="not an SQLite file"):
        SqliteJournal(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    sql(tmp_path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(JournalError, match="not a Hallway journal"):
        SqliteJournal(tmp_path)
    SqliteJournal(tmp_path / "mine").close()  # the lock of the other is not left behind


def test_versions(tmp_path: Path) -> None:
    filled(tmp_path)
    newer = (*MIGRATIONS, ["ALTER TABLE letters ADD COLUMN more INTEGER NOT NULL DEFAULT 0"])
    journal = SqliteJournal(tmp_path, migrations=newer)
    assert (journal.length("a"), journal.dead_letters()[0].line) == (200, b"letter")
    journal.close()
    with pytest.raises(JournalError, match="version 4; this Hallway knows 3"):
        SqliteJournal(tmp_path)
