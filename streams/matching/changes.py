"""What a record or a moment requires to be decided: the work list between ``observe`` and ``decide``.

Invariants: it never outlives the moment.
"""

from dataclasses import dataclass, field

from schemas.outputs import Cause
from streams.matching.state import Card

Pair = tuple[str, str]


@dataclass(slots=True)
class Withdrawal:
    """A withdrawal to emit. ``own``: caused by a private act of the person in ``to``; else the match ends for both."""

    match: str
    cause: Cause
    to: tuple[str, ...]
    caused_by: str
    own: bool = False


@dataclass(slots=True)
class Changes:
    """What to decide: withdrawals, agreements, locations to pass on, people and pairs who may get suggestions."""

    for_both: dict[Pair, Withdrawal] = field(default_factory=dict)
    for_one: dict[tuple[str, str, str], Withdrawal] = field(
        default_factory=dict
    )  # a, b, and which of them it is withdrawn from
    agreements: dict[Pair, Card] = field(default_factory=dict)
    locations: list[tuple[Card, str, str]] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)

    def withdraw(self, card: Card, cause: Cause, to: tuple[str, ...], caused_by: str) -> None:
        """Requests a withdrawal from all in ``to``; the first cause of a moment wins."""
        if to:
            self.for_both.setdefault((card.a, card.b), Withdrawal(card.match, cause, to, caused_by))

    def withdraw_from_one(self, card: Card, cause: Cause, attendee: str, caused_by: str) -> None:
        """Requests a withdrawal from one person alone, who declined or blocked."""
        withdrawal = Withdrawal(card.match, cause, (attendee,), caused_by, own=True)
        self.for_one.setdefault((card.a, card.b, attendee), withdrawal)

    def withdrawals(self) -> list[tuple[Pair, Withdrawal]]:
        """All withdrawals in the contract's order; each person gets at most one for a card."""
        found = list(self.for_both.items())
        for (a, b, attendee), withdrawal in self.for_one.items():
            whole = self.for_both.get((a, b))
            if whole is None or attendee not in whole.to:
                found.append(((a, b), withdrawal))
        return sorted(found, key=lambda each: (each[0], each[1].to))

    def has_any(self) -> bool:
        """Whether there is anything to decide."""
        return bool(self.people or self.pairs or self.for_both or self.for_one or self.agreements or self.locations)
