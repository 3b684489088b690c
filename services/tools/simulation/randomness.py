"""Seeded chance: the only source of randomness of a simulation.

Responsibility: how a number out of the seed becomes a decision. It reads no clock, environment or hash order.
Why: the same bytes on every machine and Python. So only ``Random.random()`` is used, whose sequence
Python promises to keep (``shuffle``, ``choice`` or ``gauss`` it may change), and only + - * / and sqrt,
which IEEE 754 rounds in one way only (``log`` and ``pow`` differ between C libraries). Each part draws from
a stream of its own, named by seed and part: a change to one part leaves the others as they were.
"""

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import sqrt
from typing import Generic, TypeVar

T = TypeVar("T")

# However rare, a thing comes about at the 5th chance first: small conferences have all kinds too.
FIRST_COMES_AT = 5


class Chance:
    """A stream of decisions. ``unit()`` is 0 <= x < 1."""

    def __init__(self, seed: int, part: str) -> None:
        self.unit = random.Random(f"{seed}:{part}").random  # noqa: S311 (a simulation, no secret)

    def likely(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.unit() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, low <= x < high."""
        return low + int(self.unit() * (high - low))

    def soon(self, low: int, high: int) -> int:
        """As ``between``, mostly near to ``low``: how long things take (the median is an eighth)."""
        unit = self.unit()
        return low + int(unit * unit * unit * (high - low))

    def pick(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[int(self.unit() * len(items))]

    def tail(self, most: int) -> int:
        """1..most, heavy-tailed (Pareto, 2/3): with 300 the top tenth has three quarters of the sum."""
        unit = self.unit()
        return min(most, int(1 / (unit * sqrt(unit) + 1e-9)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The same items in another order."""
        mixed = list(items)
        for index in range(len(mixed) - 1, 0, -1):
            other = int(self.unit() * (index + 1))
            mixed[index], mixed[other] = mixed[other], mixed[index]
        return mixed


class Quota:
    """Says yes in a share of the cases, spread rather evenly; the first yes is about chance ``first``."""

    def __init__(self, chance: Chance, share: float, first: int = FIRST_COMES_AT) -> None:
        self._unit = chance.unit
        self._step = 2 * share
        self._debt = max(0.0, 1 - first * share)

    def due(self) -> bool:
        """The next case: is it one?"""
        self._debt += self._step * self._unit()
        if self._debt < 1:
            return False
        self._debt -= 1
        return True


class Draw(Generic[T]):
    """Draws items in proportion to whole weights."""

    def __init__(self, chance: Chance, items: Sequence[T], weights: Sequence[int]) -> None:
        self._unit = chance.unit
        self._items = items
        self._sums = list(accumulate(weights))

    def __len__(self) -> int:
        return len(self._items)

    def one(self) -> T:
        """One item."""
        return self._items[bisect_right(self._sums, int(self._unit() * self._sums[-1]))]


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in whole parts in proportion to the weights; the sum is exact."""
    whole = sum(weights)
    marks = [total * part // whole for part in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(marks)]
