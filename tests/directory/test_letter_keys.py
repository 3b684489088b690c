"""Sealed letters: one key a conference and day, the same again is the same, and nothing is left when the key goes."""

from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

from schemas.outputs import DeadLetter
from schemas.times import DAY_MS
from services.directory.port import LETTER_KEY_DAYS
from services.directory.sqlite import SqliteDirectory
from tests.directory.conftest import Clock
from tests.directory.raw import left


def letter(text: str, source: str = "connector:a", conference: str | None = "hims") -> DeadLetter:
    raw = b64encode(text.encode()).decode()
    reason = f"The type '{text}' is not known."
    return DeadLetter(reason=reason, field="type", source=source, position=1, bytes=raw, at=None, conference=conference)


def sealed(directory: SqliteDirectory, *letters: DeadLetter) -> list[DeadLetter]:
    return [msgspec.json.decode(line, type=DeadLetter) for line in directory.letter_keys.seal(letters)]


def test_what_a_letter_quotes_is_sealed_and_comes_back_whole(directory: SqliteDirectory) -> None:
    for text in ("x:canary", "", "\0" * 70_000):
        made = letter(text)
        (line,) = directory.letter_keys.seal([made])
        assert b"canary" not in line
        assert made.bytes.encode() not in line or not text
        (found,) = sealed(directory, made)
        assert directory.letter_keys.opened(found) == made
        assert directory.letter_keys.opened(made) == made  # one that never was sealed


def test_the_same_letter_is_the_same_bytes_and_no_other_is(directory: SqliteDirectory) -> None:
    one, again, other = sealed(directory, letter("one"), letter("one"), letter("two"))
    assert (one, one.bytes == other.bytes) == (again, False)
    assert one.bytes[:32] != other.bytes[:32]  # the nonces


def test_a_key_is_of_one_conference_and_day_or_of_one_sender(directory: SqliteDirectory, clock: Clock) -> None:
    mine = [letter("a"), letter("a", "connector:b")]
    others = [letter("a", conference="vive"), letter("a", conference=None), letter("a", "connector:b", None)]
    names = [each.sealed for each in sealed(directory, *mine, *others)]
    assert (names[0] == names[1], len(set(names))) == (True, 4)
    clock.now += DAY_MS
    assert sealed(directory, letter("a"))[0].sealed not in names
    assert [(key.conference, key.sender) for key in directory.letter_keys.listed()].count(("hims", "")) == 2


def test_without_its_key_nobody_reads_it(on_file: SqliteDirectory, folder: Path) -> None:
    mine, other = sealed(on_file, letter("a"), letter("a", conference="vive"))
    assert mine.sealed is not None
    (kept,) = on_file._base.read("SELECT key FROM letter_keys WHERE name = ?", (bytes.fromhex(mine.sealed),))
    on_file.letter_keys.take_out([mine.sealed])
    on_file.erasing.finish()
    assert (on_file.letter_keys.opened(mine), on_file.letter_keys.has(mine.sealed)) == (None, False)
    assert on_file.letter_keys.opened(other) is not None
    assert not any(kept[0] in path.read_bytes() for path in folder.iterdir())
    assert left(folder, [mine.sealed]) == []
    assert sealed(on_file, letter("a"))[0].sealed != mine.sealed


@pytest.mark.parametrize("damage", ["bytes", "sealed"])
def test_one_that_somebody_else_wrote_is_none(directory: SqliteDirectory, damage: str) -> None:
    (found,) = sealed(directory, letter("a"))
    changed = {"bytes": b64encode(b"x" * 60).decode(), "sealed": "not hexadecimal"}[damage]
    assert directory.letter_keys.opened(msgspec.structs.replace(found, **{damage: changed})) is None


def test_keys_go_with_their_letters(directory: SqliteDirectory, clock: Clock) -> None:
    (old,) = sealed(directory, letter("old"))
    clock.now += LETTER_KEY_DAYS * DAY_MS
    directory.tidy()
    assert directory.letter_keys.opened(old) is not None
    clock.now += DAY_MS
    directory.tidy()
    assert directory.letter_keys.opened(old) is None
