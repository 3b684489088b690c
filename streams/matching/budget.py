"""Budgets: how many suggestions a person gets in an hour and in a day.

Responsibility: ``Attendee.suggestions``. It never looks at pairs.
"""

from schemas.times import DAY_MS, HOUR_MS
from streams.matching.state import Attendee, State, Suggestion

NEVER_FREE = 1 << 60  # later than every accepted time: a budget of 0 never frees up


def count_suggestion(person: Attendee, at: int, cause: str) -> None:
    """Counts a suggestion at ``at`` (ms) against the person's budgets."""
    person.suggestions.append(Suggestion(at, cause))
    discard_expired(person, at)


def discard_expired(person: Attendee, now: int) -> None:
    """Discards suggestions that are older than every budget's span."""
    while person.suggestions and person.suggestions[0].at + DAY_MS <= now:
        del person.suggestions[0]


def frees_at(state: State, person: Attendee) -> tuple[int, str]:
    """When the next suggestion fits the budgets (ms; in the past: now), and the id of the input that set that time."""
    moment, cause = -1, ""
    for limit, span in ((state.policy.per_hour, HOUR_MS), (state.policy.per_day, DAY_MS)):
        if limit == 0:
            return NEVER_FREE, ""
        if len(person.suggestions) >= limit:
            oldest = person.suggestions[-limit]
            if oldest.at + span > moment:
                moment, cause = oldest.at + span, oldest.cause
    return moment, cause


def is_within_budget(state: State, person: Attendee, now: int) -> bool:
    """Whether one more suggestion may go to this person now."""
    return frees_at(state, person)[0] <= now
