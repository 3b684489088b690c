"""The port of dead letters: bounded in time and number, no number twice, and a flood is its sender's own loss."""

import json

from schemas.times import DAY_MS
from services.journal import Journal
from services.journal.port import (
    DEAD_LETTER_DAYS,
    MAX_DEAD_LETTER_BYTES,
    MAX_DEAD_LETTER_BYTES_PER_SENDER,
    MAX_DEAD_LETTERS,
    MAX_DEAD_LETTERS_PER_SENDER,
)

NOW = 1_800_000_000_000


def kept(journal: Journal) -> list[tuple[int, bytes]]:
    return [(letter.number, letter.line) for letter in journal.dead_letters()]


def line(sender: str, conference: str = "", text: str = "", seal: str = "") -> bytes:
    letter = {"source": sender, "bytes": text} | ({"conference": conference} if conference else {})
    return json.dumps(letter | ({"sealed": seal} if seal else {})).encode()


def count(journal: Journal, sender: str) -> int:
    return sum(json.loads(letter.line)["source"] == sender for letter in journal.dead_letters(limit=1_000))


class TestDeadLetters:
    """What every journal promises of its dead letters."""

    def test_dead_letters_by_page(self, journal: Journal) -> None:
        journal.append([], 0, [b"first", b"second"])
        journal.append([("a", b"0")], 1, [b"third"])
        assert journal.dead_letter_count() == 3
        first = journal.dead_letters(limit=2)
        assert [letter.line for letter in first] == [b"first", b"second"]
        assert [letter.line for letter in journal.dead_letters(first[-1].number)] == [b"third"]

    def test_the_old_ones_go_after_a_fortnight(self, journal: Journal) -> None:
        journal.append([], NOW, [b"old"])
        journal.append([], 0, [b"of an unknown time"])
        journal.append([], NOW + 1, [b"new"])
        assert journal.expire_dead_letters(NOW + DEAD_LETTER_DAYS * DAY_MS - 1) == 0
        assert journal.expire_dead_letters(NOW + DEAD_LETTER_DAYS * DAY_MS) == 1
        assert kept(journal) == [(2, b"of an unknown time"), (3, b"new")]
        assert journal.removed_dead_letters() == {"old": 1}
        assert journal.expire_dead_letters(NOW + 2 * DEAD_LETTER_DAYS * DAY_MS) == 2
        assert (journal.dead_letter_count(), journal.removed_dead_letters()) == (0, {"old": 3})

    def test_erased_ones_leave_their_numbers_to_nobody(self, journal: Journal) -> None:
        journal.append([], NOW, [b"a", b"b", b"c"])
        assert journal.erase_dead_letters([2, 3, 99]) == 2
        journal.append([], NOW, [b"d"])
        assert kept(journal) == [(1, b"a"), (4, b"d")]
        assert (journal.dead_letter(2), journal.dead_letter_numbers(), journal.dead_letter_count()) == (None, [1, 4], 2)
        assert journal.erase_dead_letters([1, 4]) == 2
        journal.append([], NOW, [b"e"])
        assert (kept(journal), journal.removed_dead_letters()) == ([(5, b"e")], {"erased": 4})
        assert journal.clean()

    def test_too_many_push_out_the_oldest_and_are_counted(self, journal: Journal) -> None:
        for start in range(0, MAX_DEAD_LETTERS, 1_000):
            journal.append([], NOW, [b"%d" % number for number in range(start, start + 1_000)])
        assert journal.removed_dead_letters() == {}
        journal.append([], NOW, [b"one", b"more", b"three"])
        assert (journal.dead_letter_count(), journal.dead_letters(limit=1)[0].number) == (MAX_DEAD_LETTERS, 4)
        assert journal.removed_dead_letters() == {"many": 3}
        assert journal.dead_letter(MAX_DEAD_LETTERS + 3) is not None

    def test_too_many_bytes_do_so_too(self, journal: Journal) -> None:
        large = b"x" * (MAX_DEAD_LETTER_BYTES // 8)
        for _ in range(8):
            journal.append([], NOW, [large])
        assert journal.dead_letter_count() == 8
        journal.append([], NOW, [b"y", large])
        assert journal.dead_letter_numbers() == [3, 4, 5, 6, 7, 8, 9, 10]

    def test_a_dead_letter_is_sent_as_one_event_only(self, journal: Journal) -> None:
        journal.append([], NOW, [b"a", b"b"])
        assert journal.claim_dead_letter(1, b"one")
        assert journal.claim_dead_letter(1, b"one")  # after a crash: the log recognises it
        assert not journal.claim_dead_letter(1, b"two")
        journal.settle_dead_letter(1, None)
        assert journal.claim_dead_letter(1, b"two")
        journal.settle_dead_letter(1, NOW)
        assert not journal.claim_dead_letter(1, b"two")
        assert not journal.claim_dead_letter(99, b"one")
        assert [letter.sent for letter in journal.dead_letters()] == [NOW, None]

    def test_a_senders_flood_pushes_out_its_own_alone(self, journal: Journal) -> None:
        journal.append([], 0, [line("organizer:a", "one", str(number)) for number in range(10)])
        for start in range(0, 1_500, 500):
            journal.append([], 0, [line("connector:b", "one", str(number)) for number in range(start, start + 500)])
        assert (count(journal, "organizer:a"), journal.dead_letter_count()) == (10, 10 + MAX_DEAD_LETTERS_PER_SENDER)
        assert journal.removed_dead_letters() == {"many": 500}
        assert journal.removed_dead_letters_of(["one"], "organizer:a") == {"many": 500}
        assert journal.removed_dead_letters_of(["two"], "organizer:a") == {}

    def test_long_ones_are_bounded_by_their_bytes(self, journal: Journal) -> None:
        long = "x" * 87_000
        journal.append([], 0, [line("organizer:a", "", "short")])
        for number in range(5):
            journal.append([], 0, [line("connector:b", "", f"{number}-{each}-{long}") for each in range(50)])
        sizes = [len(letter.line) for letter in journal.dead_letters() if b"connector:b" in letter.line]
        assert sum(sizes) <= MAX_DEAD_LETTER_BYTES_PER_SENDER < sum(sizes) + 2 * len(long)
        assert count(journal, "organizer:a") == 1
        assert journal.removed_dead_letters_of([], "connector:b") == {"many": 250 - len(sizes)}

    def test_they_are_found_by_their_seals_and_counted_by_their_conferences(self, journal: Journal) -> None:
        journal.append([], 0, [line("connector:a", "one", seal="k1"), line("connector:a", seal="k2"), b"of before"])
        assert (journal.dead_letters_sealed_with({"k1", ""}), journal.dead_letters_sealed_with({"k2"})) == ([1, 3], [2])
        assert journal.erase_dead_letters([1]) == 1
        assert journal.dead_letters_sealed_with({"k1", ""}) == [3]
        assert journal.removed_dead_letters_of(["one"], "") == {"erased": 1}
        journal.forget("one")
        assert journal.removed_dead_letters_of(["one"], "") == {}
