"""Erasing a person in the dead letters: a letter that names them goes, whole.

Owns: by what a letter names somebody. May never: leave one because it is not well-formed: that is why it is a letter.
Theory: the bytes are read as text in the forms in which somebody's words may come (escaped, other case, two bytes a
sign) and searched for the attendee's id, accounts, address and name; of letters there are so few that all are looked
at. Rather one letter too many: its sender was told at once that it was not taken.
"""

import re
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator

import msgspec

from schemas.folding import fold
from schemas.names import spellings
from schemas.outputs import DeadLetter
from services.directory.directory import SqliteDirectory
from services.journal import Journal
from services.journal.port import BATCH_ROWS

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(r"[\w:.+\-]+")
_SHORT = 3  # a name of so few characters is in too many texts


def erase_letters(directory: SqliteDirectory, journal: Journal, conference: str, attendees: Iterable[str]) -> int:
    """Erases the letters that name any of these; how many. Call it while the directory still knows them."""
    names = {name for attendee in attendees for name in _names(directory, conference, attendee)}
    words = {name for name in names if _WORD.fullmatch(name)}
    return drop(directory, journal, list(_naming(journal, words, names - words)))


def drop(directory: SqliteDirectory, journal: Journal, numbers: Iterable[int]) -> int:
    """Erases letters; how many. Their keys first: with those they cannot be read in a topic either."""
    letters = [letter for number in numbers if (letter := journal.letter(number)) is not None]
    directory.letter_keys.take_out([letter.line.decode("utf-8", "replace") for letter in letters])
    return journal.drop_letters([letter.number for letter in letters])


def _names(directory: SqliteDirectory, conference: str, attendee: str) -> Iterator[str]:
    tokens = directory.accounts.held_by(conference, attendee)
    person = directory.people.get(conference, attendee)
    accounts = directory.accounts.accounts_of(tokens).values()
    known = [attendee, *tokens, *[spelling for account in accounts for spelling in spellings(account)]]
    known += [f"/{account.partition(':')[2].partition('@')[0]}" for account in accounts]  # in a link to the profile
    if person is not None:
        known += [person.email, person.name if len(person.name) > _SHORT else ""]
    yield from (_plain(name) for name in known if name)


def _naming(journal: Journal, words: set[str], phrases: Collection[str]) -> Iterator[int]:
    after = 0
    while found := journal.letters(after, BATCH_ROWS):
        for letter in found:
            text = _text(b64decode(msgspec.json.decode(letter.line, type=DeadLetter).bytes))
            if not words.isdisjoint(_words(text)) or any(phrase in text for phrase in phrases):
                yield letter.number
            after = letter.number


def _text(raw: bytes) -> str:
    return _plain(_ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), raw.replace(b"\0", b"").decode("utf-8", "replace")))


def _words(text: str) -> Iterator[str]:
    """The words, and what comes after each colon in one: ``actor:x:ada`` names ``x:ada``."""
    for word in _WORD.findall(text):
        rest = word.strip(".:-+")
        while rest:
            yield rest
            rest = rest.partition(":")[2]


def _plain(text: str) -> str:
    """As names are compared; without the signs that may stand before a handle."""
    return fold(text).replace("@", "")
