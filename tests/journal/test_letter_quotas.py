"""Whose letters go: a flood is its sender's own loss, in each store."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.journal import Journal
from services.journal.dead_letter_quotas import Head, too_many
from services.journal.memory import MemoryJournal
from services.journal.port import (
    MOST_LETTER_BYTES,
    MOST_LETTER_BYTES_A_SENDER,
    MOST_LETTERS,
    MOST_LETTERS_A_CONFERENCE,
    MOST_LETTERS_A_SENDER,
)
from services.journal.sqlite import SqliteJournal


@pytest.fixture(params=["sqlite", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    made: Journal = SqliteJournal(tmp_path / "data") if request.param == "sqlite" else MemoryJournal()
    yield made
    made.close()


def line(sender: str, conference: str = "", text: str = "", seal: str = "") -> bytes:
    letter = {"source": sender, "bytes": text} | ({"conference": conference} if conference else {})
    return json.dumps(letter | ({"sealed": seal} if seal else {})).encode()


def count(journal: Journal, sender: str) -> int:
    return sum(json.loads(letter.line)["source"] == sender for letter in journal.letters(limit=1_000))


def test_a_senders_flood_pushes_out_its_own_alone(journal: Journal) -> None:
    journal.append_letters([line("organizer:a", "one", str(number)) for number in range(10)])
    for start in range(0, 1_500, 500):
        journal.append_letters([line("connector:b", "one", str(number)) for number in range(start, start + 500)])
    assert (count(journal, "organizer:a"), journal.letter_count()) == (10, 10 + MOST_LETTERS_A_SENDER)
    assert journal.letters_gone() == {"many": 500}
    assert journal.letters_gone_of(["one"], "organizer:a") == {"many": 500}
    assert journal.letters_gone_of(["two"], "organizer:a") == {}


def test_long_ones_are_bounded_by_their_bytes(journal: Journal) -> None:
    long = "x" * 87_000
    journal.append_letters([line("organizer:a", "", "short")])
    for number in range(5):
        journal.append_letters([line("connector:b", "", f"{number}-{each}-{long}") for each in range(50)])
    sizes = [len(letter.line) for letter in journal.letters() if b"connector:b" in letter.line]
    assert sum(sizes) <= MOST_LETTER_BYTES_A_SENDER < sum(sizes) + 2 * len(long)
    assert count(journal, "organizer:a") == 1
    assert journal.letters_gone_of([], "connector:b") == {"many": 250 - len(sizes)}


def test_heads_are_known_after_a_restart_and_by_their_seals(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path)
    first.append_letters([line("connector:a", "one", seal="k1"), line("connector:a", seal="k2"), b"of before"])
    first.close()
    second = SqliteJournal(tmp_path)
    assert (second.letters_under({"k1", ""}), second.letters_under({"k2"})) == ([1, 3], [2])
    assert second.drop_letters([1]) == 1
    assert second.letters_under({"k1", ""}) == [3]
    assert second.letters_gone_of(["one"], "") == {"erased": 1}
    second.forget("one")
    assert second.letters_gone_of(["one"], "") == {}
    second.close()


def heads(*groups: tuple[str, str, int, int]) -> dict[int, Head]:
    rows = [Head(sender, conference, "", size) for sender, conference, number, size in groups for _ in range(number)]
    return dict(enumerate(rows))


def test_a_conference_has_a_quota_too() -> None:
    many = heads(*[(f"connector:{n}", "one", 900, 100) for n in range(3)], ("organizer:x", "two", 900, 100))
    gone = too_many(many)
    assert len(gone) == 2_700 - MOST_LETTERS_A_CONFERENCE
    assert {many[number].conference for number in gone} == {"one"}


def test_nobody_below_an_equal_share_loses_one() -> None:
    full = [(f"connector:{n}", "", MOST_LETTERS_A_SENDER, 100) for n in range(10)]
    many = heads(("organizer:small", "", 500, 100), *full)
    gone = too_many(many)
    assert len(gone) == 500
    assert "organizer:small" not in {many[number].sender for number in gone}
    puppets = heads(("organizer:small", "", 5, 80_000), *[(f"connector:{n}", "", 90, 85_000) for n in range(9)])
    gone = too_many(puppets)
    assert sum(puppets[number].size for number in puppets if number not in gone) <= MOST_LETTER_BYTES
    assert "organizer:small" not in {puppets[number].sender for number in gone}
    assert MOST_LETTERS == 10 * MOST_LETTERS_A_SENDER


def test_it_is_decided_quickly() -> None:
    """Printed, not asserted: at the bound, as in a flood."""
    many = heads(*[(f"connector:{n}", f"c{n}", 1_001, 6_000) for n in range(10)])
    start_s = time.perf_counter()
    assert too_many(many)
    print(f"\ndecided over {len(many):,} letters in {1000 * (time.perf_counter() - start_s):.1f} ms")  # noqa: T201
