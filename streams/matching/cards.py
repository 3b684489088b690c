"""The life of a match: suggested, answered, agreed, withdrawn, perhaps suggested once more.

    suggested --accepted by both--> agreed --met--> closed for good, nothing is emitted
        |                              |
        +--later--> suggested once     +--left, lapsed, consent, erased, unproved--> withdrawn from both
        |           more to that one   +--declined, blocked--> withdrawn from that one; from the other with the
        +------------------------------+                       first of the causes above, never again

Responsibility: ``cards`` and their states; evidence and budgets are judged elsewhere.
Why: until the agreement, no answer or block of one person changes what the other one gets. So each has their own
"later" and their own reminder, and ``met`` counts only when both know of each other. A block by account ends no card by
itself, but bars it: otherwise blocking accounts one by one would reveal who is on an unnamed card.
"""

from heapq import heapify

from msgspec.structs import replace

from schemas.events import MatchAnswered
from schemas.outputs import MatchAgreed, MatchSuggested, MatchWithdrawn
from schemas.times import HOUR_MS
from streams.matching import budget
from streams.matching.ids import match_id
from streams.matching.presence import lapses_at
from streams.matching.state import NEVER, ORDER_BITS, Answer, Card, Meeting, State
from streams.matching.timers import TimerKind, set_timer

REMIND_AFTER_MS = HOUR_MS
AGAIN_AFTER_MS = 4 * HOUR_MS
_AFTER_AGREEMENT = frozenset({"met", "not_met", "here"})  # they have no effect before it
_REPEATABLE = frozenset({"left", "expired", "consent_withdrawn"})
_PRIVATE = frozenset({"declined", "blocked"})  # private acts of one person; every other cause ends the card for both
_MAX_WITHDRAWALS = 1  # a pair is suggested again at most once


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Two attendees as a key."""
    return (one, other) if one < other else (other, one)


def may_suggest(card: Card | None, now: int) -> bool:
    """Whether the pair's earlier matches allow a new one."""
    return card is None or (card.ended and card.again_at != NEVER and card.again_at <= now)


def next_match(state: State, a: str, b: str) -> str:
    """The match id for a suggestion of the pair: that of the open match, or a new one."""
    card = state.cards.get((a, b))
    if card is not None and not card.ended:
        return card.match
    return match_id(state.conference, a, b, 0 if card is None else card.withdrawals + 1)


# -- answers ---------------------------------------------------------------------------------------------------------


def record_answer(state: State, event: MatchAnswered, stamp: int) -> tuple[Card, bool] | None:
    """Takes in an answer. Returns the card, and whether a place is to be passed on; None if it has no effect."""
    card = state.matches.get(event.match)
    if card is None or event.attendee not in card.holders():
        return None
    if event.answer in _AFTER_AGREEMENT and not card.agreed:
        return None
    if event.answer == "here":
        return _set_location(card, event, stamp)
    if event.answer == "not_met":
        before = meeting(card, event.attendee)
        _set_meeting(card, replace(before, not_met=max(stamp, before.not_met)))
        return card, False
    _set_answer(state, card, event, stamp)
    return card, False


def _set_answer(state: State, card: Card, event: MatchAnswered, stamp: int) -> None:
    said = card.answers.get(event.attendee)
    if said is not None and stamp < said.stamp:
        return
    card.answers[event.attendee] = Answer(stamp, event.answer, event.id)
    if event.answer == "met":
        close(state, card)
    elif event.answer == "later":
        set_timer(state, remind_at(card, event.attendee), TimerKind.REMIND, card.a, card.b)


def _set_location(card: Card, event: MatchAnswered, stamp: int) -> tuple[Card, bool]:
    newest = stamp >= card.here.get(event.attendee, NEVER)
    if newest:
        card.here[event.attendee] = stamp
        _set_meeting(card, replace(meeting(card, event.attendee), place=event.place))
    return card, newest and not card.withdrawn_from


def meeting(card: Card, attendee: str) -> Meeting:
    """What the attendee last said about meeting the other; it has no further effect."""
    return next((said for said in card.meeting if said.attendee == attendee), Meeting(attendee))


def _set_meeting(card: Card, said: Meeting) -> None:
    card.meeting = (*(other for other in card.meeting if other.attendee != said.attendee), said)


def current_answer(card: Card, attendee: str) -> str | None:
    """The attendee's current answer; None without one."""
    said = card.answers.get(attendee)
    return None if said is None else said.answer


def is_agreeable(card: Card) -> bool:
    """Whether both accepted, and the match is neither agreed, withdrawn, barred nor over."""
    both = current_answer(card, card.a) == current_answer(card, card.b) == "accepted"
    return both and not (card.agreed or card.ended or card.withdrawn_from or card.barred)


