"""Budgets: how many suggestions a person gets in an hour and in a day.

Responsibility: ``Attendee.suggestions`` and ``State.budget_timers``. It never looks at pairs.
Invariants: who has a budget timer is over budget until it is due. Until then nobody needs to look at them: the timer
brings them back, with all their ties. So a conference where most people are over budget costs no more than a quiet one.
"""

from schemas.times import DAY_MS, HOUR_MS
from streams.matching.presence import update_available_accounts
from streams.matching.state import Attendee, State, Suggestion
from streams.matching.timers import TimerKind, set_timer

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


# -- timers ----------------------------------------------------------------------------------------------------------


def start_timer(state: State, person: Attendee) -> None:
    """Sets the timer of a person who is over budget, unless it is set or the budget never frees up."""
    moment, _ = frees_at(state, person)
    if moment < NEVER_FREE and state.budget_timers.get(person.id) != moment:
        state.budget_timers[person.id] = moment
        set_timer(state, moment, TimerKind.BUDGET, person.id)
        update_available_accounts(state, person)


def end_timer(state: State, attendee: str) -> None:
    """A timer of this person is due."""
    if state.budget_timers.get(attendee, NEVER_FREE) <= state.now:
        del state.budget_timers[attendee]
        update_available_accounts(state, state.attendees[attendee])


def review_timers(state: State) -> None:
    """Keeps the set timers that fit the budgets now: the policy changed, or the timers were restored or cleared."""
    due = {(name, moment) for moment, kind, name, _ in state.timers if kind == TimerKind.BUDGET}
    state.budget_timers.clear()
    for person in state.attendees.values():
        moment, _ = frees_at(state, person)
        if (person.id, moment) in due:
            state.budget_timers[person.id] = moment
        update_available_accounts(state, person)
