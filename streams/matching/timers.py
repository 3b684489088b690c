"""What may become due, and when.

Owns: ``State.timers``, a heap of (due, kind, a, b). May never: decide; whoever is woken looks whether there is
anything to do, so
a timer too many changes nothing.
"""

from enum import IntEnum
from heapq import heappop, heappush

from streams.matching.state import State


class Wake(IntEnum):
    """What a timer is for."""

    LAPSE = 0  # an attendee's last sign stops counting
    REMIND = 1  # an hour after the last "later"
    AGAIN = 2  # a pair may be suggested once more
    ROOM = 3  # an attendee has room again


def wake_at(state: State, due: int, kind: Wake, a: str, b: str = "") -> None:
    """Asks to be woken; in the past means as soon as can be."""
    heappush(state.timers, (max(due, state.now), int(kind), a, b))


def next_due(state: State) -> int | None:
    """The next moment at which something may be due."""
    return state.timers[0][0] if state.timers else None


def take(state: State, moment: int) -> list[tuple[Wake, str, str]]:
    """All timers of one moment, each once."""
    taken: dict[tuple[Wake, str, str], None] = {}
    while state.timers and state.timers[0][0] <= moment:
        _, kind, a, b = heappop(state.timers)
        taken[Wake(kind), a, b] = None
    return list(taken)
