"""How fast events are taken in durably, against bare SQLite in the same run; and how long a restart takes.

``python -m tests.bench.ingest [--events 100000] [--rounds 3] [--restart]``: medians and ratios on standard output. With
``--restart`` all of the events are folded first, and the journal opened again from its last snapshot.
"""

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from schemas.outputs import AnyOutput
from schemas.times import millis
from services.embedded import Accepted, BusyError, Embedded
from services.journal import SqliteJournal
from services.simulation import simulate
from tests.embedded.harness import times_of

BATCH = 500
CLIENTS = 8
SENDER = "connector:bench"


def lines_of(count: int) -> list[bytes]:
    """So many events of an invented conference."""
    made = simulate(attendees=max(50, count // 350), posts=count, days=3)
    return [line.rstrip(b"\n") for line in islice(made, count)]


def bare(lines: Sequence[bytes], folder: Path) -> float:
    """Seconds for rows of a table like the journal's, with nothing around them."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("PRAGMA page_size=16384")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE log (key INTEGER PRIMARY KEY, at INTEGER, sum INTEGER, line BLOB) STRICT")
    began = time.perf_counter()
    for start in range(0, len(lines), BATCH):
        rows = [(start + n, 1_773_000_000_000, 7, line) for n, line in enumerate(lines[start : start + BATCH])]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", rows)
        db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return seconds


def appended(lines: Sequence[bytes], folder: Path) -> float:
    """Seconds for the journal alone."""
    journal = SqliteJournal(folder)
    began = time.perf_counter()
    for start in range(0, len(lines), BATCH):
        journal.append([("c", line) for line in lines[start : start + BATCH]], 1_773_000_000_000)
    seconds = time.perf_counter() - began
    journal.close()
    return seconds


async def _nobody(conference: str, outputs: Sequence[AnyOutput]) -> None:
    return


async def _submit_all(runner: Embedded, lines: Sequence[bytes]) -> float:
    parts = iter([list(lines[start : start + BATCH]) for start in range(0, len(lines), BATCH)])

    async def client() -> None:
        for part in parts:
            while True:
                try:
                    answers = await runner.submit(part, SENDER)
                    break
                except BusyError:
                    await asyncio.sleep(0.01)
            assert len(answers) == len(part)
            assert isinstance(answers[0], Accepted) or answers

    began = time.perf_counter()
    await asyncio.gather(*[client() for _ in range(CLIENTS)])
    return time.perf_counter() - began


async def _longest_pause(pauses: list[float]) -> None:
    """What somebody else on the event loop notices."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        pauses[0] = max(pauses[0], time.perf_counter() - began - 0.005)


async def _runner(lines: Sequence[bytes], folder: Path) -> tuple[float, float, float, int]:
    journal = SqliteJournal(folder)
    clock = millis(times_of(lines[-1]).recorded_at)
    runner = Embedded(journal, lambda: clock, _nobody)
    await runner.start()
    pauses = [0.0]
    watching = asyncio.create_task(_longest_pause(pauses))
    before = journal.commits
    seconds = await _submit_all(runner, lines)
    commits = journal.commits - before
    began = time.perf_counter()
    await runner.folded()
    lag = time.perf_counter() - began
    watching.cancel()
    await runner.stop()
    assert runner.failure is None, runner.failure
    journal.close()
    return seconds, lag, pauses[0], commits


def submitted(lines: Sequence[bytes], folder: Path) -> float:
    """Seconds until the last of all clients has its answer, while the fold goes on beside."""
    seconds, lag, pause, commits = asyncio.run(_runner(lines, folder))
    say(f"    {commits:,} commits, folded {lag:.2f} s after the last answer, longest pause {pause * 1e3:.0f} ms")
    return seconds


async def _restart(folder: Path) -> None:
    began = time.perf_counter()
    journal = SqliteJournal(folder)
    opened = time.perf_counter()
    runner = Embedded(journal, lambda: journal.last_recorded() or 0, _nobody)
    await runner.start()
    ready = time.perf_counter()
    records = sum(journal.length(log) for log in journal.conferences())
    say(f"restart on {records:,} records: {ready - began:.2f} s ({opened - began:.2f} s of it to open the journal)")
    await runner.stop()
    journal.close()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--restart", action="store_true")
    given = parser.parse_args()
    lines = lines_of(given.events)
    runs: dict[str, Callable[[Sequence[bytes], Path], float]] = {
        "bare SQLite": bare, "journal": appended, "runner": submitted,
    }  # fmt: skip
    took: dict[str, list[float]] = {name: [] for name in runs}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            for name, run in runs.items():
                place = Path(folder) / f"{number}-{name}"
                place.mkdir()
                took[name].append(run(lines, place))
        base = statistics.median(took["bare SQLite"])
        for name, seconds in took.items():
            middle = statistics.median(seconds)
            say(f"{name}: {len(lines) / middle:,.0f} events a second, {base / middle:.2f} of bare SQLite")
        if given.restart:
            asyncio.run(_restart(Path(folder) / "0-runner"))


if __name__ == "__main__":
    main()
