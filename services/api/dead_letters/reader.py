"""Reads dead letters with the rights of one caller: a page of them, or one.

Invariants: a letter of another organizer's conference gets the same answer as one that does not exist.
"""

from collections.abc import Collection

import msgspec
from msgspec import Struct

from schemas.outputs import DeadLetter
from services.api.dead_letters.index import DeadLetterIndex
from services.api.dead_letters.masking import LetterListed, mask
from services.api.shared.problems import ProblemError
from services.directory.port import DeadLetterKeys
from services.journal import Journal, StoredDeadLetter


class LettersShown(Struct, frozen=True):
    """A page, oldest first; ``next`` is the ``after`` of the next one. ``gone``: how many were removed, and why.

    ``old``: older than 14 days; ``many``: this sender or conference had too many; ``erased``: they may have named
    somebody who was erased. An operator gets the counts of the whole server, an organizer their own.
    """

    letters: tuple[LetterListed, ...]
    next: int | None
    gone: dict[str, int] = {}


class DeadLetterReader:
    """Reads for a caller. ``own``: the conferences that they may work on; ``source``: whose letters they see (None:
    all). It waits for the disk, so call it in a thread. JournalError, DirectoryError."""

    def __init__(self, index: DeadLetterIndex, journal: Journal, keys: DeadLetterKeys) -> None:
        self._index, self._journal, self._keys = index, journal, keys

    def page(self, own: Collection[str], source: str | None, after: int, limit: int) -> LettersShown:
        """The letters with numbers above ``after``, at most ``limit``."""
        self._index.refresh()
        numbers = [number for number in self._index.of(own, source) if number > after]
        found = [self._journal.dead_letter(number) for number in numbers[:limit]]
        opened = [(each, self._unseal(each)) for each in found if each is not None]
        gone = (
            self._journal.removed_dead_letters()
            if source is None
            else self._journal.removed_dead_letters_of(own, source)
        )
        there = tuple(mask(each.number, dead, each.sent) for each, dead in opened if dead is not None)
        return LettersShown(there, numbers[limit - 1] if len(numbers) > limit else None, gone)

    def find(self, own: Collection[str], source: str | None, number: int) -> tuple[StoredDeadLetter, DeadLetter]:
        """The letter with this number. ProblemError 404."""
        self._index.refresh()
        letter = self._journal.dead_letter(number) if self._index.has(number, own, source) else None
        dead = None if letter is None else self._unseal(letter)
        if letter is None or dead is None:
            detail = "There is no such dead letter, or it is not yours. See GET /v1/dead-letters."
            raise ProblemError(404, "letter", detail)
        return letter, dead

    def _unseal(self, letter: StoredDeadLetter) -> DeadLetter | None:
        """None where the key was erased; then the letter is about to be deleted too."""
        return self._keys.unseal(msgspec.json.decode(letter.line, type=DeadLetter))
