"""Dead letters: bounded in time and number, never the same number twice, and gone with all their bytes."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.journal import Journal, JournalFullError
from services.journal.memory import MemoryJournal
from services.journal.port import LETTER_DAYS, MOST_LETTER_BYTES, MOST_LETTERS
from services.journal.sqlite import SqliteJournal
from services.journal.sqlite.schema import LOCK_WAIT_S, MIGRATIONS, bare, prepare

NOW = 1_800_000_000_000


@pytest.fixture(params=["sqlite", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    made: Journal = SqliteJournal(tmp_path / "data") if request.param == "sqlite" else MemoryJournal()
    yield made
    made.close()


def kept(journal: Journal) -> list[tuple[int, bytes]]:
    return [(letter.number, letter.line) for letter in journal.letters()]


def test_the_old_ones_go_after_a_fortnight(journal: Journal) -> None:
    journal.append([], NOW, [b"old"])
    journal.append_letters([b"of an unknown time"])
    journal.append([], NOW + 1, [b"new"])
    assert journal.expire_letters(NOW + LETTER_DAYS * DAY_MS - 1) == 0
    assert journal.expire_letters(NOW + LETTER_DAYS * DAY_MS) == 1
    assert kept(journal) == [(2, b"of an unknown time"), (3, b"new")]
    assert journal.letters_gone() == {"old": 1}
    assert journal.expire_letters(NOW + 2 * LETTER_DAYS * DAY_MS) == 2
    assert (journal.letter_count(), journal.letters_gone()) == (0, {"old": 3})


def test_erased_ones_leave_their_numbers_to_nobody(journal: Journal) -> None:
    journal.append([], NOW, [b"a", b"b", b"c"])
    assert journal.drop_letters([2, 3, 99]) == 2
    journal.append([], NOW, [b"d"])
    assert kept(journal) == [(1, b"a"), (4, b"d")]
    assert (journal.letter(2), journal.letter_numbers(), journal.letter_count()) == (None, [1, 4], 2)
    assert journal.drop_letters([1, 4]) == 2
    journal.append([], NOW, [b"e"])
    assert (kept(journal), journal.letters_gone()) == ([(5, b"e")], {"erased": 4})
    assert journal.clean()


def test_too_many_push_out_the_oldest_and_are_counted(journal: Journal) -> None:
    for start in range(0, MOST_LETTERS, 1_000):
        journal.append([], NOW, [b"%d" % number for number in range(start, start + 1_000)])
    assert journal.letters_gone() == {}
    journal.append([], NOW, [b"one", b"more", b"three"])
    assert (journal.letter_count(), journal.letters(limit=1)[0].number) == (MOST_LETTERS, 4)
    assert journal.letters_gone() == {"many": 3}
    assert journal.letter(MOST_LETTERS + 3) is not None


def test_too_many_bytes_do_so_too(journal: Journal) -> None:
    large = b"x" * (MOST_LETTER_BYTES // 8)
    for _ in range(8):
        journal.append([], NOW, [large])
    assert journal.letter_count() == 8
    journal.append([], NOW, [b"y", large])
    assert journal.letter_numbers() == [3, 4, 5, 6, 7, 8, 9, 10]


def test_a_letter_is_sent_as_one_event_only(journal: Journal) -> None:
    journal.append([], NOW, [b"a", b"b"])
    assert journal.claim_letter(1, b"one")
    assert journal.claim_letter(1, b"one")  # after a crash: the log recognises it
    assert not journal.claim_letter(1, b"two")
    journal.settle_letter(1, None)
    assert journal.claim_letter(1, b"two")
    journal.settle_letter(1, NOW)
    assert not journal.claim_letter(1, b"two")
    assert not journal.claim_letter(99, b"one")
    assert [letter.sent for letter in journal.letters()] == [NOW, None]


def test_what_was_said_of_letters_outlives_a_restart(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path)
    first.append([], NOW, [b"a", b"b", b"c"])
    first.claim_letter(1, b"one")
    first.drop_letters([3])
    first.close()
    again = SqliteJournal(tmp_path)
    assert not again.claim_letter(1, b"two")
    again.append([], NOW, [b"d"])
    assert (again.letter_numbers(), again.letters_gone()) == ([1, 2, 4], {"erased": 1})
    again.close()


def test_no_byte_of_an_erased_letter_is_left_in_any_file(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    canary = b"qxcanaryzv"
    for round_ in range(20):  # many pages, merged and split by what goes in between
        letters = [(canary if n % 7 == 3 else b"somebody") * (1 + 37 * n % 300) for n in range(50)]
        journal.append([("c", b"event")] * 5, NOW + round_, letters)
        journal.expire_letters(NOW + LETTER_DAYS * DAY_MS)
        if round_ % 5 == 4:
            journal.drop_letters([number for number in journal.letter_numbers() if number % 11 == 0])
    named = [letter.number for letter in journal.letters(limit=1_000) if canary in letter.line]
    assert named
    journal.drop_letters(named)
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
    journal.drop_letters([1])
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
    assert (journal.letter_count(), journal.letters_gone()) == (0, {})


@pytest.fixture
def make_full() -> Callable[[], MemoryJournal]:
    return lambda: MemoryJournal(room_bytes=3)


def test_letters_of_an_older_file_begin_their_time_now(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(bare(path)) as older:
        prepare(older, path, MIGRATIONS[:1])
        older.execute("INSERT INTO letters VALUES (3, x'01'), (7, x'02')")
    journal = SqliteJournal(tmp_path)
    journal.append([], NOW, [b"new"])
    assert journal.letter_numbers() == [3, 7, 8]
    assert journal.expire_letters(NOW) == 0
    assert journal.expire_letters(NOW + LETTER_DAYS * DAY_MS) == 3
    journal.close()
