"""What pages need to know of a conference's matcher, asked between two slices of the fold.

Owns: the questions, all of them short. May never: change anything, or hand the state itself to another thread.
"""

from msgspec import Struct

from streams.matching import Matcher, presence
from streams.matching.state import Attendee


class AttendeeState(Struct, frozen=True):
    """An attendee as the log has them."""

    matching: bool = False
    chats: bool = False
    share_place: bool = False
    present: bool = False
    place: str | None = None


def attendee_state(matcher: Matcher | None, attendee: str, now: int) -> AttendeeState:
    """Consents, presence, place."""
    person = _person(matcher, attendee)
    if matcher is None or person is None:
        return AttendeeState()
    here = presence.is_here(matcher.state, person, max(now, matcher.state.now))
    place = presence.place_of(person) if here else None
    return AttendeeState(person.matching, person.chats, person.share_place, here, place)


def _person(matcher: Matcher | None, attendee: str) -> Attendee | None:
    return None if matcher is None else matcher.state.attendees.get(attendee)
