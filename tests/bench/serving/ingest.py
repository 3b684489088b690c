"""How fast posts are taken in durably, in batches of 500: by the runner, and over HTTP; beside bare peers.

The peers: bare SQLite that commits the same lines, 500 at a time, and a bare Litestar that reads and answers the same
requests (in a tenth of a second: its figure moves much). The fold goes on beside, as it does when people wait for it.
The server's processor time moves least on a busy machine, so it has the limit.
"""

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from statistics import median

import msgspec

from schemas.outputs import AnyOutput
from services.journal.sqlite import SqliteJournal
from services.runtime import BusyError, EmbeddedRunner
from tests.bench.rows import Row, spread
from tests.bench.serving.crowd import BATCH, Crowd, crowd, lines, peer, upward
from tests.bench.serving.line import Line
from tests.runtime.events import opened
from tests.server.process import clock

EVENTS, ROUNDS, CLIENTS, PEOPLE = 30_000, 3, 4, 5_000
LEAST_OF_SQLITE = 0.06  # measured 0.12 to 0.32, the more the slower the disk
MOST_US = 65.0  # measured 37 to 52, on a quiet and on a busy machine; 67 to 103 before posts' tokens were digests
AIM = "50,000"


def batches(numbers: Iterator[int], chance: random.Random) -> list[bytes]:
    """As JSONL."""
    return [lines(upward(numbers, chance, PEOPLE, BATCH)) for _ in range(EVENTS // BATCH)]


def bare(bodies: Sequence[bytes], folder: Path) -> float:
    """Seconds for rows of a table like the journal's, with nothing around them."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("page_size=16384", "journal_mode=WAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE log (key INTEGER PRIMARY KEY, at INTEGER, sum INTEGER, line BLOB) STRICT")
    keys = count()
    began = time.perf_counter()
    for body in bodies:
        rows = [(next(keys), 1_773_000_000_000, 7, line) for line in body.split(b"\n")]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", rows)
        db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return seconds


async def _nobody(conference: str, outputs: Sequence[AnyOutput]) -> None:
    return


async def _by_all(bodies: Sequence[bytes], take: Callable[[int, bytes], Awaitable[object]]) -> float:
    """Seconds until the last of all clients has its answer."""
    left = iter(bodies)

    async def client(number: int) -> None:
        for body in left:
            await take(number, body)

    began = time.perf_counter()
    await asyncio.gather(*[client(number) for number in range(CLIENTS)])
    return time.perf_counter() - began


async def submitted(bodies: Sequence[bytes], folder: Path) -> float:
    """Seconds by the runner alone."""
    journal = SqliteJournal(folder / "data")
    runner = EmbeddedRunner(journal, clock, _nobody)
    await runner.start()
    await runner.submit([opened(hashtags=["hitsm"])], "organizer:org")

    async def take(_: int, body: bytes) -> None:
        while True:
            try:
                answers = await runner.submit(body.split(b"\n"), "connector:bench")
            except BusyError:
                await asyncio.sleep(0.01)
                continue
            assert len(answers) == BATCH
            return

    seconds = await _by_all(bodies, take)
    await runner.wait_until_folded()
    await runner.stop()
    assert runner.failure is None, runner.failure
    journal.close()
    return seconds


async def over_http(bodies: Sequence[bytes], address: str, path: str, key: str = "") -> float:
    """Seconds by a server."""
    clients = [await Line.to(address) for _ in range(CLIENTS)]

    async def take(number: int, body: bytes) -> None:
        answer = msgspec.json.decode(await clients[number].post(path, body, key))
        assert len(answer["results"]) == BATCH
        assert all(each["status"] == "accepted" for each in answer["results"])

    seconds = await _by_all(bodies, take)
    for client in clients:
        client.close()
    return seconds


def _processor_s(found: Crowd) -> float:
    return found.hallway.gauges()["process_cpu_seconds_total"]


def run() -> list[Row]:
    """In turns: bare SQLite, the runner, bare Litestar, Hallway; and again."""
    numbers, chance = count(1), random.Random(1)
    took: list[tuple[float, ...]] = []
    spent_us: list[float] = []
    with crowd(PEOPLE) as found, peer() as (address, _):
        for _ in range(ROUNDS):
            bodies = batches(numbers, chance)
            with tempfile.TemporaryDirectory() as folder:
                ours, before = found.hallway, _processor_s(found)
                took.append(
                    (
                        bare(bodies, Path(folder)),
                        asyncio.run(submitted(bodies, Path(folder))),
                        asyncio.run(over_http(bodies, address, "/echo")),
                        asyncio.run(over_http(bodies, ours.address, "/v1/events", ours.keys["connector"])),
                    )
                )
            found.folded()
            spent_us.append((_processor_s(found) - before) / EVENTS * 1e6)
    sqlite, runner, litestar, http = ([EVENTS / seconds for seconds in each] for each in zip(*took, strict=True))
    ratio, by_http = median(runner) / median(sqlite), median(http) / median(litestar)
    return [
        Row("ingest by the runner, batches of 500", median(runner), "events/s", AIM, beside=spread(runner)),
        Row("runner : bare SQLite", ratio, "x", least=LEAST_OF_SQLITE, beside=f"SQLite {median(sqlite):,.0f}/s"),
        Row("ingest over HTTP, batches of 500", median(http), "events/s", AIM, beside=spread(http)),
        Row("HTTP : bare Litestar", by_http, "x", beside=f"bare {median(litestar):,.0f}/s"),
        Row("processor time an event, fold included", median(spent_us), "us", most=MOST_US, beside=spread(spent_us)),
    ]
