"""All ties of a conference: who knows whom, whether or not they are present, consent, or are blocked (a tester's view).

Responsibility: which pairs to consider, and their order; ``ties`` judges the evidence.
Why: of 45,000 attendees nearly all pairs share nothing. Only pairs that share a conversation, a session or a contact
are considered, one attendee's partners at a time. Reasons are computed while ties are yielded.
"""

from collections.abc import Iterator

from schemas.outputs import Tie
from streams.matching import scoring, ties
from streams.matching.accounts import contacts
from streams.matching.engine import Matcher
from streams.matching.evidence.sessions import weight
from streams.matching.state import NEVER, Attendee, State


def ties_of(matcher: Matcher, everything: bool = False) -> Iterator[Tie]:
    """Every pair of registered attendees that knows each other at the matcher's now, the strongest first, then a, b.

    ``everything``: every pair with any evidence: a post that addresses, a common session, a common contact.
    """
    state = matcher.state
    ranked = sorted(_ranked(state, everything)) if state.opened else []
    for points, a, b, known in ranked:
        one, other = state.attendees[a], state.attendees[b]
        found = ties.reasons(state, one, other, one_sided=everything)
        yield Tie(a=a, b=b, score=-points / 10_000, known=known, reasons=found)


def _ranked(state: State, everything: bool) -> Iterator[tuple[int, str, str, bool]]:
    shared = _Shared(state)
    for a in state.attendees.values():
        if a.registered == NEVER or not a.accounts:
            continue
        for name in sorted(shared.contacts(a, everything) | shared.participants(a, everything)):
            b = state.attendees[name]
            if b.registered == NEVER or name <= a.id:
                continue
            known = ties.known(state, a, b)
            if known or everything:
                points = ties.score(state, a, b, state.now)
                # Evidence that has decayed to nothing is still evidence; a common contact without weight is none.
                if known or points or ties.reasons(state, a, b, one_sided=True):
                    yield -points, a.id, name, known


class _Shared:
    """Who shares something with one attendee at a time."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._by_session: dict[int, list[str]] = {}
        most = max((len(person.accounts) for person in state.attendees.values()), default=0)
        self._most_contacts = scoring.MAX_CONTACTS + 2 * most

    def contacts(self, person: Attendee, everything: bool) -> set[str]:
        """Those whom the person addressed, and (``everything``) by whom, or with whom they share a contact."""
        found: set[str] = set()
        for number in person.accounts:
            account = self.state.accounts[number]
            near = [*account.sent, *account.senders]
            found |= self._owners(near)
            if everything:
                for contact in (self.state.accounts[near_by] for near_by in near):
                    # Either of the two may be several of these contacts, so allow for more than the limit.
                    if contacts(contact) <= self._most_contacts:
                        found |= self._owners([*contact.sent, *contact.senders])
        found.discard(person.id)
        return found

    def _owners(self, numbers: list[int]) -> set[str]:
        owners = (self.state.accounts[number].owner for number in numbers)
        return {owner for owner in owners if owner is not None}

    def participants(self, person: Attendee, everything: bool) -> set[str]:
        """Those whose common sessions with the person may suffice, or (``everything``) who share any."""
        if not person.chats:
            return set()
        shares: dict[str, int] = {}
        for number in {number for mine in person.accounts for number in self.state.accounts[mine].sessions}:
            share = weight(self.state.sessions[number])
            for name in self._participants_of(number):
                shares[name] = shares.get(name, 0) + share
        enough = 0 if everything else self.state.policy.chat_weight
        return {name for name, share in shares.items() if share >= enough}

    def _participants_of(self, number: int) -> list[str]:
        """The attendees of a session who consent to chats."""
        found = self._by_session.get(number)
        if found is None:
            found = self._by_session[number] = [
                name
                for name in sorted(self._owners(_not_erased(self.state, list(self.state.sessions[number].authors))))
                if self.state.attendees[name].chats
            ]
        return found


def _not_erased(state: State, numbers: list[int]) -> list[int]:
    """The accounts that were not erased."""
    return [number for number in numbers if number in state.accounts]