def is_met(card: Card) -> bool:
    """Whether one of the two said, after both had agreed, that they met."""
    return card.agreed and any(current_answer(card, person) == "met" for person in (card.a, card.b))


def remind_at(card: Card, attendee: str) -> int:
    """When the attendee's reminder is due: an hour after their current "later"; NEVER without one."""
    said = card.answers.get(attendee)
    if said is None or said.answer != "later":
        return NEVER
    return (said.stamp >> ORDER_BITS) + REMIND_AFTER_MS


def awaits_reminder(card: Card, attendee: str) -> bool:
    """Whether the attendee still has a reminder to come, now or later."""
    if card.agreed or attendee in card.reminded or attendee not in card.holders():
        return False
    return remind_at(card, attendee) != NEVER


def due_reminders(card: Card, now: int) -> list[str]:
    """Those of the two whose reminder is due. It depends on nothing else: it must not reveal what the other person does
    in private, or what became of the evidence."""
    return [who for who in (card.a, card.b) if awaits_reminder(card, who) and remind_at(card, who) <= now]


# -- settling emitted outputs ---------------------------------------------------------------------------------------


def settle_suggested(state: State, output: MatchSuggested, by_conversation: bool) -> None:
    """A suggestion was emitted, or a reminder, which changes nothing for the other person."""
    card = state.matches.get(output.match)
    if card is not None:
        card.reminded = tuple(sorted({*card.reminded, *output.to}))
    else:
        a, b = output.attendees
        earlier = state.cards.get((a, b))
        withdrawals = 0 if earlier is None else earlier.withdrawals + 1
        card = Card(output.match, a, b, withdrawals, not by_conversation)
        store(state, card)
        card.reasons = output.reasons
        for person in (state.attendees[a], state.attendees[b]):
            set_timer(state, lapses_at(state, person), TimerKind.LAPSE, person.id)


def settle_agreed(state: State, output: MatchAgreed) -> None:
    """Both were shown that both accepted."""
    card = state.matches.get(output.match)
    if card is not None:
        card.agreed = True
        card.reasons = ()  # there are no more reminders


def settle_withdrawn(state: State, output: MatchWithdrawn, at: int) -> None:
    """The card was withdrawn from those in ``to``."""
    card = state.matches.get(output.match)
    if card is None:  # nothing is left of an erased attendee
        return
    to_both = len(output.to) == 2
    card.withdrawn_from = tuple(sorted({*card.withdrawn_from, *output.to}))
    card.barred |= output.cause in _PRIVATE
    if len(card.withdrawn_from) < 2 and output.cause in _PRIVATE:
        return
    close(state, card)
    may_repeat = output.cause in _REPEATABLE and to_both and not card.barred
    if may_repeat and card.withdrawals < _MAX_WITHDRAWALS:
        card.again_at, card.cause = at + AGAIN_AFTER_MS, output.caused_by
        set_timer(state, card.again_at, TimerKind.REMATCH, card.a, card.b)


def close(state: State, card: Card) -> None:
    """Ends the match: nothing more is emitted for it."""
    card.ended = True
    card.reasons = ()
    state.matches.pop(card.match, None)


def store(state: State, card: Card) -> None:
    """Stores the newest match of a pair under its keys."""
    state.cards[card.a, card.b] = card
    state.cards_of.setdefault(card.a, {})[card.b] = card
    state.cards_of.setdefault(card.b, {})[card.a] = card
    if not card.ended:
        state.matches[card.match] = card


def forget_attendee(state: State, attendee: str) -> None:
    """Removes every match of an erased attendee."""
    for other, card in state.cards_of.pop(attendee, {}).items():
        del state.cards_of[other][attendee]
        budget.discard_expired(state.attendees[other], state.now)  # a cause may be an id of the erased person's
        del state.cards[card.a, card.b]
        state.matches.pop(card.match, None)
    state.budget_timers.pop(attendee, None)
    state.timers = [timer for timer in state.timers if attendee not in timer[2:]]
    heapify(state.timers)


def remove_posts(state: State, posts: set[str]) -> None:
    """Removes these posts from the reasons stored with open cards."""
    for card in state.matches.values():
        if any(not posts.isdisjoint(reason.posts) for reason in card.reasons):
            card.reasons = tuple(
                replace(reason, posts=tuple(post for post in reason.posts if post not in posts))
                for reason in card.reasons
            )


def open_cards(state: State, attendee: str) -> list[Card]:
    """The attendee's cards that have not ended for both."""
    return [card for card in state.cards_of.get(attendee, {}).values() if not card.ended]
