"""The life of a match: suggested, answered, agreed, withdrawn, perhaps once more.

Owns: ``cards`` and what became of them. May never: judge evidence or budgets.

    suggested --accepted by both--> agreed --met--> closed for good, nothing is put out
        |                              |
        +--later--> suggested once     +--left, lapsed, consent, erased, unproved--> withdrawn to both
        |           more to that one   +--declined, blocked--> withdrawn to that one; to the other with the
        +------------------------------+                       first of the causes above, never again

Until the agreement nothing that one of the two answers or blocks changes what the other gets. So each has a "later" and
a reminder of their own, and ``met`` counts only when both know of each other. A block by account ends no card by
itself: whoever blocks accounts one after the other could see who an unnamed card is. It bars the card.
"""

from heapq import heapify

from msgspec.structs import replace

from schemas.events import MatchAnswered
from schemas.outputs import MatchAgreed, MatchSuggested, MatchWithdrawn
from schemas.times import HOUR_MS
from streams.matching import budget as room
from streams.matching.ids import match_id
from streams.matching.presence import lapses_at
from streams.matching.state import NEVER, ORDER_BITS, Card, Meeting, Said, State
from streams.matching.timers import Wake, wake_at

REMIND_AFTER_MS = HOUR_MS
AGAIN_AFTER_MS = 4 * HOUR_MS
_AFTER_AGREEMENT = frozenset({"met", "not_met", "here"})  # before it they are without effect
_MAY_COME_AGAIN = frozenset({"left", "expired", "consent_withdrawn"})
_OWN = frozenset({"declined", "blocked"})  # what one of the two did; everything else ends the card for both
_MOST_WITHDRAWALS = 1  # a pair is suggested once more in all


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Two attendees as a key."""
    return (one, other) if one < other else (other, one)


def may_suggest(card: Card | None, now: int) -> bool:
    """Whether a new match of the pair may come, as far as its earlier ones go."""
    return card is None or (card.ended and card.again_at != NEVER and card.again_at <= now)


def next_match(state: State, a: str, b: str) -> str:
    """The id of the match that a suggestion of the pair is about: the open one, or a new one."""
    card = state.cards.get((a, b))
    if card is not None and not card.ended:
        return card.match
    return match_id(state.conference, a, b, 0 if card is None else card.withdrawals + 1)


# -- answers ---------------------------------------------------------------------------------------------------------


def answer(state: State, event: MatchAnswered, stamp: int) -> tuple[Card, bool] | None:
    """Takes an answer in. None: it is without effect; else the card, and whether a place is to be passed on."""
    card = state.matches.get(event.match)
    if card is None or event.attendee not in card.holders():
        return None
    if event.answer in _AFTER_AGREEMENT and not card.agreed:
        return None
    if event.answer == "here":
        return _here(card, event, stamp)
    if event.answer == "not_met":
        before = meeting(card, event.attendee)
        _keep_meeting(card, replace(before, not_met=max(stamp, before.not_met)))
        return card, False
    _decide(state, card, event, stamp)
    return card, False


def _decide(state: State, card: Card, event: MatchAnswered, stamp: int) -> None:
    said = card.said.get(event.attendee)
    if said is not None and stamp < said.stamp:
        return
    card.said[event.attendee] = Said(stamp, event.answer, event.id)
    if event.answer == "met":
        close(state, card)
    elif event.answer == "later":
        wake_at(state, remind_at(card, event.attendee), Wake.REMIND, card.a, card.b)


def _here(card: Card, event: MatchAnswered, stamp: int) -> tuple[Card, bool]:
    newest = stamp >= card.here.get(event.attendee, NEVER)
    if newest:
        card.here[event.attendee] = stamp
        _keep_meeting(card, replace(meeting(card, event.attendee), place=event.place))
    return card, newest and not card.gone


def meeting(card: Card, attendee: str) -> Meeting:
    """What the attendee last said of meeting the other; nothing follows from it."""
    return next((said for said in card.meeting if said.attendee == attendee), Meeting(attendee))


def _keep_meeting(card: Card, said: Meeting) -> None:
    card.meeting = (*(other for other in card.meeting if other.attendee != said.attendee), said)


def standing(card: Card, attendee: str) -> str | None:
    """The attendee's standing answer."""
    said = card.said.get(attendee)
    return None if said is None else said.answer


def is_agreeable(card: Card) -> bool:
    """Whether both accepted and nothing came between."""
    both = standing(card, card.a) == standing(card, card.b) == "accepted"
    return both and not (card.agreed or card.ended or card.gone or card.barred)


