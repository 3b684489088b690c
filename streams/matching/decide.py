"""Which outputs are due at a moment, in the order of the contract.

Owns: the conditions of a suggestion and the order of outputs. May never: change the state, but for asking to be
woken when there
will be room: each output is settled by who asks before the next one is made.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from schemas.times import written
from streams.matching import budget as room
from streams.matching import cards, presence, ties
from streams.matching.changes import Changes, Pair
from streams.matching.ids import output_id
from streams.matching.people import People
from streams.matching.state import NEVER, Attendee, State
from streams.matching.timers import Wake, wake_at

Position = Callable[[], str]


class Wish(NamedTuple):
    """A suggestion that could be put out; sorted, the strongest come first. ``rank``: the score's negative."""

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
        for pair, ending in changes.endings():
            to = tuple(sorted(ending.to))
            yield MatchWithdrawn(
                id=output_id(ending.match, "withdrawn", *(to if ending.own else ())),
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
        wishes = self.wishes(changes, now)
        causes = [cause if cause is not None else self._due_cause(wish, now) for wish in wishes]
        for wish, caused_by in zip(wishes, causes, strict=True):
            if self._have_room(wish.to, now):  # those before may have taken it
                yield self._suggestion(wish, now, caused_by, position())

    def wishes(self, changes: Changes, now: int) -> list[Wish]:
        """The suggestions that could be put out now if each were the only one, in the order of the contract."""
        found = []
        for a, b in self._candidates(changes, now):
            for to in self._receivers(a, b, now):
                one, other = self.state.attendees[a], self.state.attendees[b]
                found.append(Wish(-ties.score(self.state, one, other, now), a, b, to))
        return sorted(found)

    def _candidates(self, changes: Changes, now: int) -> set[Pair]:
        """The pairs for which a suggestion may have become possible."""
        state, pairs = self.state, set(changes.pairs)
        for name in changes.people:
            person = state.attendees.get(name)
            if person is None:
                continue
            pairs.update((card.a, card.b) for card in cards.open_cards(state, name) if cards.to_remind(card, now))
            # Who has no room is looked at again when there is; with many ties that spares nearly all the work.
            if self._is_meetable(person, now) and self._have_room((name,), now):
                pairs.update(cards.pair_of(name, other) for other in ties.partners(state, person))
        return pairs

    def _is_meetable(self, person: Attendee, now: int) -> bool:
        return person.registered != NEVER and person.matching and presence.is_here(self.state, person, now)

    def _receivers(self, a: str, b: str, now: int) -> list[tuple[str, ...]]:
        """To whom a suggestion of the pair can go now: to both, or once more to each who is to be reminded."""
        state = self.state
        card = state.cards.get((a, b))
        if card is not None and not card.ended:
            return [(who,) for who in cards.to_remind(card, now) if self._have_room((who,), now)]
        return [(a, b)] if self._may_meet(a, b, now) else []

    def _may_meet(self, a: str, b: str, now: int) -> bool:
        state = self.state
        one, other = state.attendees.get(a), state.attendees.get(b)
        return (
            one is not None
            and other is not None
            and self._is_meetable(one, now)
            and self._is_meetable(other, now)
            and cards.may_suggest(state.cards.get((a, b)), now)
            and self._have_room((a, b), now)
            and not (self.people.has_blocked(one, other) or self.people.has_blocked(other, one))
            and ties.known(state, one, other)
        )

    def _have_room(self, to: tuple[str, ...], now: int) -> bool:
        """Whether all have room; who has not is looked at again when there is."""
        free = True
        for name in to:
            moment, _ = room.frees_at(self.state, self.state.attendees[name])
            if moment > now:
                free = False
                if moment < room.FOREVER and self.state.room_wakes.get(name) != moment:
                    self.state.room_wakes[name] = moment
                    wake_at(self.state, moment, Wake.ROOM, name)
        return free

    def _due_cause(self, wish: Wish, now: int) -> str:
        """The input that set the moment at which this suggestion became due: the limit that ends now."""
        card = self.state.cards.get((wish.a, wish.b))
        if card is not None:
            if card.ended and card.again_at == now:
                return card.cause
            if not card.ended and cards.remind_at(card, wish.to[0]) == now:
                return card.said[wish.to[0]].cause
        freed = [room.frees_at(self.state, self.state.attendees[name]) for name in wish.to]
        return next((cause for moment, cause in freed if moment == now), max(freed)[1])

    def _suggestion(self, wish: Wish, now: int, cause: str, position: str) -> MatchSuggested:
        state = self.state
        one, other = state.attendees[wish.a], state.attendees[wish.b]
        match = cards.next_match(state, wish.a, wish.b)
        card = state.matches.get(match)
        reasons = ties.reasons(state, one, other)
        return MatchSuggested(
            id=output_id(match, "suggested", *(("",) if card is None else ("again", *wish.to))),
            at=written(now),
            conference=state.conference,
            match=match,
            attendees=(wish.a, wish.b),
            score=-wish.rank / 10_000,
            reasons=reasons if reasons or card is None else card.reasons,
            near=presence.are_near(state, one, other, now),
            caused_by=cause,
            position=position,
            to=wish.to,
        )
