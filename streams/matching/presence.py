"""Who is here, and where.

Owns: arrivals, leaving, the last sign, ``here``. May never: withdraw anything (see ``cards``).
Theory: the newest arrival against the newest leaving, and the last sign against the policy's hours: both are functions
of what was said, whatever the order in which it came.
"""

from schemas.times import HOUR_MS, MINUTE_MS
from streams.matching.state import NEVER, ORDER_BITS, Attendee, State


def arrive(person: Attendee, place: str | None, stamp: int, cause: str) -> None:
    """Takes an arrival in."""
    if stamp > person.arrived:
        person.arrived = stamp
        person.place = place
    at = stamp >> ORDER_BITS
    if at >= person.sign_at:
        person.sign_at = at
        person.sign_cause = cause


def sign(person: Attendee, at: int, cause: str) -> None:
    """A sign of being here: an arrival, or an own answer on an open card."""
    if at >= person.sign_at:
        person.sign_at = at
        person.sign_cause = cause


def leave(person: Attendee, place: str | None, stamp: int) -> None:
    """Takes a leaving in, of a place or of the conference."""
    if place is None:
        person.left = max(person.left, stamp)
    else:
        person.left_places[place] = max(person.left_places.get(place, NEVER), stamp)


def lapses_at(state: State, person: Attendee) -> int:
    """When the last sign stops counting."""
    return person.sign_at + state.policy.presence_hours * HOUR_MS


def is_here(state: State, person: Attendee, now: int) -> bool:
    """Whether the attendee is present."""
    return person.arrived > person.left and now < lapses_at(state, person)


def place_of(person: Attendee) -> str | None:
    """The place that the last arrival names, unless that place was left since."""
    place = person.place
    if place is None or person.left_places.get(place, NEVER) > person.arrived:
        return None
    return place


def are_near(state: State, a: Attendee, b: Attendee, now: int) -> bool:
    """Whether both share places and arrived lately at the same one."""
    if not (a.share_place and b.share_place):
        return False
    place = place_of(a)
    since = now - state.policy.near_minutes * MINUTE_MS
    return (
        place is not None
        and place == place_of(b)
        and a.arrived >> ORDER_BITS > since
        and b.arrived >> ORDER_BITS > since
    )


def seat(state: State, person: Attendee) -> None:
    """Keeps ``here``: the accounts of those who arrived and did not leave (their lapse is looked at when it
    matters)."""
    if person.arrived > person.left:
        state.here.update(person.accounts)
    else:
        state.here.difference_update(person.accounts)
