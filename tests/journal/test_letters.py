"""Dead letters in files: gone with all their bytes, and what was said of them outlives a restart."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.journal import JournalFullError
from services.journal.memory import MemoryJournal
from services.journal.port import DEAD_LETTER_DAYS
from services.journal.sqlite import SqliteJournal
from services.journal.sqlite.schema import LOCK_WAIT_S, MIGRATIONS, open_database, prepare

NOW = 1_800_000_000_000


def test_a_dead_letter_is_sent_as_one_event_only(tmp_path: Path) -> None:
    """Whoever is killed between any two steps finds what was claimed and what was settled."""

    def after_a_restart(claim: bytes) -> bool:
        journal = SqliteJournal(tmp_path)
        try:
            return journal.claim_dead_letter(1, claim)
        finally:
            journal.close()

    def settle(sent: int | None) -> None:
        journal = SqliteJournal(tmp_path)
        journal.settle_dead_letter(1, sent)
        journal.close()

    first = SqliteJournal(tmp_path)
    first.append([], NOW, [b"a"])
    first.close()
    assert [after_a_restart(claim) for claim in (b"one", b"one", b"two")] == [True, True, False]
    settle(None)
    assert [after_a_restart(claim) for claim in (b"two", b"one")] == [True, False]
    settle(NOW)
    assert [after_a_restart(claim) for claim in (b"two", b"one")] == [False, False]


def test_what_was_said_of_dead_letters_outlives_a_restart(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path)
    first.append([], NOW, [b"a", b"b", b"c"])
    first.claim_dead_letter(1, b"one")
    first.erase_dead_letters([3])
    first.close()
    again = SqliteJournal(tmp_path)
    assert not again.claim_dead_letter(1, b"two")
    again.append([], NOW, [b"d"])
    assert (again.dead_letter_numbers(), again.removed_dead_letters()) == ([1, 2, 4], {"erased": 1})
    again.close()


def test_no_byte_of_an_erased_dead_letter_is_left_in_any_file(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    canary = b"qxcanaryzv"
    for round_ in range(20):  # many pages, merged and split by what goes in between
        letters = [(canary if n % 7 == 3 else b"somebody") * (1 + 37 * n % 300) for n in range(50)]
        journal.append([("c", b"event")] * 5, NOW + round_, letters)
        journal.expire_dead_letters(NOW + DEAD_LETTER_DAYS * DAY_MS)
        if round_ % 5 == 4:
            journal.erase_dead_letters([number for number in journal.dead_letter_numbers() if number % 11 == 0])
    named = [letter.number for letter in journal.dead_letters(limit=1_000) if canary in letter.line]
    assert named
    journal.erase_dead_letters(named)
    assert journal.clean()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and canary in path.read_bytes()]
    assert journal.length("c") == 100
    journal.close()


def test_a_reader_from_outside_is_told_not_waited_for(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.append([], NOW, [b"a"])
    reader = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM letters").fetchall()
    journal.erase_dead_letters([1])
    began = time.monotonic()
    assert not journal.clean()
    assert time.monotonic() - began < LOCK_WAIT_S / 2  # or every append would wait as long
    reader.close()
    assert journal.clean()
    journal.close()


def test_a_full_journal_keeps_its_count(make_full: Callable[[], MemoryJournal]) -> None:
    journal = make_full()
    with pytest.raises(JournalFullError):
        journal.append([], NOW, [b"12345"])
    assert (journal.dead_letter_count(), journal.removed_dead_letters()) == (0, {})


@pytest.fixture
def make_full() -> Callable[[], MemoryJournal]:
    return lambda: MemoryJournal(capacity_bytes=3)


def test_dead_letters_of_an_older_file_begin_their_time_now(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(open_database(path)) as older:
        prepare(older, path, MIGRATIONS[:1])
        older.execute("INSERT INTO letters VALUES (3, x'01'), (7, x'02')")
    journal = SqliteJournal(tmp_path)
    journal.append([], NOW, [b"new"])
    assert journal.dead_letter_numbers() == [3, 7, 8]
    assert journal.expire_dead_letters(NOW) == 0
    assert journal.expire_dead_letters(NOW + DEAD_LETTER_DAYS * DAY_MS) == 3
    journal.close()
