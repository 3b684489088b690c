"""Who is present, and where.

Responsibility: arrivals, departures, the last sign of presence, ``available_accounts``. Withdrawals are in ``cards``.
Why: presence compares the newest arrival with the newest departure, and the last sign with the policy's hours. Both
depend only on the events, not on the order in which they arrive.
"""

from schemas.times import HOUR_MS, MINUTE_MS
from streams.matching.state import NEVER, ORDER_BITS, Attendee, State


def arrive(person: Attendee, place: str | None, stamp: int, cause: str) -> None:
    """Records an arrival."""
    if stamp > person.arrived:
        person.arrived = stamp
        person.place = place
    at = stamp >> ORDER_BITS
    if at >= person.sign_at:
        person.sign_at = at
        person.sign_cause = cause


def sign(person: Attendee, at: int, cause: str) -> None:
    """Records a sign of presence: an arrival, or sharing one's location on a card."""
    if at >= person.sign_at:
        person.sign_at = at
        person.sign_cause = cause


def leave(person: Attendee, place: str | None, stamp: int) -> None:
    """Records leaving a place, or (None) the conference."""
    if place is None:
        person.left = max(person.left, stamp)
    else:
        person.left_places[place] = max(person.left_places.get(place, NEVER), stamp)


def lapses_at(state: State, person: Attendee) -> int:
    """When the last sign of presence expires, ms."""
    return person.sign_at + state.policy.presence_hours * HOUR_MS


def is_here(state: State, person: Attendee, now: int) -> bool:
    """Whether the attendee is present."""
    return person.arrived > person.left and now < lapses_at(state, person)


def place_of(person: Attendee) -> str | None:
    """The place of the last arrival, unless the person has left it since."""
    place = person.place
    if place is None or person.left_places.get(place, NEVER) > person.arrived:
        return None
    return place


def are_near(state: State, a: Attendee, b: Attendee, now: int) -> bool:
    """Whether both share their places and recently arrived at the same one."""
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


def update_available_accounts(state: State, person: Attendee) -> None:
    """Updates ``available_accounts``: accounts of people who arrived, did not leave, and do not wait for their budget.

    Expiry of presence is checked later.
    """
    if person.arrived > person.left and person.id not in state.budget_timers:
        state.available_accounts.update(person.accounts)
    else:
        state.available_accounts.difference_update(person.accounts)
