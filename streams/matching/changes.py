"""What a record or a moment asks to be decided.

Owns: the wishes between ``observe`` and ``decide``. May never: outlive the moment.
"""

from dataclasses import dataclass, field

from schemas.outputs import Cause
from streams.matching.state import Card

Pair = tuple[str, str]


@dataclass(slots=True)
class Ending:
    """A withdrawal to be put out. ``own``: of what the one in ``to`` did, in private; else it ends for both."""

    match: str
    cause: Cause
    to: tuple[str, ...]
    caused_by: str
    own: bool = False


@dataclass(slots=True)
class Changes:
    """What is to be decided: withdrawals, agreements, places to pass on, and for whom or for which pairs to look
    for suggestions."""

    ending: dict[Pair, Ending] = field(default_factory=dict)
    leaving: dict[tuple[str, str, str], Ending] = field(default_factory=dict)  # a, b, and who of them left the card
    agreeing: dict[Pair, Card] = field(default_factory=dict)
    locating: list[tuple[Card, str, str]] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)

    def end(self, card: Card, cause: Cause, to: tuple[str, ...], caused_by: str) -> None:
        """Asks for a withdrawal to all who hold the card; the first cause of a moment stands."""
        if to:
            self.ending.setdefault((card.a, card.b), Ending(card.match, cause, to, caused_by))

    def leave(self, card: Card, cause: Cause, attendee: str, caused_by: str) -> None:
        """Asks for a withdrawal to one alone, who declined or blocked."""
        ending = Ending(card.match, cause, (attendee,), caused_by, own=True)
        self.leaving.setdefault((card.a, card.b, attendee), ending)

    def endings(self) -> list[tuple[Pair, Ending]]:
        """All withdrawals in the contract's order; a card is withdrawn to a person once."""
        found = list(self.ending.items())
        for (a, b, attendee), ending in self.leaving.items():
            whole = self.ending.get((a, b))
            if whole is None or attendee not in whole.to:
                found.append(((a, b), ending))
        return sorted(found, key=lambda each: (each[0], each[1].to))

    def ask_anything(self) -> bool:
        """Whether there is anything to be decided."""
        return bool(self.people or self.pairs or self.ending or self.leaving or self.agreeing or self.locating)
