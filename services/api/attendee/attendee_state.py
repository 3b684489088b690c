"""An attendee's consents, presence and place, read from the conference's matcher between two slices of the fold.

Invariants: a query is short and changes nothing, and the matcher's state never reaches another thread.
"""

from msgspec import Struct

from streams.matching import Matcher, presence
from streams.matching.state import Attendee


class AttendeeState(Struct, frozen=True):
    """An attendee's state according to the log."""

    matching: bool = False
    chats: bool = False
    share_place: bool = False
    present: bool = False
    place: str | None = None


def attendee_state(matcher: Matcher | None, attendee: str, now: int) -> AttendeeState:
    """The attendee's state; the default where the log does not know them. ``now``: ms since 1970."""
    person = _person(matcher, attendee)
    if matcher is None or person is None:
        return AttendeeState()
    here = presence.is_here(matcher.state, person, max(now, matcher.state.now))
    place = presence.place_of(person) if here else None
    return AttendeeState(person.matching, person.chats, person.share_place, here, place)


def _person(matcher: Matcher | None, attendee: str) -> Attendee | None:
    return None if matcher is None else matcher.state.attendees.get(attendee)
