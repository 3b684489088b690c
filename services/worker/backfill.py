"""The past of each conference that was opened: brought into its log once, by the router that has its partition.

Owns: which conference is next, that it was done (kept beside the snapshots), when it is tried again. May never: take
routing's time: `hallway backfill` brings it in a process of its own, one conference at a time, and gives way to others.
Theory: copies that are there already are passed over, and doubles for the fold where they are not. So a router that is
killed half way, and two that think they have the same partition, change nothing.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection

import structlog

from services.tools.processes.children import hallway
from streams.workers.ports import SnapshotStore, StoredSnapshot, UnavailableError

LOOK_S = 1.0
AGAIN_S = 30.0  # after the broker was away, or the conference was closed meanwhile
MOST_S = 12 * 3_600.0  # for one conference; two billion posts at 50,000 a second
_GIVE_WAY = 10  # as ``nice`` has it
_SAID = 500  # characters of its last words
_NAME = "~past."
_log = structlog.get_logger("hallway.worker")

Fill = Callable[[str], Awaitable[str]]


class Past:
    """``mine`` gives the open conferences of this router's partitions; ``fill`` brings the past, and says so."""

    def __init__(self, mine: Callable[[], Collection[str]], fill: Fill, snapshots: SnapshotStore) -> None:
        self._mine, self._fill, self._snapshots = mine, fill, snapshots
        self._done: set[str] = set()

    async def run(self) -> None:
        """Without end. What is not UnavailableError is raised."""
        while True:
            try:
                for conference in sorted(set(self._mine()) - self._done):
                    await self._once(conference)
                pause_s = LOOK_S
            except UnavailableError as error:
                _log.warning("the past waits", reason=str(error))
                pause_s = AGAIN_S
            await asyncio.sleep(pause_s)

    async def _once(self, conference: str) -> None:
        if await self._snapshots.load_named(_NAME + conference) is None:
            said = await self._fill(conference)
            await done(self._snapshots, conference)
            _log.info("the past was brought", conference=conference, said=said)
        self._done.add(conference)


async def done(snapshots: SnapshotStore, conference: str) -> None:
    """From now on no router brings this conference's past."""
    await snapshots.save(0, StoredSnapshot(_NAME + conference, 1, b"{}"))


async def brought(address: str, conference: str, prefix: str) -> str:
    """Runs a backfill as a child process that ends with this one; its last line. UnavailableError if it failed."""
    options = ("--conference", conference, "--kafka", address, "--prefix", prefix)
    process = await asyncio.create_subprocess_exec(
        *hallway("backfill", *options),
        stdin=asyncio.subprocess.PIPE,  # held open: its end tells the guard that we are gone
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        os.setpriority(os.PRIO_PROCESS, process.pid, _GIVE_WAY)
        async with asyncio.timeout(MOST_S):
            assert process.stdout is not None, "asked for"
            lines = (await process.stdout.read()).decode(errors="replace").split("\n")
            code = await process.wait()
    except TimeoutError:
        raise UnavailableError(f"The past of {conference} was not brought within {MOST_S / 3_600:.0f} hours.") from None
    finally:
        if process.returncode is None:
            process.kill()
    said = " ".join(line.strip() for line in lines if line.strip())[-_SAID:]
    if code:
        raise UnavailableError(said)
    return said
