"""``kill -9`` of ``hallway serve`` under load, twenty times: nothing accepted is lost, nothing is told twice.

The moments are drawn with SEED (``HALLWAY_SEED`` sets another; it is part of the name of the test); where they fall in
the work is up to the machine.
"""

import os
import random
import time
from functools import partial
from pathlib import Path

import pytest

from tests.server.load import Load
from tests.server.process import Hallway, until
from tests.server.proof import proved

KILLS = 20
SEED = int(os.environ.get("HALLWAY_SEED", "20261122"))
MOST_BATCHES = 12  # taken before a kill
MOST_START_S = 0.3  # of a start that is killed before it serves


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + n, marks=pytest.mark.torture) for n in range(1, 10))])
def test_twenty_kills_under_load_lose_nothing_and_duplicate_nothing(
    hallway: Hallway, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with hallway.running():
        people = hallway.people(16)
        load = Load(seed, people)
        for number in range(KILLS):
            if number:
                _start(hallway, chance)
            with load.on(hallway):
                load.wait_for(chance.randint(1, MOST_BATCHES))
                store = until(hallway.store_pid)
                hallway.kill()
            until(partial(hallway.store_is_gone, store))
        hallway.start()
        assert proved(hallway, load, tmp_path) > 100


def _start(hallway: Hallway, chance: random.Random) -> None:
    """Some starts are killed too, before they serve."""
    if chance.random() < 0.25:
        hallway.start(wait=False)
        time.sleep(chance.uniform(0, MOST_START_S))
        hallway.kill()
    hallway.start()
