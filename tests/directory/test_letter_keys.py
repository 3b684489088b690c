"""Keys of dead letters: found by a letter's text alone, and gone when they are taken out."""

import pytest

from schemas.times import DAY_MS
from services.directory import letter_keys
from services.directory.directory import SqliteDirectory
from tests.directory.conftest import Clock


def test_the_same_letter_has_the_same_key_until_it_is_taken_out(directory: SqliteDirectory) -> None:
    keys = directory.letter_keys
    one, other, again = keys.of(["one", "other", "one"])
    assert (again, one.name == other.name, one.key == other.key) == (one, False, False)
    assert [keys.find(each.name) for each in (one, other)] == [one.key, other.key]
    keys.take_out(["one", "never there"])
    assert [keys.find(each.name) for each in (one, other)] == [None, other.key]
    (new,) = keys.of(["one"])
    assert (new.name, new.key == one.key) == (one.name, False)


def test_they_go_with_their_letters(directory: SqliteDirectory, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = directory.letter_keys
    (old,) = keys.of(["old"])
    clock.now += letter_keys.KEY_DAYS * DAY_MS
    directory.tidy()
    assert keys.find(old.name) == old.key
    clock.now += DAY_MS
    directory.tidy()
    assert keys.find(old.name) is None
    monkeypatch.setattr(letter_keys, "MOST_KEYS", 3)
    made = keys.of([str(number) for number in range(5)])
    assert [keys.find(each.name) is None for each in made] == [True, True, False, False, False]
