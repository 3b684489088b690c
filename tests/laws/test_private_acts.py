"""Privacy: until both accepted, no answer, block or unblock of one person changes what the other one gets.

In any history, Bob's private acts on a match with Ada are replaced by others, while she has the card and it is not
agreed. All outputs to her in that time stay the same: same content, ids, times and order.
"""

import json
from dataclasses import replace

import pytest

from tests.histories.shortest import shortest
from tests.laws.private_acts import Seen, difference
from tests.laws.private_histories import ANSWERS, Case, drawn

HISTORIES = 100_000
BLOCKS = 20
ACTS = {*ANSWERS, "nothing", "blocked by id", "blocked by account", "unblocked by id", "unblocked by account"}


def check_block(first: int, histories: int) -> None:
    seen = Seen()
    for seed in range(first, first + histories):
        if difference(case := drawn(seed), seen) is not None:
            pytest.fail(report(seed, case), pytrace=False)
    check_that_it_says_something(seen, histories)


def report(seed: int, case: Case) -> str:
    """The failing history, made short."""
    small = shortest(case.items, lambda fewer: difference(replace(case, items=fewer)) is not None)
    lines = "\n".join(json.dumps(item) for item in small)
    told = difference(replace(case, items=small))
    return f"{seed=}: {case.ada} can tell what {case.bob} did in private\n{lines}\n{told}"


def check_that_it_says_something(seen: Seen, histories: int) -> None:
    replaced = seen.replaced.total()
    assert replaced > 2 * histories, f"too few acts were replaced: {replaced}"
    for what, share in (("matches", 2), ("withdrawals", 4), ("reminders", 20)):
        assert seen.compared[what] > histories // share, seen.compared
    sides = {name for pair in seen.replaced for name in pair.split(" > ")}
    assert sides == ACTS, f"never said: {ACTS - sides}"


def test_nothing_private_shows_to_the_other() -> None:
    check_block(0, 1_000)


@pytest.mark.torture
@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_private_shows_to_the_other_in_100_000_histories(block: int) -> None:
    check_block(1_000_000 + block * HISTORIES // BLOCKS, HISTORIES // BLOCKS)
