"""Sealed dead letters: one key a conference and day, the same again is the same."""

from base64 import b64encode

import msgspec
import pytest

from schemas.outputs import DeadLetter
from schemas.times import DAY_MS
from services.directory.port import LETTER_KEY_DAYS, Directory
from tests.directory.conftest import Clock


def letter(text: str, source: str = "connector:a", conference: str | None = "hims") -> DeadLetter:
    raw = b64encode(text.encode()).decode()
    reason = f"The type '{text}' is not known."
    return DeadLetter(reason=reason, field="type", source=source, position=1, bytes=raw, at=None, conference=conference)


def sealed(directory: Directory, *letters: DeadLetter) -> list[DeadLetter]:
    return [msgspec.json.decode(line, type=DeadLetter) for line in directory.letter_keys.seal(letters)]


class DeadLetterKeys:
    """Dead letters under keys."""

    def test_what_a_dead_letter_quotes_is_sealed_and_comes_back_whole(self, directory: Directory) -> None:
        for text in ("x:canary", "", "\0" * 70_000):
            made = letter(text)
            (line,) = directory.letter_keys.seal([made])
            assert b"canary" not in line
            assert made.bytes.encode() not in line or not text
            (found,) = sealed(directory, made)
            assert directory.letter_keys.unseal(found) == made
            assert directory.letter_keys.unseal(made) == made  # one that never was sealed

    def test_the_same_dead_letter_is_the_same_bytes_and_no_other_is(self, directory: Directory) -> None:
        one, again, other = sealed(directory, letter("one"), letter("one"), letter("two"))
        assert (one, one.bytes == other.bytes) == (again, False)
        assert one.bytes[:32] != other.bytes[:32]  # the nonces

    def test_a_key_is_of_one_conference_and_day_or_of_one_sender(self, directory: Directory, clock: Clock) -> None:
        mine = [letter("a"), letter("a", "connector:b")]
        others = [letter("a", conference="vive"), letter("a", conference=None), letter("a", "connector:b", None)]
        names = [each.sealed for each in sealed(directory, *mine, *others)]
        assert (names[0] == names[1], len(set(names))) == (True, 4)
        clock.now += DAY_MS
        assert sealed(directory, letter("a"))[0].sealed not in names
        assert [(key.conference, key.sender) for key in directory.letter_keys.all()].count(("hims", "")) == 2

    @pytest.mark.parametrize("damage", ["bytes", "sealed"])
    def test_one_that_somebody_else_wrote_is_none(self, directory: Directory, damage: str) -> None:
        (found,) = sealed(directory, letter("a"))
        changed = {"bytes": b64encode(b"x" * 60).decode(), "sealed": "not hexadecimal"}[damage]
        assert directory.letter_keys.unseal(msgspec.structs.replace(found, **{damage: changed})) is None

    def test_keys_go_with_their_dead_letters(self, directory: Directory, clock: Clock) -> None:
        (old,) = sealed(directory, letter("old"))
        clock.now += LETTER_KEY_DAYS * DAY_MS
        directory.purge_expired()
        assert directory.letter_keys.unseal(old) is not None
        clock.now += DAY_MS
        directory.purge_expired()
        assert directory.letter_keys.unseal(old) is None

    def test_dead_letters_go_with_their_key_and_no_others(self, directory: Directory) -> None:
        mine, other = sealed(directory, letter("a"), letter("a", conference="vive"))
        assert mine.sealed is not None
        assert other.sealed is not None
        directory.letter_keys.delete([mine.sealed])
        directory.erasing.finish()
        assert [directory.letter_keys.has(name) for name in (mine.sealed, other.sealed, "no name")] == [
            False,
            True,
            False,
        ]
        assert directory.letter_keys.unseal(mine) is None
        assert directory.letter_keys.unseal(other) is not None
        assert sealed(directory, letter("a"))[0].sealed != mine.sealed
