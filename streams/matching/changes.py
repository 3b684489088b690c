"""What a record or a moment asks to be decided.

Owns: the wishes between ``observe`` and ``decide``. May never: outlive the moment.
"""

from dataclasses import dataclass, field

from schemas.outputs import Cause
from streams.matching.state import Card

Pair = tuple[str, str]


@dataclass(slots=True)
class Ending:
    """A withdrawal to be put out."""

    match: str
    cause: Cause
    to: tuple[str, ...]
    caused_by: str


@dataclass(slots=True)
class Changes:
    """What is to be decided: withdrawals, agreements, places to pass on, and for whom or for which pairs to look
    for suggestions."""

    ending: dict[Pair, Ending] = field(default_factory=dict)
    agreeing: dict[Pair, Card] = field(default_factory=dict)
    locating: list[tuple[Card, str, str]] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)

    def end(self, card: Card, cause: Cause, to: tuple[str, ...], caused_by: str) -> None:
        """Asks for a withdrawal; the first cause of a moment stands."""
        if to:
            self.ending.setdefault((card.a, card.b), Ending(card.match, cause, to, caused_by))
