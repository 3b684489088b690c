"""What pages need to know of a conference's matcher, asked between two slices of the fold.

Owns: the questions, all of them short. May never: change anything, or hand the state itself to another thread.
"""

from msgspec import Struct

from streams.matching import Matcher, cards, presence
from streams.matching.state import NEVER, ORDER_BITS, Attendee, Card


class Standing(Struct, frozen=True):
    """An attendee as the log has them."""

    matching: bool = False
    chats: bool = False
    share_place: bool = False
    present: bool = False
    place: str | None = None


def standing(matcher: Matcher | None, attendee: str, now: int) -> Standing:
    """Consents, presence, place."""
    person = _person(matcher, attendee)
    if matcher is None or person is None:
        return Standing()
    here = presence.is_here(matcher.state, person, max(now, matcher.state.now))
    place = presence.place_of(person) if here else None
    return Standing(person.matching, person.chats, person.share_place, here, place)


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
    return Answers(frozenset(card.match for card in found if is_met(card)), own)


def _own(card: Card, attendee: str) -> Own | None:
    said, meeting = card.said.get(attendee), cards.meeting(card, attendee)
    stamp = NEVER if said is None else said.stamp
    if meeting.not_met > stamp:
        return Own("not_met", meeting.not_met >> ORDER_BITS, attendee in card.reminded, meeting.place)
    if said is None:
        return None if meeting.place is None else Own(None, 0, attendee in card.reminded, meeting.place)
    return Own(said.answer, stamp >> ORDER_BITS, attendee in card.reminded, meeting.place)


def is_met(card: Card) -> bool:
    """Whether a ``met`` closed it."""
    return any(cards.standing(card, person) == "met" for person in (card.a, card.b))


def holds(matcher: Matcher | None, attendee: str, match: str) -> str | None:
    """The other of an attendee's card, if this card is or was theirs; None otherwise."""
    found = {} if matcher is None else matcher.state.cards_of.get(attendee, {})
    return next((card.other(attendee) for card in found.values() if card.match == match), None)


def is_open(matcher: Matcher | None, attendee: str, match: str) -> bool:
    """Whether the attendee may still answer this match."""
    found = {} if matcher is None else matcher.state.cards_of.get(attendee, {})
    return any(card.match == match and attendee in card.holders() for card in found.values())


def blocked(matcher: Matcher | None, attendee: str) -> tuple[str, ...]:
    """Whom the attendee blocked from a card. Blocks by account are not among them: they would tell whose it is."""
    person = _person(matcher, attendee)
    if matcher is None or person is None:
        return ()
    others = [matcher.state.attendees.get(other) for other in matcher.state.cards_of.get(attendee, {})]
    return tuple(sorted(o.id for o in others if o is not None and matcher.observer.people.has_blocked_id(person, o)))


def _person(matcher: Matcher | None, attendee: str) -> Attendee | None:
    return None if matcher is None else matcher.state.attendees.get(attendee)
