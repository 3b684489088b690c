"""Backfills each opened conference once, by the router that has its partition.

Responsibility: which conference is next, the record that it is done (beside the snapshots), and retries.
Invariants: routing is not slowed down: `hallway backfill` runs in its own low-priority process, one conference at a
time.
Why: copies that exist already are skipped, or are duplicates for the fold. So a router that is killed half way, and two
routers that think they have the same partition, do no harm.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection

import structlog

from services.processes.children import hallway_command
from streams.runtime.errors import UnavailableError
from streams.workers.ports import SnapshotStore, StoredSnapshot

POLL_S = 1.0
RETRY_S = 30.0  # after the broker was unreachable, or the conference was closed meanwhile
MAX_S = 12 * 3_600.0  # for one conference; two billion posts at 50,000 a second
_NICENESS = 10  # a ``nice`` value
_OUTPUT_CHARS = 500  # characters of its output that are logged
_NAME = "~past."
_log = structlog.get_logger("hallway.worker")

Fill = Callable[[str], Awaitable[str]]


class BackfillLoop:
    """``mine`` returns the open conferences of this router's partitions; ``fill`` backfills one and returns its
    output.
    """

    def __init__(self, mine: Callable[[], Collection[str]], fill: Fill, snapshots: SnapshotStore) -> None:
        self._mine, self._fill, self._snapshots = mine, fill, snapshots
        self._done: set[str] = set()

    async def run(self) -> None:
        """Runs without end. Any error but UnavailableError is raised."""
        while True:
            try:
                for conference in sorted(set(self._mine()) - self._done):
                    await self._backfill_once(conference)
                pause_s = POLL_S
            except UnavailableError as error:
                _log.warning("the backfill is delayed", reason=str(error))
                pause_s = RETRY_S
            await asyncio.sleep(pause_s)

    async def _backfill_once(self, conference: str) -> None:
        if await self._snapshots.load_named(_NAME + conference) is None:
            output = await self._fill(conference)
            await mark_backfilled(self._snapshots, conference)
            _log.info("the backfill is done", conference=conference, output=output)
        self._done.add(conference)


async def mark_backfilled(snapshots: SnapshotStore, conference: str) -> None:
    """Records that a conference is backfilled, for all routers."""
    await snapshots.save(0, StoredSnapshot(_NAME + conference, 1, b"{}"))


async def run_backfill(address: str, conference: str, prefix: str) -> str:
    """Runs `hallway backfill` in a process that ends with this one; returns its last output.

    UnavailableError: it failed.
    """
    options = ("--conference", conference, "--kafka", address, "--prefix", prefix)
    process = await asyncio.create_subprocess_exec(
        *hallway_command("backfill", *options),
        stdin=asyncio.subprocess.PIPE,  # held open: when it closes, the guard knows that we died
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        async with asyncio.timeout(MAX_S):
            assert process.stdout is not None, "stdout is a pipe"
            lines = (await process.stdout.read()).decode(errors="replace").split("\n")
            code = await process.wait()
    except TimeoutError:
        raise UnavailableError(
            f"The backfill of {conference} did not finish within {MAX_S / 3_600:.0f} hours."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
    output = " ".join(line.strip() for line in lines if line.strip())[-_OUTPUT_CHARS:]
    if code:
        raise UnavailableError(output)
    return output
