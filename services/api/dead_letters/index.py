"""An index of the dead letters by conference and sender, refreshed from the journal.

Invariants: it has one entry for each stored letter, and none of a letter's bytes.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from threading import Lock

import msgspec

from schemas.outputs import DeadLetter
from services.journal import Journal
from services.journal.port import BATCH_ROWS


@dataclass(slots=True)
class DeadLetterIndex:
    """As bounded as the journal's dead letters. Call ``refresh`` first, in any thread."""

    journal: Journal
    _after: int = 0
    _sources: dict[int, tuple[str, str]] = field(default_factory=dict)  # number: source, conference
    _lock: Lock = field(default_factory=Lock)

    def refresh(self) -> None:
        """Adds new letters and drops those that the journal no longer has."""
        with self._lock:
            sources = dict(self._sources)
            while found := self.journal.dead_letters(self._after, BATCH_ROWS):
                for each in found:
                    letter = msgspec.json.decode(each.line, type=DeadLetter)
                    sources[each.number] = (letter.source, letter.conference or "")
                    self._after = each.number
            if len(sources) != self.journal.dead_letter_count():
                left = set(self.journal.dead_letter_numbers())
                sources = {number: what for number, what in sources.items() if number in left}
            self._sources = sources

    def of(self, conferences: Collection[str], source: str | None) -> list[int]:
        """The numbers of the letters that an organizer (``source``) may see: those that name one of these conferences,
        and the organizer's own that name none. ``source`` None: the operator, who may see all."""
        sources = self._sources
        if source is None:
            return list(sources)
        return [
            number
            for number, (sent, named) in sources.items()
            if named in conferences or (sent == source and not named)
        ]

    def has(self, number: int, conferences: Collection[str], source: str | None) -> bool:
        """Whether ``of`` has this number."""
        sent, named = self._sources.get(number, ("", ""))
        if not sent:
            return False
        return source is None or named in conferences or (sent == source and not named)

    def count(self, conference: str, source: str | None) -> int:
        """How many letters a conference and a sender have now (None: all senders)."""
        self.refresh()
        return len(self.of([conference], source))
