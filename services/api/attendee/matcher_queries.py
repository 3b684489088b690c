"""Queries about an attendee's matches, answered by the conference's matcher between two slices of the fold.

Invariants: a query is short and changes nothing, and no state is handed to another thread. What it says about a card
depends only on what was emitted to this attendee and on the attendee's own answers: whatever the other person
answered, blocked or closed, the result is the same.
"""

from collections.abc import Iterable

from msgspec import Struct

from services.inbox.port import CardState
from streams.matching import Matcher, cards, presence
from streams.matching.ids import trace
from streams.matching.state import NEVER, ORDER_BITS, Card


class OwnAnswer(Struct, frozen=True):
    """An attendee's last answer to a match, its ``at`` (ms), and whether the suggestion was repeated (``once_more``).

    ``shared_place``: where they told the other that they are, with "I'm at".
    """

    answer: str | None
    at: int
    once_more: bool
    shared_place: str | None = None


class Answers(Struct, frozen=True):
    """An attendee's answers. ``met``: matches that a ``met`` closed, which neither sees any more. ``own``: by match."""

    met: frozenset[str] = frozenset()
    own: dict[str, OwnAnswer] = {}

    def to(self, match: str, asked_at: int) -> str | None:
        """The attendee's answer, or None. A ``later`` from before the suggestion was repeated no longer counts."""
        own = self.own.get(match)
        asked_again = own is not None and own.answer == "later" and own.once_more and own.at < asked_at
        return None if own is None or asked_again else own.answer

    def shared_place(self, match: str) -> str | None:
        """Where the attendee told the other that they are."""
        own = self.own.get(match)
        return None if own is None else own.shared_place


def answers(matcher: Matcher | None, attendee: str) -> Answers:
    """The attendee's answers to their matches; never what the other person answered."""
    found = [] if matcher is None else list(matcher.state.cards_of.get(attendee, {}).values())
    own = {card.match: answer for card in found if (answer := _own_answer(card, attendee)) is not None}
    return Answers(frozenset(card.match for card in found if cards.is_met(card)), own)


def _own_answer(card: Card, attendee: str) -> OwnAnswer | None:
    answer, meeting = card.answers.get(attendee), cards.meeting(card, attendee)
    stamp = NEVER if answer is None else answer.stamp
    if meeting.not_met > stamp:
        return OwnAnswer("not_met", meeting.not_met >> ORDER_BITS, attendee in card.reminded, meeting.place)
    if answer is None:
        return None if meeting.place is None else OwnAnswer(None, 0, attendee in card.reminded, meeting.place)
    return OwnAnswer(answer.answer, stamp >> ORDER_BITS, attendee in card.reminded, meeting.place)


def next_lapse(matcher: Matcher | None, attendees: Iterable[str], now: int) -> int | None:
    """When the first presence of these attendees lapses (ms), without a record that says so."""
    if matcher is None:
        return None
    state = matcher.state
    people = [person for who in attendees if (person := state.attendees.get(who)) is not None]
    return min((presence.lapses_at(state, one) for one in people if presence.is_here(state, one, now)), default=None)


def find_card(matcher: Matcher | None, attendee: str, match: str) -> CardState | None:
    """The attendee's newest card of a pair, if it belongs to this match. It is open unless it was withdrawn."""
    found = {} if matcher is None else matcher.state.cards_of.get(attendee, {})
    card = next((card for card in found.values() if card.match == match), None)
    return None if card is None else CardState(card.other(attendee), attendee not in card.withdrawn_from)


def blocked_attendees(matcher: Matcher | None, attendee: str) -> tuple[str, ...]:
    """The attendees who were blocked on a card, in the order of the blocks.

    Blocks by account are left out: they would reveal whose account it is.
    """
    person = None if matcher is None else matcher.state.attendees.get(attendee)
    if matcher is None or person is None:
        return ()
    others = [matcher.state.attendees.get(other) for other in matcher.state.cards_of.get(attendee, {})]
    found = [o.id for o in others if o is not None and matcher.observer.people.has_blocked_id(person, o)]
    return tuple(sorted(found, key=lambda other: person.blocks[trace(matcher.state.conference, other)].stamp))
