"""What is shown of a count: steps, after noise; what can be learnt of it, worked out exactly and by trying."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import pytest

from services.api.organizer.rough_counts import FEW, STEPS, Rough, RoughCounts, noise, rounded

COUNTS = range(130)
LOW = STEPS[:6]  # the last of them, 250, stands for all above


def counts(secret: int) -> RoughCounts:
    return RoughCounts(lambda text: hashlib.blake2b(f"{secret} {text}".encode(), digest_size=32).digest())


def at_least(drawn: int) -> Fraction:
    """How likely the noise is to be that or more: the sum of 2**-abs(k) / 3."""
    return Fraction(2, 3 * 2**drawn) if drawn >= 0 else 1 - Fraction(2, 3 * 2 ** (1 - drawn))


def odds(count: int) -> dict[Rough, Fraction]:
    """How likely each step is to be shown of a count, exactly."""
    reached = [Fraction(1), *(at_least(step - count) for step in LOW), Fraction(0)]
    return {step: one - more for step, (one, more) in zip((FEW, *LOW), pairwise(reached), strict=True)}


def test_steps() -> None:
    assert STEPS[:9] == (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500)
    shown = {0: FEW, 4: FEW, 5: 5, 9: 5, 10: 10, 24: 10, 25: 25, 99: 50, 100: 100, 1_204: 1_000, -3: FEW}
    assert {count: rounded(count) for count in shown} == shown
    assert list(STEPS) == sorted(set(STEPS))


def test_the_noise_is_the_geometric_mechanism() -> None:
    drawn = Counter(noise(hashlib.sha256(str(number).encode()).digest()) for number in range(60_000))
    for size in range(-4, 5):
        assert drawn[size] / 60_000 == pytest.approx(2.0 ** -abs(size) / 3, abs=0.01)
    assert noise(bytes(32)) == 0
    assert noise((1 << 127).to_bytes(16, "big")) == 63 - 64


def test_one_more_changes_the_odds_of_what_is_shown_by_two_at_most() -> None:
    """One arrival, one block, one decline, one puppet: whatever it moves by one, at each count and each step."""
    for one, more in pairwise(odds(count) for count in COUNTS):
        assert all(Fraction(1, 2) <= one[step] / more[step] <= 2 for step in one)


def test_four_puppets_change_the_odds_by_sixteen_at_most() -> None:
    for count in COUNTS:
        one, more = odds(count), odds(count + 4)
        assert all(Fraction(1, 16) <= one[step] / more[step] <= 16 for step in one)


def test_no_step_is_impossible_and_none_is_certain() -> None:
    """At every small count everything may be shown that may be shown at its neighbours: nothing is ever proved."""
    assert all(0 < chance < 1 for count in COUNTS for chance in odds(count).values())


def test_the_same_for_a_whole_period_then_drawn_anew() -> None:
    rough = counts(1)
    assert len({rough.shown("c", "present", 7, 3) for _ in range(50)}) == 1
    assert len({rough.shown("c", "present", 7, period) for period in range(200)}) >= 3
    by_name = [[rough.shown("c", f"place {name}", 7, period) for period in range(50)] for name in "ab"]
    assert by_name[0] != by_name[1]


def sweep(rough: RoughCounts, real: int, first: int) -> int:
    """A puppet a period, until the step 5 is shown: what an attacker takes the real count for."""
    for puppets in range(12):
        if rough.shown("c", "place hall-a", real + puppets, first + puppets) != FEW:
            return 5 - puppets
    return 0


def trials() -> Iterator[tuple[int, int]]:
    for secret in range(600):
        real = secret % 5
        yield real, sweep(counts(secret), real, 0)


def test_puppets_do_not_turn_few_into_an_exact_count() -> None:
    """Without noise the sweep is right each time; with it in a third of the cases, where guessing is in a fifth."""
    assert all(5 - next(p for p in range(12) if rounded(real + p) != FEW) == real for real in range(5))
    right = sum(real == guess for real, guess in trials())
    assert right / 600 < 0.45


def test_an_arrival_at_the_brink_is_no_more_than_likelier() -> None:
    """Somebody is known to stand just below a step. Whether the number moves tells little of whether one more came."""
    moved = dict.fromkeys((0, 1), 0)
    for secret in range(4_000):
        rough = counts(secret)
        before = rough.shown("c", "present", 4, 0)
        for came in moved:
            moved[came] += rough.shown("c", "present", 4 + came, 1) != before
    assert moved[0] > 1_000  # it moves by itself, a good third of the time
    assert moved[1] < 2 * moved[0]


def test_of_a_crowd_the_noise_is_hardly_seen() -> None:
    rough = counts(1)
    shown = Counter(rough.shown("c", "present", 1_204, period) for period in range(500))
    assert shown == {1_000: 500}
