"""Folds texts for the comparison of names: case, compatibility forms and invisible characters do not matter.

Invariants: ``fold`` is idempotent; an ASCII text only changes its case.
Source: Unicode's NFKC_Casefold (UAX #31, "Identifier caseless matching"): compatibility forms, case, and default
ignorable code points (DerivedCoreProperties.txt). Beyond it: a dotted capital I is an i (its dot, U+0307, is left out),
and two more signs that cannot be seen.
"""

import re
import unicodedata
from collections.abc import Collection

# Default_Ignorable_Code_Point: soft hyphen, joiners, zero-width spaces, bidi marks, fillers, variation selectors, tags.
# And what is left of an emoji's keycap (U+20E3) and the Braille blank (U+2800), which nobody can see either.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u2800\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ROUNDS = 4  # two suffice for every text found so far; the last one only confirms that nothing changes
# Scripts with lookalike letters; Unicode's "moderately restrictive" level (UTS #39) does not let them mix.
_LOOKALIKE = ("LATIN", "CYRILLIC", "GREEK")


def fold(text: str) -> str:
    """The folded form of a text, by which names are compared."""
    if text.isascii():
        return text.lower()
    for _ in range(_ROUNDS):
        folded = _fold_once(text)
        if folded == text:
            break
        text = folded
    return text


def _fold_once(text: str) -> str:
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFKC", visible.casefold().replace("i\u0307", "i"))


def strip_invisible(text: str) -> str:
    """The text without invisible characters."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def trim(text: str, categories: Collection[str], more: str = "") -> str:
    """The text without leading and trailing white space, characters of these general categories, and ``more``."""
    start, end = 0, len(text)

    def is_trimmed(sign: str) -> bool:
        return sign.isspace() or sign in more or unicodedata.category(sign) in categories

    while start < end and is_trimmed(text[start]):
        start += 1
    while end > start and is_trimmed(text[end - 1]):
        end -= 1
    return text[start:end]


def lookalike_scripts(text: str) -> list[str]:
    """Which of the lookalike scripts the letters belong to: ``["Latin", "Cyrillic"]`` is suspicious."""
    if text.isascii():
        return []
    found = {unicodedata.name(sign, "").partition(" ")[0] for sign in text if sign.isalpha()}
    return [script.title() for script in _LOOKALIKE if script in found]
