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
from services.journal import Journal, Letter


class LettersShown(Struct, frozen=True):
    """A page, oldest first; ``next`` is the ``after`` of the next one. ``gone``: how many are no more, and why.

    ``old``: 14 days are over; ``many``: there were too many of this sender or conference; ``erased``: they may have
    named somebody who was erased. To an operator those of the whole server, to an organizer their own.
    """

    letters: tuple[LetterListed, ...]
    next: int | None
    gone: dict[str, int] = {}


class DeadLetterReader:
    """Of a caller: ``own``, the conferences that they may work on, and ``source``, whose letters they see (None: all).
    Waits for the disk: call it in a thread. JournalError, DirectoryError."""

    def __init__(self, index: DeadLetterIndex, journal: Journal, keys: DeadLetterKeys) -> None:
        self._index, self._journal, self._keys = index, journal, keys

    def page(self, own: Collection[str], source: str | None, after: int, limit: int) -> LettersShown:
        """Those with a number above ``after``, at most ``limit``."""
        self._index.refresh()
        numbers = [number for number in self._index.of(own, source) if number > after]
        found = [self._journal.letter(number) for number in numbers[:limit]]
        opened = [(each, self._unseal(each)) for each in found if each is not None]
        gone = self._journal.letters_gone() if source is None else self._journal.letters_gone_of(own, source)
        there = tuple(mask(each.number, dead, each.sent) for each, dead in opened if dead is not None)
        return LettersShown(there, numbers[limit - 1] if len(numbers) > limit else None, gone)

    def find(self, own: Collection[str], source: str | None, number: int) -> tuple[Letter, DeadLetter]:
        """The one with this number. ProblemError 404."""
        self._index.refresh()
        letter = self._journal.letter(number) if self._index.has(number, own, source) else None
        dead = None if letter is None else self._unseal(letter)
        if letter is None or dead is None:
            detail = "There is no such dead letter, or it is not yours. See GET /v1/dead-letters."
            raise ProblemError(404, "letter", detail)
        return letter, dead

    def _unseal(self, letter: Letter) -> DeadLetter | None:
        """None: its key is gone, and it goes too."""
        return self._keys.opened(msgspec.json.decode(letter.line, type=DeadLetter))
