"""``kill -9`` at any moment: what was answered is there once, and what was told is what a clean fold tells.

The moments are drawn with SEED; where they fall in the work is up to the machine.
"""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from services.journal.sqlite import SqliteJournal
from services.runtime import EmbeddedRunner
from tests.runtime.harness import CONFERENCE, Clock, all_folded, clean_fold, conference, until
from tests.runtime.under_load import BATCH, FileInbox

ROOT = Path(__file__).parents[2]
KILLS = 10
SEED = 20260309


def killed_after(folder: Path, skip: int, answers: int) -> tuple[list[list[str]], bool]:
    """The answers of a process that is killed once it has given so many; and whether it came to its end instead."""
    command = [sys.executable, "-m", "tests.runtime.under_load", str(folder), str(skip)]
    found: list[list[str]] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.endswith("\n"):
                found.append(line.split())
            if len(found) == answers:
                process.kill()
        process.wait(timeout=60)
        ended = process.returncode == 0
        assert ended or process.returncode == -9, process.stderr.read()
    return found, ended


async def recover_and_settle(folder: Path) -> None:
    """A last start, which folds and delivers all that is left."""
    journal, inbox = SqliteJournal(folder / "data"), FileInbox(folder / "inbox")
    runner = EmbeddedRunner(journal, Clock(journal.last_recorded() or 0), inbox.deliver, last_delivered=inbox.delivered)
    await runner.start()
    await until(lambda: all_folded(runner))
    last = [position for position, _ in journal.outputs(CONFERENCE)][-1:]
    for _ in range(1_000):
        if [await inbox.delivered(CONFERENCE)] == last:
            break
        await asyncio.sleep(0.01)
    await runner.stop()
    assert runner.failure is None
    assert journal.notices == []
    journal.close()


@pytest.mark.slow
def test_killed_again_and_again(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    total = len(conference())
    answered: dict[str, list[str]] = {}
    skip, kills, ended = 0, 0, False
    while not ended:
        # The later half of the log has the matches; the last process comes to its end.
        most = 10**9 if kills >= KILLS else rng.randrange(1, total // 6)
        answers, ended = killed_after(tmp_path, skip, most)
        for event_id, how, *places in answers:
            if how != "untracked":
                answered.setdefault(event_id, places)
        kills += not ended
        # Submitters that got no answer come again with all of it; some of it is there already.
        skip = max(0, min(skip + len(answers), total) - 3 * BATCH * 8)
    assert kills >= KILLS // 2
    asyncio.run(recover_and_settle(tmp_path))

    journal = SqliteJournal(tmp_path / "data")
    rows = [json.loads(row.line) for row in journal.read(CONFERENCE)]
    by_id = Counter(row["id"] for row in rows)
    assert set(answered) <= set(by_id), "accepted and lost"
    assert not [event_id for event_id, count in by_id.items() if count > 1], "accepted twice"
    for event_id, places in answered.items():
        assert not places or rows[int(places[0])]["id"] == event_id
    expected = clean_fold(journal)
    assert list(journal.outputs(CONFERENCE)) == expected
    assert journal.decided(CONFERENCE) == len(rows)
    inbox = [line.split(b" ", 1) for line in (tmp_path / "inbox").read_bytes().splitlines()]
    assert [(position.decode(), line) for position, line in inbox] == expected
    assert len(expected) > 50
    journal.close()
