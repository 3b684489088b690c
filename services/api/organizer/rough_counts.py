"""Turns exact counts of people and their acts into the rough ones that an organizer may see.

Invariants:
- Only ``FEW`` and the numbers of ``STEPS`` are ever shown.
- The shown value is a function of (secret, conference, name of the count, period, exact count): every caller, however
  often and with however many keys, sees the same value for a whole period, also after a restart.
- Adding or removing one person changes the odds of any shown value in a period by a factor of at most 2.
- No shown value, and no change of one, proves an act: an unchanged count may appear as another step in the next period,
  and a changed count as the same step.

Why: steps alone reveal a single act when the count is just below a step, and somebody who can add their own people
(puppets) can bring it there. So noise is drawn for each period before rounding. It is the geometric mechanism of
differential privacy (Ghosh, Roughgarden, Sundararajan 2009) with the parameter 1/2; its standard deviation is 2.
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
    """The step at or below a count, without noise: for counts that reveal nobody's acts."""
    step = bisect_right(STEPS, count)
    return STEPS[step - 1] if step else FEW


class RoughCounts:
    """``chance``: maps a text to 16 or more unpredictable bytes, always the same for the same text."""

    def __init__(self, chance: Callable[[str], bytes]) -> None:
        self._chance = chance

    def shown(self, conference: str, name: str, count: int, period: int) -> Rough:
        """The rough value of a named count in the period with this number."""
        return rounded(count + noise(self._chance(f"{conference}\n{name}\n{period}")))


def noise(drawn: bytes) -> int:
    """Noise k with probability 2**-abs(k) / 3: the difference of two draws, each g with probability 2**-(g + 1)."""
    return _zeros(drawn[:_DRAW_BYTES]) - _zeros(drawn[_DRAW_BYTES : 2 * _DRAW_BYTES])


def _zeros(drawn: bytes) -> int:
    """How many zero bits the number ends with."""
    number = int.from_bytes(drawn, "big") | 1 << 8 * len(drawn)
    return (number & -number).bit_length() - 1
