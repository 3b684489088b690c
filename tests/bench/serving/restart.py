"""``hallway serve`` killed and started on a folder with 1,000,000 events: how long until it serves again.

50,000 of them came after the last snapshots: of a log that long one is made every 100,000. Python's own start and its
imports are apart; its modules are compiled, as they are after the first start anywhere. The peer is bare SQLite that
reads the same rows once.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median

from schemas.outputs import AnyOutput
from schemas.times import millis
from services.admission.conference_registry import SNAPSHOT, ConferenceRegistry
from services.journal.sqlite import SqliteJournal
from services.journal.sqlite.journal import FILE
from services.runtime import EmbeddedRunner, Limits
from tests.bench.logs import log
from tests.bench.rows import Row, say, spread
from tests.forked import COMMAND, ROOT, ForkServer
from tests.runtime.harness import CONFERENCE, times_of
from tests.server.process import Hallway

EVENTS, TAIL = 1_000_000, 50_000
TIMES = 3
MOST_S, MOST_OF_SQLITE = 12.0, 15.0  # seconds on a busy machine; beside SQLite, which is slowed as much
_BATCH = 5_000


async def _nobody(conference: str, outputs: Sequence[AnyOutput]) -> None:
    return


def _filled(data: Path) -> int:
    """A folder as a killed server leaves it; how many events it has."""
    path = log(attendees=16_500, posts=500_000)
    say("  filling and folding a journal (half a minute) ...")
    journal = SqliteJournal(data)
    with path.open("rb") as file:
        lines = (line.rstrip(b"\n") for line in islice(file, EVENTS))
        now = _appended(journal, islice(lines, EVENTS - TAIL))
        asyncio.run(_folded(journal, now))
        _noted(journal)
        _appended(journal, lines)
    count = journal.length(CONFERENCE)
    journal.close()
    return count


def _appended(journal: SqliteJournal, lines: Iterator[bytes]) -> int:
    """The moment of the last one."""
    now = 0
    while batch := list(islice(lines, _BATCH)):
        now = millis(times_of(batch[-1]).recorded_at)
        journal.append([(CONFERENCE, line) for line in batch], now)
    return now


async def _folded(journal: SqliteJournal, now: int) -> None:
    runner = EmbeddedRunner(journal, lambda: now, _nobody, limits=Limits(stop_s=300.0))  # the snapshot has time
    await runner.start()
    await runner.stop()
    assert runner.failure is None, runner.failure
    assert journal.latest_snapshot(CONFERENCE) is not None


def _noted(journal: SqliteJournal) -> None:
    """What a server keeps beside, once a minute: what was said of the conferences."""
    conferences, end = ConferenceRegistry(), journal.length(CONFERENCE)
    conferences.load(journal)
    journal.save_snapshot(SNAPSHOT, end, conferences.encode_snapshot({CONFERENCE: end}))


@contextmanager
def _compiled(folder: Path) -> Iterator[None]:
    """Python keeps what it compiled, whatever the environment says; all that is started here inherits it."""
    before = dict(os.environ)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _bare(data: Path) -> float:
    began = time.perf_counter()
    with sqlite3.connect(f"file:{data / FILE}?mode=ro", uri=True) as db:
        for _ in db.execute("SELECT key, recorded_at, line FROM log"):
            pass
    return time.perf_counter() - began


def _imports() -> float:
    began = time.perf_counter()
    command = [sys.executable, "-c", "import services.cli.main, services.server.composition"]
    subprocess.run(command, check=True, cwd=ROOT)
    return time.perf_counter() - began


def _started(hallway: Hallway) -> float:
    began = time.perf_counter()
    hallway.start()
    seconds = time.perf_counter() - began
    hallway.kill()
    return seconds


def run() -> list[Row]:
    """In turns: bare, started, imports; the first of each is not counted, for it compiles."""
    with tempfile.TemporaryDirectory() as folder, _compiled(Path(folder)):
        forks = ForkServer(COMMAND)
        hallway = Hallway(forks, Path(folder))
        count = _filled(hallway.data)
        took = [(_bare(hallway.data), _started(hallway), _imports()) for _ in range(1 + TIMES)][1:]
        forks.close()
    bare, started, imports = (list(each) for each in zip(*took, strict=True))
    what = f"restart on {count:,} events"
    return [
        Row(f"{what}, {TAIL:,} after the snapshot", median(started), "s", "3", most=MOST_S, beside=spread(started)),
        Row("restart : bare SQLite reading all rows", median(started) / median(bare), "x", most=MOST_OF_SQLITE),
        Row("beside it, Python's start and imports", median(imports), "s", beside=spread(imports)),
    ]
