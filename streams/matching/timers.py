"""What may become due, and when.

Responsibility: ``State.timers``, a heap of (due in ms, kind, a, b).
Invariants: a timer decides nothing. Whoever handles it checks whether there is anything to do, so a superfluous timer
changes nothing.
"""

from enum import IntEnum
from heapq import heappop, heappush

from streams.matching.state import State


class TimerKind(IntEnum):
    """What a timer is for."""

    LAPSE = 0  # an attendee's last sign of presence expires
    REMIND = 1  # an hour after the last "later"
    REMATCH = 2  # a pair may be suggested again
    BUDGET = 3  # an attendee is within budget again


def set_timer(state: State, due: int, kind: TimerKind, a: str, b: str = "") -> None:
    """Sets a timer; one in the past is due at once."""
    heappush(state.timers, (max(due, state.now), int(kind), a, b))


def next_due(state: State) -> int | None:
    """The next moment at which something may be due."""
    return state.timers[0][0] if state.timers else None


def pop_due(state: State, moment: int) -> list[tuple[TimerKind, str, str]]:
    """Removes and returns all timers that are due at a moment, without duplicates."""
    due: dict[tuple[TimerKind, str, str], None] = {}
    while state.timers and state.timers[0][0] <= moment:
        _, kind, a, b = heappop(state.timers)
        due[TimerKind(kind), a, b] = None
    return list(due)
