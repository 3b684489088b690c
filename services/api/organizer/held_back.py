"""Finds why a pair who know each other was never suggested, where at least one of them is present.

Responsibility: whom a person may know, and the first cause that an organizer may be told.

Invariants:
- Blocks and the course of a match do not matter: nothing ever holds back a pair that was suggested once. So no such act
  moves a number.

Why: the causes are checked in the order consent, presence, budget; a pair counts under the first that applies.
"""

from collections import Counter

from streams.matching import Matcher, budget, cards, presence, ties
from streams.matching.evidence.sessions import weight
from streams.matching.state import NEVER, Attendee, State

CAUSES = ("budget", "no_consent", "not_present")


def known_to(matcher: Matcher, person: Attendee) -> list[Attendee]:
    """The attendees whom the person may know, present or not, sorted by id."""
    state = matcher.state
    found: set[str | None] = set()
    chances: Counter[str | None] = Counter()
    for number in person.accounts:
        account = state.accounts[number]
        found.update(_owner(state, other) for other in account.sent)
        for session_number in account.sessions if person.chats else ():
            session = state.sessions[session_number]
            share = weight(session)
            for other in session.authors if share or not state.policy.chat_weight else ():
                chances[_owner(state, other)] += share
    found.update(other for other, share in chances.items() if share >= state.policy.chat_weight)
    found -= {None, person.id}
    return [state.attendees[name] for name in sorted(filter(None, found)) if name in state.attendees]


def _owner(state: State, number: int) -> str | None:
    """The owner of an account; None where it was erased."""
    account = state.accounts.get(number)
    return None if account is None else account.owner


def cause_of(matcher: Matcher, person: Attendee, other: Attendee, now: int) -> str | None:
    """Why the two are not suggested. None: for no cause that counts, or the pair is counted from the other side.

    ``person`` is present. ``now``: ms since 1970."""
    state = matcher.state
    is_here = presence.is_here(state, other, now)
    if other.registered == NEVER or (is_here and other.id < person.id):
        return None
    if cards.pair_of(person.id, other.id) in state.cards or not ties.known(state, person, other):
        return None
    if not (person.matching and other.matching):
        return "no_consent"
    if not is_here:
        return "not_present"
    if budget.is_within_budget(state, person, now) and budget.is_within_budget(state, other, now):
        return None  # it is due
    return "budget"
