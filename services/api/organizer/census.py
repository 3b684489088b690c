"""Exact counts of a conference, taken in one pass over its people; only ``rough_counts`` of them are ever shown.

Responsibility: which people count, and for what.

Invariants:
- Every number counts only people who have signed in (of a pair, both). Somebody who was only registered, and checked in
  by another person's scanner, changes nothing. This makes puppet attendees expensive, for each needs its own link and
  session, but not impossible; ``rough_counts`` protects against those.
- No number depends on a block, a decline, a ``later`` or a "not met". Only ``no_consent`` depends on consent, and only
  until a pair was suggested: after that nothing holds the pair back, and its match has *ended* when one of the two is
  no longer present, whatever happened before.
- In ``held_back`` each person is part of at most one pair for each cause, the first that is found. So one person's act
  moves each of these numbers by at most one, however many people that person knows.

Why: the pairs of a large conference take seconds, so people are counted in slices, between two slices of the fold.
"""

import time
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from services.api.organizer.held_back import cause_of, known_to
from streams.matching import Matcher, cards, presence
from streams.matching.state import NEVER, Attendee, Card, State

ASK_S = 0.01  # of the fold's time for one slice


@dataclass(slots=True)
class Census:
    """Counts so far. ``held_back``: by cause; ``places``: people by the place of their last arrival."""

    registered: int = 0
    present: int = 0
    suggested: int = 0
    agreed: int = 0
    met: int = 0
    ended: int = 0
    places: Counter[str] = field(default_factory=Counter)
    held_back: Counter[str] = field(default_factory=Counter)
    _paired: dict[str, set[str]] = field(default_factory=dict)  # by cause

    def count(self, matcher: Matcher | None, people: list[str], signed_in: AbstractSet[str], now: int) -> list[str]:
        """Counts people for ``ASK_S``, at least one, and returns those who are left."""
        if matcher is None:
            return []
        until = time.perf_counter() + ASK_S
        for done, name in enumerate(people, 1):
            person = matcher.state.attendees.get(name)
            if person is not None and person.registered != NEVER:
                self._count(matcher, person, signed_in, max(now, matcher.state.now))
            if time.perf_counter() > until:
                return people[done:]
        return []

    def _count(self, matcher: Matcher, person: Attendee, signed_in: AbstractSet[str], now: int) -> None:
        state = matcher.state
        self.registered += 1
        for other, card in state.cards_of.get(person.id, {}).items():
            if person.id < other and other in signed_in:
                self._count_match(state, card, now)
        if not presence.is_here(state, person, now):
            return
        self.present += 1
        place = presence.place_of(person)
        if place is not None:
            self.places[place] += 1
        if not state.closed:
            self._count_held_back(matcher, person, signed_in, now)

    def _count_match(self, state: State, card: Card, now: int) -> None:
        self.suggested += card.withdrawals + 1
        self.agreed += card.agreed
        if cards.is_met(card):
            self.met += 1
        elif not all(presence.is_here(state, state.attendees[who], now) for who in (card.a, card.b)):
            self.ended += 1

    def _count_held_back(self, matcher: Matcher, person: Attendee, signed_in: AbstractSet[str], now: int) -> None:
        for other in known_to(matcher, person):
            cause = cause_of(matcher, person, other, now) if other.id in signed_in else None
            paired = self._paired.setdefault(cause, set()) if cause is not None else set()
            if cause is not None and paired.isdisjoint((person.id, other.id)):
                paired.update((person.id, other.id))
                self.held_back[cause] += 1


def people_of(matcher: Matcher | None, signed_in: AbstractSet[str]) -> list[str]:
    """Whom to count, in an order that does not depend on anybody's acts."""
    return [] if matcher is None else sorted(signed_in & matcher.state.attendees.keys())
