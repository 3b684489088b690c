"""Keeps one run for each connector that should run, and answers for their health.

Invariants: one run a connector. A run that ends or fails affects no other. ``run`` ends only by being cancelled, and
then all runs have ended.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

import structlog
from msgspec.structs import replace

from services.connectors.health import Health
from services.connectors.run import ConnectorRun, ReplacedError, Surroundings
from services.directory.port import ConnectorRow, DirectoryError

RELOAD_S = 60.0  # until a conference that was closed or erased, or settings that another process changed, are noticed
STOP_S = 1.0
_log = structlog.get_logger("hallway.connectors")
_Key = tuple[str, str]


class Supervisor:
    """Used on the event loop. Changed settings count from ``reload`` on."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._runs: dict[_Key, ConnectorRun] = {}
        self._tasks: dict[_Key, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._is_running = False

    async def run(self) -> None:
        """Runs all connectors until it is cancelled."""
        self._is_running = True
        try:
            while True:
                try:
                    await self.reload_all()
                except DirectoryError as error:
                    _log.warning("the connectors could not be read; retrying later", error=type(error).__name__)
                await asyncio.sleep(RELOAD_S)
        finally:
            self._is_running = False
            with suppress(TimeoutError):  # what is being admitted ends with the runner
                async with asyncio.timeout(STOP_S):
                    await self._stop(list(self._tasks))

    async def reload_all(self) -> None:
        """Starts, replaces and stops runs so that they fit the stored settings. DirectoryError."""
        rows = await asyncio.to_thread(self._around.store.all)
        async with self._turn:
            wanted = {(row.conference, row.id): row for row in rows}
            await self._stop([key for key in self._tasks if key not in wanted])
            for row in wanted.values():
                await self._fit(row)

    async def reload(self, conference: str, connector: str) -> None:
        """The same for one connector, before the answer to whoever changed it. DirectoryError."""
        async with self._turn:
            row = await asyncio.to_thread(self._around.store.get, conference, connector)
            if row is None:
                await self._stop([(conference, connector)])
            else:
                await self._fit(row)

    async def _fit(self, row: ConnectorRow) -> None:
        key = (row.conference, row.id)
        task, run = self._tasks.get(key), self._runs.get(key)
        is_wanted = self._is_running and not row.paused and bool(self._around.organizer_of(row))
        is_running = task is not None and not task.done() and run is not None
        if is_wanted and is_running and run is not None and run.row.generation == row.generation:
            return
        await self._stop([key])
        if is_wanted:
            run = self._runs[key] = ConnectorRun(row, self._around)
            self._tasks[key] = asyncio.create_task(run.run(), name=f"connector {row.kind}")

    async def _stop(self, keys: list[_Key]) -> None:
        tasks = [self._tasks.pop(key) for key in keys if key in self._tasks]
        for key in keys:
            self._runs.pop(key, None)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- what others ask -----------------------------------------------------------------------------------------

    def wake(self, conference: str, connector: str) -> None:
        """A webhook has stored a hint."""
        run = self._runs.get((conference, connector))
        if run is not None:
            run.wake()

    async def bring_history(self, conference: str, connector: str, since: int) -> bool:
        """Begins to bring what there was since a time (ms since 1970); False where it does not run."""
        run = self._runs.get((conference, connector))
        if run is None:
            return False
        try:
            await run.bring_history(since)
        except ReplacedError:
            return False
        return True

    def health(self, row: ConnectorRow) -> Health:
        """The health of a connector."""
        run = self._runs.get((row.conference, row.id))
        if run is not None and run.row.generation == row.generation:
            return run.health
        saved = row.checkpoint
        stored = Health(counts=saved.counts, seen_at=saved.seen_at, event_at=saved.event_at)
        if not self._around.organizer_of(row):
            return replace(stored, state="ended", text="The conference is closed.")
        return replace(stored, state="paused" if row.paused else "starting")

    def states(self) -> Mapping[tuple[str, str], int]:
        """How many run, by kind and state."""
        return Counter((run.row.kind, run.health.state) for run in self._runs.values())

    def lags_ms(self) -> Iterator[tuple[str, int]]:
        """The kind and lag of each that runs and has read something."""
        for run in self._runs.values():
            if run.health.lag_ms is not None:
                yield run.row.kind, run.health.lag_ms

    def counts(self) -> Mapping[tuple[str, str], int]:
        """What all that run have brought, by kind and what."""
        found: Counter[tuple[str, str]] = Counter()
        for run in self._runs.values():
            found.update({(run.row.kind, what): count for what, count in run.health.counts.items()})
        return found