def is_met(card: Card) -> bool:
    """Whether one of the two said, after both had agreed, that they met."""
    return card.agreed and any(standing(card, person) == "met" for person in (card.a, card.b))


def remind_at(card: Card, attendee: str) -> int:
    """When the attendee's reminder is due: an hour after their standing "later"; NEVER without one."""
    said = card.said.get(attendee)
    if said is None or said.answer != "later":
        return NEVER
    return (said.stamp >> ORDER_BITS) + REMIND_AFTER_MS


def awaits_reminder(card: Card, attendee: str) -> bool:
    """Whether the attendee is still to be reminded, now or later."""
    if card.agreed or attendee in card.reminded or attendee not in card.holders():
        return False
    return remind_at(card, attendee) != NEVER


def to_remind(card: Card, now: int) -> list[str]:
    """Those of the two whose reminder is due. Nothing else is asked for: whatever the other one does in private, and
    whatever became of the evidence, must not show in whether it comes."""
    return [who for who in (card.a, card.b) if awaits_reminder(card, who) and remind_at(card, who) <= now]


# -- what was put out ------------------------------------------------------------------------------------------------


def settle_suggested(state: State, output: MatchSuggested, by_conversation: bool) -> None:
    """A card goes out, or a reminder of it, which changes nothing for the other one of the two."""
    card = state.matches.get(output.match)
    if card is not None:
        card.reminded = tuple(sorted({*card.reminded, *output.to}))
    else:
        a, b = output.attendees
        earlier = state.cards.get((a, b))
        withdrawals = 0 if earlier is None else earlier.withdrawals + 1
        card = Card(output.match, a, b, withdrawals, not by_conversation)
        keep(state, card)
        card.reasons = output.reasons
        for person in (state.attendees[a], state.attendees[b]):
            wake_at(state, lapses_at(state, person), Wake.LAPSE, person.id)


def settle_agreed(state: State, output: MatchAgreed) -> None:
    """Both know that both accepted."""
    card = state.matches.get(output.match)
    if card is not None:
        card.agreed = True
        card.reasons = ()  # nobody is reminded any more


def settle_withdrawn(state: State, output: MatchWithdrawn, at: int) -> None:
    """The card is taken back from those in ``to``."""
    card = state.matches.get(output.match)
    if card is None:  # of an erased attendee nothing is left
        return
    to_both = len(output.to) == 2
    card.gone = tuple(sorted({*card.gone, *output.to}))
    card.barred |= output.cause in _OWN
    if len(card.gone) < 2 and output.cause in _OWN:
        return
    close(state, card)
    comes_again = output.cause in _MAY_COME_AGAIN and to_both and not card.barred
    if comes_again and card.withdrawals < _MOST_WITHDRAWALS:
        card.again_at, card.cause = at + AGAIN_AFTER_MS, output.caused_by
        wake_at(state, card.again_at, Wake.AGAIN, card.a, card.b)


def close(state: State, card: Card) -> None:
    """Nothing more will come of this match."""
    card.ended = True
    card.reasons = ()
    state.matches.pop(card.match, None)


def keep(state: State, card: Card) -> None:
    """Files the newest match of a pair where it is looked for."""
    state.cards[card.a, card.b] = card
    state.cards_of.setdefault(card.a, {})[card.b] = card
    state.cards_of.setdefault(card.b, {})[card.a] = card
    if not card.ended:
        state.matches[card.match] = card


def drop(state: State, attendee: str) -> None:
    """Forgets every match of an erased attendee."""
    for other, card in state.cards_of.pop(attendee, {}).items():
        del state.cards_of[other][attendee]
        room.forget(state.attendees[other], state.now)  # what caused their cards may be an id of the erased
        del state.cards[card.a, card.b]
        state.matches.pop(card.match, None)
    state.room_wakes.pop(attendee, None)
    state.timers = [timer for timer in state.timers if attendee not in timer[2:]]
    heapify(state.timers)


def strike(state: State, posts: set[str]) -> None:
    """Takes these posts out of what open cards remember of their reasons."""
    for card in state.matches.values():
        if any(not posts.isdisjoint(reason.posts) for reason in card.reasons):
            card.reasons = tuple(
                replace(reason, posts=tuple(post for post in reason.posts if post not in posts))
                for reason in card.reasons
            )


def open_cards(state: State, attendee: str) -> list[Card]:
    """The attendee's cards that have not ended for both."""
    return [card for card in state.cards_of.get(attendee, {}).values() if not card.ended]
