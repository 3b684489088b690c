"""The serving store killed, emptied, stopped and slow, under load: nobody misses anything, and events are taken on.

The troubles are drawn with SEED (``HALLWAY_SEED`` sets another); where they fall in the work is up to the machine.
"""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import redis

from tests.server.load import Load
from tests.server.process import Hallway, until
from tests.server.proof import proved
from tests.server.watching import Watch

SEED = int(os.environ.get("HALLWAY_SEED", "20261122"))
TROUBLES = ("kill", "empty", "stop", "slow") * 3
SLOW_MS = 300
FOLLOWERS = 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + n, marks=pytest.mark.torture) for n in range(1, 10))])
def test_a_store_killed_emptied_stopped_and_slow_under_load_loses_nothing(
    hallway: Hallway, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    troubles = chance.sample(TROUBLES, len(TROUBLES))
    with hallway.running(), ExitStack() as stack:
        people = hallway.people(16)
        load = Load(seed, people)
        watches = [stack.enter_context(Watch(hallway, who)) for who in people[:FOLLOWERS]]
        for kind in troubles:
            with load.on(hallway):
                load.wait_for(chance.randint(1, 6))
                with _trouble(hallway, kind):
                    load.wait_for(2)  # the log does not wait for the store
        with load.on(hallway):
            load.wait_for(4)
        until(hallway.store_pid)
        assert proved(hallway, load, tmp_path, {watch.who.id: watch for watch in watches}) > 50


@contextmanager
def _trouble(hallway: Hallway, kind: str) -> Iterator[None]:
    store = until(hallway.store_pid)
    if kind == "stop":
        os.kill(store, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(store, signal.SIGCONT)
        return
    if kind == "kill":
        os.kill(store, signal.SIGKILL)
        until(partial(hallway.store_is_gone, store))
    else:
        with redis.Redis(unix_socket_path=hallway.store_socket) as admin:
            until(lambda: _asked(admin, kind))
    yield


def _asked(admin: redis.Redis, kind: str) -> bool:
    try:
        return bool(admin.flushall() if kind == "empty" else admin.client_pause(SLOW_MS))
    except redis.RedisError:  # it is only just starting again
        return False
