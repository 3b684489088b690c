"""The keys of dead letters, one for each conference and day, and sealing with them.

Responsibility: the table letter_keys.
Invariants: what a letter quotes of its line (its bytes, and the reason, which may name a value) cannot be read anywhere
without the key. Deleting a key deletes its letters in effect, wherever copies of them are: in the journal's file, in
backups, in a topic whose records cannot be deleted. A letter without a conference has a key of its sender's.
Why: nobody can say how bytes that could not be parsed spell a name (in a URL, with ``%40``, in base64), so an erasure
deletes keys and does not search for words. See ADR 17.
"""

import secrets
from collections.abc import Callable, Collection, Sequence

from schemas.codec import encode_output
from schemas.outputs import DeadLetter
from services.directory.dead_letter_boxes import KEY_BYTES, NAME_BYTES, seal_letter, unseal_letter
from services.directory.port import LETTER_KEY_DAYS, LetterKey, day
from services.directory.sqlite.database import Database


class SqliteDeadLetterKeys:
    """The keys of dead letters, and sealing with them."""

    def __init__(self, base: Database, clock: Callable[[], int]) -> None:
        self._base, self._clock = base, clock

    def seal(self, letters: Sequence[DeadLetter]) -> list[bytes]:
        """The letters as sealed lines; their keys are durable on return. Call it in a thread."""
        with self._base.write():
            return [encode_output(self._sealed(letter)) for letter in letters]

    def unseal(self, letter: DeadLetter) -> DeadLetter | None:
        """The letter as it was; None where its key was deleted. A letter that was never sealed is returned as it is."""
        if letter.sealed is None:
            return letter
        key = self._key(letter.sealed)
        if key is None:
            return None
        return unseal_letter(letter, key)

    def has(self, name: str) -> bool:
        """Whether letters under this key can be opened."""
        return self._key(name) is not None

    def all(self) -> list[LetterKey]:
        """All keys."""
        rows = self._base.read("SELECT name, conference, sender, day FROM letter_keys ORDER BY day, name")
        return [LetterKey(name.hex(), *rest) for name, *rest in rows]

    def delete(self, names: Collection[str]) -> None:
        """Deletes keys, so that their letters cannot be read any more; the bytes go with the next cleaning."""
        with self._base.write():
            self._base.run_all("DELETE FROM letter_keys WHERE name = ?", [(bytes.fromhex(name),) for name in names])

    def expire(self) -> None:
        """Deletes the keys of expired letters."""
        self._base.run("DELETE FROM letter_keys WHERE day < ?", (day(self._clock()) - LETTER_KEY_DAYS,))

    def _sealed(self, letter: DeadLetter) -> DeadLetter:
        name, key = self._of(letter.conference or "", "" if letter.conference else letter.source)
        return seal_letter(letter, name, key)

    def _of(self, conference: str, sender: str) -> tuple[str, bytes]:
        """Today's key; created where it is missing."""
        whose = (conference, sender, day(self._clock()))
        sql = "SELECT name, key FROM letter_keys WHERE conference = ? AND sender = ? AND day = ?"
        found = self._base.read(sql, whose)
        if not found:
            found = [(secrets.token_bytes(NAME_BYTES), secrets.token_bytes(KEY_BYTES))]
            self._base.run("INSERT INTO letter_keys VALUES (?, ?, ?, ?, ?)", (*found[0], *whose))
        return found[0][0].hex(), found[0][1]

    def _key(self, name: str) -> bytes | None:
        try:
            found = self._base.read("SELECT key FROM letter_keys WHERE name = ?", (bytes.fromhex(name),))
        except ValueError:
            return None
        return bytes(found[0][0]) if found else None
