"""What an organizer's pages ask a conference's matcher, between two slices of the fold.

Owns: the questions, all of them short. May never: change anything, or hand the state itself to another thread.
"""

from msgspec import Struct

from services.gateway.standing import is_met
from streams.matching import Matcher, presence
from streams.matching.state import NEVER


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
    done = sum(1 for card in state.cards.values() if is_met(card))
    return Numbers(f"{state.applied}-0", len(registered), here, people, done)
