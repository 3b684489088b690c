"""Whether two names are one person's: pure functions.

Invariants: in doubt they are not, for a ticket with another name was passed on. An empty name is nobody's.
"""

import unicodedata

from services.directory.person_fields import name_form

_LEAST_CHARS = 6  # in shorter names one letter makes another person: Mia and Mai, Tia and Tina
_ACCENTS = 200  # combining classes from here on are accents; below are signs that make another letter


def is_same_name(first: str, second: str) -> bool:
    """Whether both are one name, but for case, accents, punctuation, and two swapped letters or one left out within a
    word. Another last letter is another name: Daniel and Daniela."""
    one, other = sorted((_plain(first), _plain(second)), key=len)
    return bool(one) and (one == other or _is_typing_error(one, other))


def is_part_of_name(first: str, second: str) -> bool:
    """Whether all words of one name are among the other's: Ada, and Ada Lovelace."""
    one, other = set(_plain(first).split()), set(_plain(second).split())
    return bool(one and other) and (one <= other or other <= one)


def _plain(name: str) -> str:
    signs = unicodedata.normalize("NFKD", name_form(name).casefold())
    bare = (" " if unicodedata.category(sign)[0] == "P" else sign for sign in signs if not _is_accent(sign))
    return " ".join("".join(bare).split())


def _is_accent(sign: str) -> bool:
    return unicodedata.combining(sign) >= _ACCENTS


def _is_typing_error(short: str, long: str) -> bool:
    start = next((at for at, signs in enumerate(zip(short, long, strict=False)) if len(set(signs)) > 1), len(short))
    rest, longer = short[start:], long[start:]
    if len(long) < _LEAST_CHARS or not longer[:2].isalpha() or len(longer) < 2:
        return False
    return rest == longer[1:] or rest == longer[1] + longer[0] + longer[2:]
