"""Decides which outputs are due at a moment, in the contract's order.

Responsibility: the conditions of a suggestion, and the order of outputs.
Invariants: the state does not change here, except for timers of people who exceed their budgets. The caller settles
each output before the next one is made.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from schemas.times import format_time
from streams.matching import budget, cards, presence, ties
from streams.matching.changes import Changes, Pair
from streams.matching.ids import output_id
from streams.matching.people import People
from streams.matching.state import NEVER, Attendee, State

Position = Callable[[], str]


class Candidate(NamedTuple):
    """A suggestion that could be made; sorted, the strongest comes first. ``rank``: the negative score."""

    rank: int
    a: str
    b: str
    to: tuple[str, ...]


class Decider:
    """Decides for one conference."""

    def __init__(self, state: State, people: People) -> None:
        self.state = state
        self.people = people

    def decide(self, changes: Changes, now: int, cause: str | None, position: Position) -> Iterator[AnyOutput]:
        """The outputs of one moment. ``cause``: the record's id; None where time alone caused them."""
        if self.state.closed:
            return
        yield from self._withdrawals(changes, now, position)
        yield from self._agreements(changes, now, cause or "", position)
        yield from self._locations(changes, now, cause or "", position)
        if self.state.opened and (changes.people or changes.pairs):
            yield from self._suggestions(changes, now, cause, position)

    def _withdrawals(self, changes: Changes, now: int, position: Position) -> Iterator[AnyOutput]:
        for pair, withdrawal in changes.withdrawals():
            to = tuple(sorted(withdrawal.to))
            yield MatchWithdrawn(
                id=output_id(withdrawal.match, "withdrawn", *(to if withdrawal.own else ())),
                at=format_time(now),
                conference=self.state.conference,
                match=withdrawal.match,
                attendees=pair,
                cause=withdrawal.cause,
                caused_by=withdrawal.caused_by,
                position=position(),
                to=to,
            )

    def _agreements(self, changes: Changes, now: int, cause: str, position: Position) -> Iterator[AnyOutput]:
        for pair, card in sorted(changes.agreements.items()):
            if not cards.is_agreeable(card):
                continue
            people = [self.state.attendees[name] for name in pair]
            yield MatchAgreed(
                id=output_id(card.match, "agreed"),
                at=format_time(now),
                conference=self.state.conference,
                match=card.match,
                attendees=pair,
                places={one.id: presence.place_of(one) if one.share_place else None for one in people},
                caused_by=cause,
                position=position(),
                to=pair,
            )

    def _locations(self, changes: Changes, now: int, cause: str, position: Position) -> Iterator[AnyOutput]:
        for card, attendee, place in changes.locations:
            yield MatchLocated(
                id=output_id(card.match, "located", attendee, cause),
                at=format_time(now),
                conference=self.state.conference,
                match=card.match,
                attendee=attendee,
                place=place,
                caused_by=cause,
                position=position(),
                to=(card.other(attendee),),
            )

    # -- suggestions ---------------------------------------------------------------------------------------------

    def _suggestions(self, changes: Changes, now: int, cause: str | None, position: Position) -> Iterator[AnyOutput]:
        candidates = self.candidates(changes, now)
        causes = [cause if cause is not None else self._due_cause(candidate, now) for candidate in candidates]
        for candidate, caused_by in zip(candidates, causes, strict=True):
            if self._are_within_budget(candidate.to, now):  # earlier ones may have used it up
                yield self._suggestion(candidate, now, caused_by, position())

    def candidates(self, changes: Changes, now: int) -> list[Candidate]:
        """The suggestions that could be made now, each taken alone, in the contract's order."""
        found = []
        for a, b in self._candidate_pairs(changes, now):
            for to in self._recipients(a, b, now):
                one, other = self.state.attendees[a], self.state.attendees[b]
                found.append(Candidate(-ties.score(self.state, one, other, now), a, b, to))
        return sorted(found)

    def _candidate_pairs(self, changes: Changes, now: int) -> set[Pair]:
        """The pairs for which a suggestion may have become possible."""
        state, pairs = self.state, set(changes.pairs)
        for name in changes.people:
            person = state.attendees.get(name)
            if person is None:
                continue
            pairs.update((card.a, card.b) for card in cards.open_cards(state, name) if cards.due_reminders(card, now))
            # A timer brings back who is over budget; with many ties, skipping them here saves nearly all the work.
            if self._is_matchable(person, now) and self._are_within_budget((name,), now):
                pairs.update(cards.pair_of(name, other) for other in ties.partners(state, person))
        return pairs

    def _is_matchable(self, person: Attendee, now: int) -> bool:
        return person.registered != NEVER and person.matching and presence.is_here(self.state, person, now)

    def _recipients(self, a: str, b: str, now: int) -> list[tuple[str, ...]]:
        """Who can get a suggestion of the pair now: both, or, for an open card, each whose reminder is due."""
        state = self.state
        card = state.cards.get((a, b))
        if card is not None and not card.ended:
            return [(who,) for who in cards.due_reminders(card, now) if self._are_within_budget((who,), now)]
        return [(a, b)] if cards.may_suggest(card, now) and self._can_suggest(a, b, now) else []

    def _can_suggest(self, a: str, b: str, now: int) -> bool:
        """Whether the two may get a new suggestion now, if their earlier matches allow one."""
        state = self.state
        one, other = state.attendees.get(a), state.attendees.get(b)
        return (
            one is not None
            and other is not None
            and self._is_matchable(one, now)
            and self._is_matchable(other, now)
            and self._are_within_budget((a, b), now)
            and not (self.people.has_blocked(one, other) or self.people.has_blocked(other, one))
            and ties.known(state, one, other)
        )

    def _are_within_budget(self, to: tuple[str, ...], now: int) -> bool:
        """Whether all are within budget; sets a timer for each who is not."""
        over = [name for name in to if not budget.is_within_budget(self.state, self.state.attendees[name], now)]
        for name in over:
            budget.start_timer(self.state, self.state.attendees[name])
        return not over

    def _due_cause(self, candidate: Candidate, now: int) -> str:
        """The id of the input that set the time at which this suggestion became due: the limit that ends now."""
        card = self.state.cards.get((candidate.a, candidate.b))
        if card is not None:
            if card.ended and card.again_at == now:
                return card.cause
            if not card.ended and cards.remind_at(card, candidate.to[0]) == now:
                return card.answers[candidate.to[0]].cause
        freed = [budget.frees_at(self.state, self.state.attendees[name]) for name in candidate.to]
        return next((cause for moment, cause in freed if moment == now), max(freed)[1])

    def _suggestion(self, candidate: Candidate, now: int, cause: str, position: str) -> MatchSuggested:
        state = self.state
        one, other = state.attendees[candidate.a], state.attendees[candidate.b]
        match = cards.next_match(state, candidate.a, candidate.b)
        card = state.matches.get(match)
        reasons = ties.reasons(state, one, other)
        return MatchSuggested(
            id=output_id(match, "suggested", *(("",) if card is None else ("again", *candidate.to))),
            at=format_time(now),
            conference=state.conference,
            match=match,
            attendees=(candidate.a, candidate.b),
            score=-candidate.rank / 10_000,
            reasons=reasons if reasons or card is None else card.reasons,
            near=presence.are_near(state, one, other, now),
            caused_by=cause,
            position=position,
            to=candidate.to,
        )
