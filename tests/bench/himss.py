"""A conference as large as HIMSS: 45,000 people, 3 days, 1,000,000 posts, 2.5 million events."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.bench.child import KIB
from tests.bench.logs import log
from tests.bench.rows import Row, say

HALLWAY = Path(sys.executable).with_name("hallway")
GB = 1e9
SECONDS, MOST_SECONDS = "20", 75.0
MOST_GB = 1.2
MOST_SNAPSHOT_SECONDS = 9.0


def _log() -> Path:
    return log(attendees=45_000, posts=1_000_000)


def run_command() -> list[Row]:
    """``hallway replay`` from a file to a file, as a user starts it."""
    path = _log()
    say("  folding with `hallway replay` ...")
    began = perf_counter()
    process = subprocess.Popen(
        [HALLWAY, "replay", path, "--output", os.devnull], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    wall, seconds = perf_counter() - began, usage.ru_utime + usage.ru_stime
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"`hallway replay` ended with {process.returncode}: {said}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else KIB)
    beside = next((line for line in said.splitlines() if "a second" in line), "")
    return [
        Row("HIMSS, `hallway replay`, processor", seconds, "s", SECONDS, most=MOST_SECONDS, beside=beside),
        Row("HIMSS, `hallway replay`, wall clock", wall, "s", SECONDS),
        Row("HIMSS, most memory", peak / GB, "GB", "1", most=MOST_GB),
    ]


def run_snapshot() -> list[Row]:
    """The state after HIMSS as bytes, and back."""
    found = child(_log(), "snapshot")
    aim, most = "2", MOST_SNAPSHOT_SECONDS
    beside = f"{found['bytes'] / 1e6:,.0f} MB, {found['posts']:,} posts, {found['attendees']:,} attendees"
    return [
        Row("HIMSS, the fold alone", found["seconds"], "s", beside=f"{found['events']:,} events"),
        Row("HIMSS, snapshot", found["snapshot"], "s", aim, most=most, beside=beside),
        Row("HIMSS, restore", found["restore"], "s", aim, most=most),
    ]


def child(path: Path, *words: str) -> dict[str, Any]:
    """What a fold in a process of its own found."""
    say(f"  folding {path.name} in a process of its own ...")
    command = [sys.executable, "-m", "tests.bench.child", path, *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    found: dict[str, Any] = json.loads(done.stdout)
    return found
