"""A journal of SQLite that is killed while it forgets; one in memory that is full."""

from pathlib import Path

import pytest

from services.journal import JournalFullError
from services.journal.memory import MemoryJournal
from services.journal.sqlite import SqliteJournal


def lines(count: int, start: int = 0) -> list[bytes]:
    return [b'{"n":%d}' % n for n in range(start, start + count)]


def test_a_full_journal_in_memory_takes_nothing() -> None:
    journal = MemoryJournal(capacity_bytes=10)
    journal.append([("a", b"12345678")], 1)
    with pytest.raises(JournalFullError):
        journal.append([("a", b"1"), ("b", b"2"), ("b", b"3")], 2)
    assert (journal.length("a"), journal.length("b")) == (1, 0)
    journal.capacity_bytes = 100
    assert journal.append([("b", b"2")], 2) == [0]


def test_a_kill_in_the_middle_of_forgetting_is_gone_on_with(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    canary = b"qxcanaryzv"
    journal.append([(name, canary * 9) for _ in range(6_000) for name in ("over", "z")], 5)
    journal.record("over", 6_000, [(f"{n}-0", canary) for n in range(6_000)])
    journal.append([("other", line) for line in lines(20)], 5)
    journal.forget("z")
    journal.forget("over")
    journal.shrink()
    journal.close()
    again = SqliteJournal(tmp_path)
    assert (again.conferences(), again.notices) == (["other"], [])
    while again.shrink():
        pass
    assert again.clean()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and canary in path.read_bytes()]
    assert [row.line for row in again.read("other")] == lines(20)
    again.close()
