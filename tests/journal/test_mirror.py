"""A copy of logs kept elsewhere: rows and places together, or not at all."""

import sqlite3
from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.journal import JournalFullError, ReplicatedRow
from services.journal.port import DEAD_LETTER_DAYS
from services.journal.sqlite import SqliteJournal, SqliteReadReplica

ROWS = [ReplicatedRow("a", 10, b"0"), ReplicatedRow("b", 9, b"1"), ReplicatedRow("a", 8, b"2")]


def test_rows_and_places_are_kept_together_and_time_never_falls(tmp_path: Path) -> None:
    journal = SqliteReadReplica(tmp_path)
    assert journal.next_offsets() == {}
    assert journal.replicate(ROWS, [(5, b"letter")], {"log/0": 3, "letters/0": 1}) == [(0, 10), (0, 9), (1, 10)]
    assert journal.replicate([ReplicatedRow("a", 20, b"3")], [], {"log/0": 4}) == [(2, 20)]
    journal.close()
    again = SqliteReadReplica(tmp_path)
    assert again.next_offsets() == {"log/0": 4, "letters/0": 1}
    assert [tuple(row) for row in again.read("a")] == [(0, 10, b"0"), (1, 10, b"2"), (2, 20, b"3")]
    assert ([letter.line for letter in again.dead_letters()], again.notices) == ([b"letter"], [])
    again.close()


def test_what_is_erased_goes_in_the_same_step_and_leaves_no_byte(tmp_path: Path) -> None:
    journal = SqliteReadReplica(tmp_path)
    journal.replicate([ReplicatedRow("a", 10, b"canary" * 50) for _ in range(500)] + ROWS, [], {"log/0": 503})
    journal.save_snapshot("a", 500, b"state")
    assert journal.replicate([ReplicatedRow("b", 30, b"4")], [], {"log/0": 505}, ["a"]) == [(1, 30)]
    assert (journal.conferences(), journal.length("a"), journal.latest_snapshot("a")) == (["b"], 0, None)
    while journal.shrink():
        pass
    assert journal.clean()
    assert not any(b"canary" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    journal.close()
    again = SqliteReadReplica(tmp_path)
    assert (again.notices, again.erased(), again.next_offsets()) == ([], {"a"}, {"log/0": 505})
    assert [row.line for row in again.read("b")] == [b"1", b"4"]
    again.close()


def test_half_a_step_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = SqliteReadReplica(tmp_path)
    journal.replicate(ROWS, [], {"log/0": 3})

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def failing() -> None:
        monkeypatch.setattr("services.journal.sqlite.replica.insert", full)
        journal.replicate([ReplicatedRow("a", 30, b"x"), ReplicatedRow("new", 30, b"y")], [], {"log/0": 5})

    with pytest.raises(Exception, match="full"):
        failing()
    monkeypatch.undo()
    assert (journal.length("a"), journal.length("new"), journal.next_offsets()) == (2, 0, {"log/0": 3})
    assert journal.replicate([ReplicatedRow("new", 40, b"z")], [], {"log/0": 4}) == [(0, 40)]
    journal.close()


def test_a_copy_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    journal = SqliteReadReplica(tmp_path)
    journal.replicate(ROWS, [], {"log/0": 3})
    journal.save_snapshot("a", 2, b"state")
    journal.close()
    with sqlite3.connect(tmp_path / "journal.db") as db:
        db.execute("DELETE FROM log WHERE line = ?", (b"2",))
    again = SqliteReadReplica(tmp_path)
    assert (again.conferences(), again.next_offsets(), again.latest_snapshot("a")) == ([], {}, None)
    assert "is rebuilt" in again.notices[-1]
    assert again.replicate(ROWS, [], {"log/0": 3}) == [(0, 10), (0, 9), (1, 10)]
    again.close()


def test_dead_letters_go_when_the_oldest_of_their_step_must(tmp_path: Path) -> None:
    journal = SqliteReadReplica(tmp_path)
    journal.replicate([], [(2, b"two"), (1, b"one")], {"letters/0": 2})
    journal.replicate([], [(DAY_MS, b"later")], {"letters/0": 3})
    assert [(letter.number, letter.came) for letter in journal.dead_letters()] == [(1, 1), (2, 1), (3, DAY_MS)]
    journal.expire_dead_letters(DEAD_LETTER_DAYS * DAY_MS + 1)
    assert [letter.line for letter in journal.dead_letters()] == [b"later"]
    journal.close()


def test_a_copy_is_read_as_any_journal(tmp_path: Path) -> None:
    journal = SqliteReadReplica(tmp_path)
    journal.replicate(ROWS, [], {"log/0": 3})
    journal.close()
    plain = SqliteJournal(tmp_path)
    assert [row.line for row in plain.read("a")] == [b"0", b"2"]
    plain.close()


def test_a_full_disk_is_reported_as_such(tmp_path: Path) -> None:
    journal = SqliteReadReplica(tmp_path)
    journal._db.execute("PRAGMA max_page_count=20")
    with pytest.raises(JournalFullError):
        journal.replicate([ReplicatedRow("a", 1, b"x" * 1_000_000)], [], {"log/0": 1})
    assert (journal.length("a"), journal.next_offsets()) == (0, {})
    journal.close()
