"""The keys of dead letters that lie where nothing can be taken out: who loses its key, loses the letter.

Owns: the table letter_keys. May never: hold a letter, or give a key again that was taken out.
Theory: a letter's name is a keyed digest of its text, so it can be found again by the text alone, and the same text
once more has the same key: there is never another text under it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from services.directory.database import Database
from services.directory.port import day
from services.directory.sealing import new_keys
from services.directory.secret import Secret

KEY_DAYS = 15  # a letter lives 14
MOST_KEYS = 20_000  # twice as many as letters are kept; a flood of bad lines shall not fill the file
_NAME_BYTES = 16


class LetterKey(NamedTuple):
    """Under which name a letter's key is found again."""

    name: str
    key: bytes


class LetterKeys:
    """Keys by the names of letters."""

    def __init__(self, base: Database, secret: Secret, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._clock = base, secret, clock

    def of(self, letters: Sequence[str]) -> list[LetterKey]:
        """A key for each; made where there is none. They are on the disk."""
        today, made = day(self._clock()), []
        with self._base.write():
            for letter, key in zip(letters, new_keys(len(letters)), strict=True):
                name = self._name(letter)
                sql = (
                    "INSERT INTO letter_keys (name, key, day) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET day = ?"
                )
                ((kept,),) = self._base.read(f"{sql} RETURNING key", (name, key, today, today))
                made.append(LetterKey(name.hex(), kept))
            oldest = "DELETE FROM letter_keys WHERE number <= (SELECT max(number) FROM letter_keys) - ?"
            self._base.run(oldest, (MOST_KEYS,))
        return made

    def find(self, name: str) -> bytes | None:
        """The key of that name; None: it is gone, or never was here."""
        found = self._base.read("SELECT key FROM letter_keys WHERE name = ?", (bytes.fromhex(name),))
        return found[0][0] if found else None

    def take_out(self, letters: Sequence[str]) -> None:
        """These letters cannot be read any more; their keys' bytes go with the next cleaning."""
        self._base.run_all("DELETE FROM letter_keys WHERE name = ?", [(self._name(letter),) for letter in letters])

    def expire(self) -> None:
        """Takes out those whose letters are too old."""
        self._base.run("DELETE FROM letter_keys WHERE day < ?", (day(self._clock()) - KEY_DAYS,))

    def _name(self, letter: str) -> bytes:
        return self._secret.digest("letter", letter, _NAME_BYTES)
