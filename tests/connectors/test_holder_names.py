"""Which names are one person's: in doubt none are."""

import pytest

from services.connectors.holder_names import is_part_of_name, is_same_name


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ada Example", "ADA  example"),
        ("Ada Exampel", "Ada Example"),
        ("Ada Exmple", "Ada Example"),
        ("Zoë Müller", "Zoe Muller"),
        ("Ada Lovelace-Example", "Ada Lovelace Example"),
        ("J. Doe", "J Doe"),
        ("Ада Пример", "Ада Приемр"),
    ],
)
def test_a_corrected_name_is_the_same(first: str, second: str) -> None:
    assert is_same_name(first, second)
    assert is_same_name(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        ("", "Ada"),
        ("...", "---"),
        ("Ada", "Zoe"),
        ("Bob", "Bobby"),
        ("Mia", "Mai"),
        ("Daniel Example", "Daniela Example"),
        ("Maria Example", "Marie Example"),
        ("Jan Example", "Jana Example"),
        ("Guest 1", "Guest 2"),
        ("Guest 12", "Guest 21"),
        ("Ada Example", "Ada Other"),
        ("Müller", "Anna Müller"),
        ("かき", "がき"),
    ],
)
def test_another_name_is_another_persons(first: str, second: str) -> None:
    assert not is_same_name(first, second)
    assert not is_same_name(second, first)


def test_a_part_of_a_name_is_all_words_of_one() -> None:
    assert is_part_of_name("Ada", "Ada Lovelace-Example")
    assert is_part_of_name("Example, Ada", "Ada Example")
    assert not is_part_of_name("Ada Example", "Ada Lovelace")
    assert not is_part_of_name("", "Ada")
    assert not is_part_of_name("Ad", "Ada")
