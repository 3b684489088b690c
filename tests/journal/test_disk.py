"""What can become of the journal's folder: a second process, a full disk, damage, other files."""

import json
import os
import sqlite3
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from services.journal import JournalDamagedError, JournalError, JournalFullError, JournalLockedError, SqliteJournal
from services.journal.schema import MIGRATIONS
from services.journal.sqlite import FILE

ROOT = Path(__file__).parents[2]


def filled(folder: Path, rows: int = 200) -> None:
    """A log "a" of so many rows, its outputs decided in steps of ten, one output a step; and a log "b"."""
    journal = SqliteJournal(folder)
    journal.append([("a", b'{"row":%d}' % n) for n in range(rows)], 1_000)
    journal.append([("b", b"other")], 1_000)
    for decided in range(10, rows + 1, 10):
        journal.record("a", decided, [(f"{decided - 1}-0", b"told %d" % decided)])
    journal.append_letters([b"letter"])
    journal.close()


def sql(folder: Path, statement: str, *arguments: object) -> None:
    with sqlite3.connect(folder / FILE) as db:
        db.execute(statement, arguments)
    db.close()


# -- a second process -------------------------------------------------------------------------------------------------


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    program = (
        "import sys; from pathlib import Path; from services.journal import *\n"
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


def test_full_takes_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.append([("a", b"first")], 1)
    journal._db.execute("PRAGMA max_page_count=20")
    with pytest.raises(JournalFullError, match="no room"):
        journal.append([("a", b"x" * 1_000)] * 1_000 + [("new", b"y")], 2, [b"letter"])
    with pytest.raises(JournalFullError):
        journal.ensure_room(1_000_000)
    with pytest.raises(JournalFullError):
        journal.record("a", 1, [("0-0", b"z" * 1_000_000)])
    assert (journal.length("a"), journal.conferences(), journal.letter_count()) == (1, ["a"], 0)
    assert (journal.decided("a"), list(journal.outputs("a"))) == (0, [])
    assert journal.append([("a", b"small")], 3) == [1]  # there still is room for little
    journal._db.execute("PRAGMA max_page_count=1000000")
    journal.ensure_room(1_000_000)
    assert journal.append([("new", b"y"), ("a", b"x" * 1_000)] * 1_000, 4)[-1] == 1_001
    journal.close()
    again = SqliteJournal(tmp_path)
    assert (again.length("a"), again.length("new"), again.notices) == (1_002, 1_000, [])
    again.close()


_LIMITED = """
import resource, sys
from pathlib import Path
from services.journal import *
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


# -- damage -----------------------------------------------------------------------------------------------------------


def test_a_damaged_tail_is_cut_to_a_side_file_and_told(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "UPDATE log SET line = x'00' WHERE key = (SELECT min(key) + 187 FROM log)")
    journal = SqliteJournal(tmp_path)
    assert journal.length("a") == 187
    assert [row.offset for row in journal.read("a")] == list(range(187))
    # Outputs go back to the last commit that is explained by what is left.
    assert (journal.decided("a"), [position for position, _ in journal.outputs("a")][-1]) == (180, "179-0")
    assert (journal.length("b"), journal.letter_count()) == (1, 1)
    (notice,) = journal.notices
    assert "log of a was damaged: 13 records from offset 187 on and 2 outputs were cut off" in notice
    (side,) = tmp_path.glob("cut-a-187-*.jsonl")
    assert str(side) in notice
    kept = [json.loads(line) for line in side.read_text().splitlines()]
    assert [(row["offset"], row["good"]) for row in kept[:2]] == [(187, False), (188, True)]
    assert b64decode(kept[1]["line"]) == b'{"row":188}'
    assert [row["position"] for row in kept[13:]] == ["189-0", "199-0"]
    assert journal.append([("a", b"new")], 2_000) == [187]
    journal.record("a", 188, [("181-0", b"anew")])
    journal.close()
    again = SqliteJournal(tmp_path)
    assert again.notices == []
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log WHERE key = (SELECT min(key) + 187 FROM log)",
        "UPDATE log SET recorded_at = 999 WHERE key = (SELECT min(key) + 187 FROM log)",
        "DELETE FROM log WHERE key >= (SELECT min(key) + 187 FROM log) AND key < (SELECT min(key) + 200 FROM log)",
    ],
)
def test_holes_and_wrong_times_are_damage(tmp_path: Path, damage: str) -> None:
    filled(tmp_path)
    sql(tmp_path, damage)
    journal = SqliteJournal(tmp_path)
    assert (journal.length("a"), journal.decided("a"), len(journal.notices)) == (187, 180, 1)
    journal.close()


def test_a_damaged_output_is_decided_again(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "UPDATE outputs SET line = x'00' WHERE n = 169")
    journal = SqliteJournal(tmp_path)
    assert (journal.length("a"), journal.decided("a"), len(journal.notices)) == (200, 160, 1)
    assert [position for position, _ in journal.outputs("a")][-1] == "159-0"
    journal.close()


def test_damage_in_the_middle_is_named_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.journal.check.TAIL_ROWS", 50)
    filled(tmp_path)
    sql(tmp_path, "UPDATE log SET line = x'00' WHERE key = (SELECT min(key) + 20 FROM log)")
    journal = SqliteJournal(tmp_path)
    reading = journal.read("a", 10)
    assert [next(reading).offset for _ in range(10)] == list(range(10, 20))
    with pytest.raises(JournalDamagedError, match="offset 20 of a"):
        next(reading)
    assert len(list(journal.read("a", 21))) == 179
    journal.close()


@pytest.mark.parametrize("how", ["cut short", "overwritten"])
def test_a_broken_file_is_mended_as_far_as_it_can_be_read(tmp_path: Path, how: str) -> None:
    filled(tmp_path, 5_000)
    path = tmp_path / FILE
    size = path.stat().st_size
    with path.open("r+b") as file:
        if how == "cut short":
            file.truncate(size - 2 * 16_384)
        else:
            file.seek(size - 3 * 16_384)
            file.write(os.urandom(2 * 16_384))
    journal = SqliteJournal(tmp_path)
    rows = list(journal.read("a"))
    assert [row.offset for row in rows] == list(range(len(rows)))
    assert journal.decided("a") <= len(rows)
    assert any("was damaged" in notice for notice in journal.notices)
    assert list(tmp_path.glob(f"{FILE}.damaged-0"))
    assert journal.append([("a", b"goes on")], 3_000) == [len(rows)]
    journal.close()
    again = SqliteJournal(tmp_path)
    assert again.notices == []
    again.close()


def test_a_damaged_snapshot_is_passed_over_and_told(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.save_snapshot("a", 10, b"older" * 100)
    journal.save_snapshot("a", 20, b"newer" * 100)
    newest = max((tmp_path / "snapshots").iterdir())
    data = bytearray(newest.read_bytes())
    data[-3] ^= 1
    newest.write_bytes(data)
    assert journal.latest_snapshot("a") == (10, b"older" * 100)
    assert ["is damaged" in notice for notice in journal.notices] == [True]
    newest.write_bytes(b"")
    assert journal.latest_snapshot("a") == (10, b"older" * 100)
    journal.close()


# -- other files ------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("a diary of another kind, longer than an SQLite head\n" * 20)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(JournalError, match="not an SQLite file"):
        SqliteJournal(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    sql(tmp_path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(JournalError, match="no journal of Hallway"):
        SqliteJournal(tmp_path)
    SqliteJournal(tmp_path / "mine").close()  # the lock of the other is not left behind


def test_versions(tmp_path: Path) -> None:
    filled(tmp_path)
    newer = (*MIGRATIONS, "ALTER TABLE letters ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;")
    journal = SqliteJournal(tmp_path, migrations=newer)
    assert (journal.length("a"), journal.letters()[0].line) == (200, b"letter")
    journal.close()
    with pytest.raises(JournalError, match="version 2; this Hallway knows 1"):
        SqliteJournal(tmp_path)
