"""Which outputs are due at a moment, in the order of the contract.

Owns: the conditions of a suggestion and the order of outputs. May never: change the state, but for asking to be
woken when there
will be room: each output is settled by who asks before the next one is made.
"""

from collections.abc import Callable, Iterator

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from schemas.times import written
from streams.matching import cards, presence, room, ties
from streams.matching.changes import Changes, Pair
from streams.matching.ids import output_id
from streams.matching.people import People
from streams.matching.state import NEVER, Attendee, State
from streams.matching.timers import Wake, wake_at

Position = Callable[[], str]


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
        for pair, ending in sorted(changes.ending.items()):
            to = tuple(sorted(ending.to))
            yield MatchWithdrawn(
                id=output_id(ending.match, "withdrawn", *to),
                at=written(now),
                conference=self.state.conference,
                match=ending.match,
                attendees=pair,
                cause=ending.cause,
                caused_by=ending.caused_by,
                position=position(),
                to=to,
            )

    def _agreements(self, changes: Changes, now: int, cause: str, position: Position) -> Iterator[AnyOutput]:
        for pair, card in sorted(changes.agreeing.items()):
            if not cards.is_agreeable(card):
                continue
            people = [self.state.attendees[name] for name in pair]
            yield MatchAgreed(
                id=output_id(card.match, "agreed"),
                at=written(now),
                conference=self.state.conference,
                match=card.match,
                attendees=pair,
                places={one.id: presence.place_of(one) if one.share_place else None for one in people},
                caused_by=cause,
                position=position(),
                to=pair,
            )

    def _locations(self, changes: Changes, now: int, cause: str, position: Position) -> Iterator[AnyOutput]:
        for card, attendee, place in changes.locating:
            yield MatchLocated(
                id=output_id(card.match, "located", attendee, cause),
                at=written(now),
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
        ranked = []
        for a, b in self.candidates(changes, now):
            to = self.receivers(a, b, now)
            if to and self.have_room(to, now):
                one, other = self.state.attendees[a], self.state.attendees[b]
                caused_by = cause if cause is not None else self.due_cause(a, b, to, now)
                ranked.append((-ties.score(self.state, one, other, now), a, b, to, caused_by))
        for points, a, b, to, caused_by in sorted(ranked):
            if self.have_room(to, now):  # those before may have taken it
                yield self._suggestion(a, b, to, -points, now, caused_by, position())

    def candidates(self, changes: Changes, now: int) -> set[Pair]:
        """The pairs for which a suggestion may have become possible."""
        pairs = set(changes.pairs)
        for name in changes.people:
            person = self.state.attendees.get(name)
            if person is None or not self._is_meetable(person, now):
                continue
            pairs.update(cards.pair_of(name, other) for other in ties.partners(self.state, person))
            pairs.update(
                (card.a, card.b) for card in cards.open_cards(self.state, name) if cards.is_to_remind(card, now)
            )
        return pairs

    def _is_meetable(self, person: Attendee, now: int) -> bool:
        return person.registered != NEVER and person.matching and presence.is_here(self.state, person, now)

    def receivers(self, a: str, b: str, now: int) -> tuple[str, ...]:
        """To whom a suggestion of the pair would go now if there is room; nobody if its conditions do not hold."""
        state = self.state
        one, other = state.attendees.get(a), state.attendees.get(b)
        if one is None or other is None or not (self._is_meetable(one, now) and self._is_meetable(other, now)):
            return ()
        card = state.cards.get((a, b))
        to: tuple[str, ...] = (a, b)
        if card is not None and cards.is_to_remind(card, now):
            to = tuple(cards.laters(card))
        elif not cards.may_suggest(card, now):
            return ()
        if self.people.has_blocked(one, other) or self.people.has_blocked(other, one):
            return ()
        return to if ties.known(state, one, other) else ()

    def have_room(self, to: tuple[str, ...], now: int) -> bool:
        """Whether all have room; who has not is looked at again when there is."""
        free = True
        for name in to:
            moment, _ = room.frees_at(self.state, self.state.attendees[name])
            if moment > now:
                free = False
                if moment < room.FOREVER:
                    wake_at(self.state, moment, Wake.ROOM, name)
        return free

    def due_cause(self, a: str, b: str, to: tuple[str, ...], now: int) -> str:
        """The input that set the moment at which this suggestion became due: the limit that ends now."""
        card = self.state.cards.get((a, b))
        if card is not None:
            if card.ended and card.again_at == now:
                return card.cause
            if not card.ended and cards.remind_at(card) == now:
                return cards.remind_cause(card)
        freed = [room.frees_at(self.state, self.state.attendees[name]) for name in to]
        return next((cause for moment, cause in freed if moment == now), max(freed)[1])

    def _suggestion(
        self, a: str, b: str, to: tuple[str, ...], points: int, now: int, cause: str, position: str
    ) -> MatchSuggested:
        state = self.state
        one, other = state.attendees[a], state.attendees[b]
        match = cards.next_match(state, a, b)
        return MatchSuggested(
            id=output_id(match, "suggested", "again" if match in state.matches else ""),
            at=written(now),
            conference=state.conference,
            match=match,
            attendees=(a, b),
            score=points / 10_000,
            reasons=ties.reasons(state, one, other),
            near=presence.are_near(state, one, other, now),
            caused_by=cause,
            position=position,
            to=to,
        )
