"""What pages need to know of a conference's matcher, asked between two slices of the fold.

Owns: the questions, all of them short. May never: change anything, or hand the state itself to another thread.
"""

from collections.abc import Iterable

from msgspec import Struct

from streams.matching import Matcher, cards, presence
from streams.matching.explain import explain
from streams.matching.state import NEVER, ORDER_BITS, Attendee, Card

PRIVATE = "Held back for a private reason."


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


def verified_of(matcher: Matcher | None, attendee: str, accounts: Iterable[str]) -> list[str]:
    """Which of these accounts the log has as the attendee's own, verified."""
    people = None if matcher is None else matcher.observer.people
    return [] if people is None else [each for each in accounts if people.has_verified(attendee, each)]


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
    return Answers(frozenset(card.match for card in found if _is_met(card)), own)


def _own(card: Card, attendee: str) -> Own | None:
    said, meeting = card.said.get(attendee), cards.meeting(card, attendee)
    stamp = NEVER if said is None else said.stamp
    if meeting.not_met > stamp:
        return Own("not_met", meeting.not_met >> ORDER_BITS, attendee in card.reminded, meeting.place)
    if said is None:
        return None if meeting.place is None else Own(None, 0, attendee in card.reminded, meeting.place)
    return Own(said.answer, stamp >> ORDER_BITS, attendee in card.reminded, meeting.place)


def _is_met(card: Card) -> bool:
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


# -- for organizers --------------------------------------------------------------------------------------------------


class Numbers(Struct, frozen=True):
    """Exact numbers; never shown as such. ``position`` is that of the presence."""

    position: str = ""
    registered: int = 0
    present: int = 0
    people: dict[str, int] = {}
    met: int = 0


def numbers(matcher: Matcher | None, now: int) -> Numbers:
    """People by place; how many met."""
    if matcher is None:
        return Numbers()
    state, at = matcher.state, max(now, matcher.state.now)
    people: dict[str, int] = {}
    here = 0
    registered = [person for person in state.attendees.values() if person.registered != NEVER]
    for person in registered:
        if presence.is_here(state, person, at):
            here += 1
            place = presence.place_of(person)
            if place is not None:
                people[place] = people.get(place, 0) + 1
    done = sum(1 for card in state.cards.values() if _is_met(card))
    return Numbers(f"{state.applied}-0", len(registered), here, people, done)


class WhyStep(Struct, frozen=True):
    """One condition of a suggestion, as an organizer may know it."""

    name: str
    ok: bool | None
    text: str


_PRIVATE_NAMES = frozenset({"consent", "blocked"})


def why(matcher: Matcher | None, a: str, b: str, now: int) -> tuple[WhyStep, ...]:
    """The steps of ``explain`` without anybody's private matters: no consent, answer, block, place, account, count."""
    if matcher is None:
        return (WhyStep("conference", False, "The conference has no events yet."),)
    steps = explain(matcher, a, b, max(now, matcher.state.now))
    shown = [_shown(step.name, step.ok, step.text) for step in steps]
    names = {step.name for step in steps}
    private = any(step.ok is False for step in steps if step.name in _PRIVATE_NAMES) or _barred(matcher, a, b)
    if names & _PRIVATE_NAMES:
        text = PRIVATE if private else "Nothing private holds this pair back."
        shown.append(WhyStep("private", not private, text))
    return tuple(step for step in shown if step is not None)


def _barred(matcher: Matcher, a: str, b: str) -> bool:
    card = matcher.state.cards.get(cards.pair_of(a, b))
    return card is not None and any(cards.standing(card, who) in ("declined", "met") for who in (a, b))


def _shown(name: str, ok: bool | None, text: str) -> WhyStep | None:
    if name in _PRIVATE_NAMES:
        return None
    if name == "present":
        return WhyStep(name, ok, f"{text.partition(' ')[0].removesuffix(chr(39) + 's')} is {'' if ok else 'not '}here.")
    if name == "accounts":
        return WhyStep(name, None, "Has an account that counts." if " posts as " in text else "No account counts.")
    if name == "chats" and "did not consent" in text:
        return WhyStep(name, None, "Chats: count for nothing here.")
    if name == "earlier":
        before = "were never" if "never suggested to each other before" in text else "were already"
        return WhyStep(name, None, f"They {before} suggested to each other.")
    if name == "room":
        return WhyStep(name, ok, f"{text.partition(' ')[0]} has {'room' if ok else 'no room'} for a suggestion now.")
    return WhyStep(name, ok, text)
