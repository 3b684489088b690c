"""Budgets: how many suggestions a person gets in an hour and in a day.

Owns: ``Attendee.told``. May never: look at pairs.
"""

from schemas.times import DAY_MS, HOUR_MS
from streams.matching.state import Attendee, State, Told

FOREVER = 1 << 60  # after every time that is taken: a budget of none never has room


def tell(person: Attendee, at: int, cause: str) -> None:
    """Counts a suggestion."""
    person.told.append(Told(at, cause))
    forget(person, at)


def forget(person: Attendee, now: int) -> None:
    """Lets go of what is older than every budget."""
    while person.told and person.told[0].at + DAY_MS <= now:
        del person.told[0]


def frees_at(state: State, person: Attendee) -> tuple[int, str]:
    """From when on there is room (a moment in the past: there is), and the input that set that moment."""
    moment, cause = -1, ""
    for limit, span in ((state.policy.per_hour, HOUR_MS), (state.policy.per_day, DAY_MS)):
        if limit == 0:
            return FOREVER, ""
        if len(person.told) >= limit:
            told = person.told[-limit]
            if told.at + span > moment:
                moment, cause = told.at + span, told.cause
    return moment, cause


def has_room(state: State, person: Attendee, now: int) -> bool:
    """Whether one more suggestion may go to this person now."""
    return frees_at(state, person)[0] <= now
