"""SIGTERM under load, with open streams, and with the store away: a clean end, and nothing accepted is lost."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.journal.sqlite import SqliteJournal
from tests.forked import ForkServer
from tests.server.load import Load
from tests.server.many import Stream, all_opened
from tests.server.process import CONFERENCE, Hallway
from tests.server.proof import discreet

PROMISED_S = 5.0
PEOPLE = 30


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A store of its own, for ``--redis``."""
    made = EmbeddedValkey(tmp_path / "store")
    asyncio.run(made.start())
    yield made
    os.kill(made.pid, signal.SIGCONT)
    asyncio.run(made.stop())


async def ended_under_load(hallway: Hallway, load: Load, before: list[int]) -> tuple[int, float]:
    """SIGTERM while events come in and streams are open; all streams end."""
    streams: list[Stream] = await all_opened(hallway.address, [who.session for who in load.people])
    with load.on(hallway):
        await asyncio.to_thread(load.wait_for, 5)
        for pid in before:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.to_thread(load.wait_for, 3)
        ended = asyncio.gather(*[stream.ended() for stream in streams])
        code, took_s = await asyncio.to_thread(hallway.stop)
        await ended
    for stream in streams:
        await stream.close()
    return code, took_s


def kept(hallway: Hallway, load: Load) -> None:
    """All that was answered is in the log, where the answer said."""
    with closing(SqliteJournal(hallway.data)) as journal:
        assert journal.length(CONFERENCE) > max(load.ledger.offsets.values())
    discreet(hallway)


@pytest.mark.slow
def test_sigterm_under_load_with_open_streams_ends_in_time(hallway: Hallway) -> None:
    hallway.start()
    load = Load(1, hallway.people(PEOPLE))
    code, took_s = asyncio.run(ended_under_load(hallway, load, []))
    print(f"{took_s:.2f} s")  # noqa: T201
    assert (code, took_s < PROMISED_S) == (0, True)
    kept(hallway, load)


@pytest.mark.slow
def test_sigterm_with_a_store_that_does_not_answer_ends_in_time(
    forks: ForkServer, tmp_path: Path, store: EmbeddedValkey
) -> None:
    hallway = Hallway(forks, tmp_path, store.url)
    hallway.start()
    try:
        load = Load(2, hallway.people(PEOPLE))
        code, took_s = asyncio.run(ended_under_load(hallway, load, [store.pid]))
        print(f"{took_s:.2f} s")  # noqa: T201
        assert (code, took_s < PROMISED_S) == (0, True)
    finally:
        hallway.end()
    kept(hallway, load)
