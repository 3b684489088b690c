"""Counts of people and of what they do, as an organizer may know them: roughly.

Responsibility: from an exact count to the one that is shown.

Invariants:
- Only ``FEW`` and the numbers of ``STEPS`` are ever shown.
- What is shown is a function of (secret, conference, name of the count, period, exact count): whoever asks, how often,
  with how many keys, and after a restart too, is shown the same for one whole period.
- One more or one less changes the odds of whatever is shown in a period by a factor of 2 at most.
- Nothing that is shown, and no change of it, is certain to come of an act: a count that stays the same may be shown as
  another step in the next period, and one that changed as the same.

Why: steps alone tell a single act when the count stands just below one, and somebody who can add people of their own
(puppets) can bring it there. So noise that is drawn anew for each period comes before the rounding. It is the geometric
mechanism of differential privacy (Ghosh, Roughgarden, Sundararajan 2009) with the parameter 1/2; its deviation is 2.
What remains, and what was rejected: docs/adr/0016-rough-counts.md.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Literal

Rough = int | Literal["<5"]

FEW: Literal["<5"] = "<5"
STEPS = (5, *(step * 10**power for power in range(8) for step in (10, 25, 50)))  # 5, 10, 25, 50, 100, 250 ...
_DRAW_BYTES = 8


def rounded(count: int) -> Rough:
    """The step at or below a count. Without noise: for counts that tell of nobody's acts."""
    step = bisect_right(STEPS, count)
    return STEPS[step - 1] if step else FEW


class RoughCounts:
    """``chance``: from a text to 16 bytes or more that nobody can foresee, always the same for the same text."""

    def __init__(self, chance: Callable[[str], bytes]) -> None:
        self._chance = chance

    def shown(self, conference: str, name: str, count: int, period: int) -> Rough:
        """The count of that name in a period (its number), as it may be shown."""
        return rounded(count + noise(self._chance(f"{conference}\n{name}\n{period}")))


def noise(drawn: bytes) -> int:
    """Of k the probability is 2**-abs(k) / 3: the difference of two draws, each g with the probability 2**-(g + 1)."""
    return _zeros(drawn[:_DRAW_BYTES]) - _zeros(drawn[_DRAW_BYTES : 2 * _DRAW_BYTES])


def _zeros(drawn: bytes) -> int:
    """How many zero bits the number ends with."""
    number = int.from_bytes(drawn, "big") | 1 << 8 * len(drawn)
    return (number & -number).bit_length() - 1
