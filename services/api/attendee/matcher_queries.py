"""What an attendee's routes need to know of the conference's matcher, asked between two slices of the fold.

Responsibility: the questions, all of them short.
Invariants: nothing is changed, and no state is handed to another thread. What is said of a card depends on what was put
out to this attendee and on the own words alone: whatever the other one said, blocked or closed, the answer is the same.
"""

from collections.abc import Iterable

from msgspec import Struct

from services.inbox.port import Shown
from streams.matching import Matcher, cards, presence
from streams.matching.ids import trace
from streams.matching.state import NEVER, ORDER_BITS, Card


class Own(Struct, frozen=True):
    """An attendee's last answer to a match, its ``at`` (ms), and whether the match was suggested once more.

    ``told``: the place that they told the other with "I'm at".
    """

    answer: str | None
    at: int
    once_more: bool
    told: str | None = None


class Answers(Struct, frozen=True):
    """Of an attendee's matches: those that a ``met`` closed, no longer shown to either; the own answers to others."""

    met: frozenset[str] = frozenset()
    own: dict[str, Own] = {}

    def to(self, match: str, asked_at: int) -> str | None:
        """The own answer. A ``later`` from before the question was asked once more is none: it is open again."""
        own = self.own.get(match)
        asked_again = own is not None and own.answer == "later" and own.once_more and own.at < asked_at
        return None if own is None or asked_again else own.answer

    def told(self, match: str) -> str | None:
        """The place that the attendee told the other."""
        own = self.own.get(match)
        return None if own is None else own.told


def answers(matcher: Matcher | None, attendee: str) -> Answers:
    """What became of the attendee's matches by answers; never what the other said."""
    found = [] if matcher is None else list(matcher.state.cards_of.get(attendee, {}).values())
    own = {card.match: said for card in found if (said := _own(card, attendee)) is not None}
    return Answers(frozenset(card.match for card in found if cards.is_met(card)), own)


def _own(card: Card, attendee: str) -> Own | None:
    said, meeting = card.answers.get(attendee), cards.meeting(card, attendee)
    stamp = NEVER if said is None else said.stamp
    if meeting.not_met > stamp:
        return Own("not_met", meeting.not_met >> ORDER_BITS, attendee in card.reminded, meeting.place)
    if said is None:
        return None if meeting.place is None else Own(None, 0, attendee in card.reminded, meeting.place)
    return Own(said.answer, stamp >> ORDER_BITS, attendee in card.reminded, meeting.place)


def next_lapse(matcher: Matcher | None, attendees: Iterable[str], now: int) -> int | None:
    """When the first of these who are here lapses (ms), without a record that says so."""
    if matcher is None:
        return None
    state = matcher.state
    people = [person for who in attendees if (person := state.attendees.get(who)) is not None]
    return min((presence.lapses_at(state, one) for one in people if presence.is_here(state, one, now)), default=None)


def shown(matcher: Matcher | None, attendee: str, match: str) -> Shown | None:
    """The attendee's newest card of a pair, if it is this match. Open: it was not withdrawn from the attendee."""
    found = {} if matcher is None else matcher.state.cards_of.get(attendee, {})
    card = next((card for card in found.values() if card.match == match), None)
    return None if card is None else Shown(card.other(attendee), attendee not in card.withdrawn_from)


def blocked(matcher: Matcher | None, attendee: str) -> tuple[str, ...]:
    """Whom the attendee blocked by a card, in the order in which they did.

    Not whom they blocked by an account: that would tell which card is that account's owner.
    """
    person = None if matcher is None else matcher.state.attendees.get(attendee)
    if matcher is None or person is None:
        return ()
    others = [matcher.state.attendees.get(other) for other in matcher.state.cards_of.get(attendee, {})]
    found = [o.id for o in others if o is not None and matcher.observer.people.has_blocked_id(person, o)]
    return tuple(sorted(found, key=lambda other: person.blocks[trace(matcher.state.conference, other)].stamp))
