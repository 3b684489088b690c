"""Whose dead letters go when there are too many."""

import json
import time
from pathlib import Path

from services.journal.dead_letter_quotas import DeadLetterHead, find_over_quota
from services.journal.port import (
    MAX_DEAD_LETTER_BYTES,
    MAX_DEAD_LETTERS,
    MAX_DEAD_LETTERS_PER_CONFERENCE,
    MAX_DEAD_LETTERS_PER_SENDER,
)
from services.journal.sqlite import SqliteJournal


def line(sender: str, conference: str = "", text: str = "", seal: str = "") -> bytes:
    letter = {"source": sender, "bytes": text} | ({"conference": conference} if conference else {})
    return json.dumps(letter | ({"sealed": seal} if seal else {})).encode()


def test_heads_are_known_after_a_restart_and_by_their_seals(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path)
    first.append([], 0, [line("connector:a", "one", seal="k1"), line("connector:a", seal="k2"), b"of before"])
    first.close()
    second = SqliteJournal(tmp_path)
    assert (second.dead_letters_sealed_with({"k1", ""}), second.dead_letters_sealed_with({"k2"})) == ([1, 3], [2])
    assert second.erase_dead_letters([1]) == 1
    assert second.dead_letters_sealed_with({"k1", ""}) == [3]
    assert second.removed_dead_letters_of(["one"], "") == {"erased": 1}
    second.forget("one")
    assert second.removed_dead_letters_of(["one"], "") == {}
    second.close()


def heads(*groups: tuple[str, str, int, int]) -> dict[int, DeadLetterHead]:
    rows = [
        DeadLetterHead(sender, conference, "", size)
        for sender, conference, number, size in groups
        for _ in range(number)
    ]
    return dict(enumerate(rows))


def test_a_conference_has_a_quota_too() -> None:
    many = heads(*[(f"connector:{n}", "one", 900, 100) for n in range(3)], ("organizer:x", "two", 900, 100))
    gone = find_over_quota(many)
    assert len(gone) == 2_700 - MAX_DEAD_LETTERS_PER_CONFERENCE
    assert {many[number].conference for number in gone} == {"one"}


def test_nobody_below_an_equal_share_loses_one() -> None:
    full = [(f"connector:{n}", "", MAX_DEAD_LETTERS_PER_SENDER, 100) for n in range(10)]
    many = heads(("organizer:small", "", 500, 100), *full)
    gone = find_over_quota(many)
    assert len(gone) == 500
    assert "organizer:small" not in {many[number].sender for number in gone}
    puppets = heads(("organizer:small", "", 5, 80_000), *[(f"connector:{n}", "", 90, 85_000) for n in range(9)])
    gone = find_over_quota(puppets)
    assert sum(puppets[number].size for number in puppets if number not in gone) <= MAX_DEAD_LETTER_BYTES
    assert "organizer:small" not in {puppets[number].sender for number in gone}
    assert MAX_DEAD_LETTERS == 10 * MAX_DEAD_LETTERS_PER_SENDER


def test_it_is_decided_quickly() -> None:
    """Printed, not asserted: at the bound, as in a flood."""
    many = heads(*[(f"connector:{n}", f"c{n}", 1_001, 6_000) for n in range(10)])
    start_s = time.perf_counter()
    assert find_over_quota(many)
    print(f"\ndecided over {len(many):,} letters in {1000 * (time.perf_counter() - start_s):.1f} ms")  # noqa: T201
