"""What goes on beside the requests: erasures, presence, ends of sessions, the store's life, tidying.

Owns: these tasks and their end. May never: die in silence: what breaks one ends the server.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from services.directory.port import DirectoryBusyError
from services.gateway.gate import Gate
from services.inbox.valkey import EmbeddedValkey

DAY_S = 86_400.0
PRESENCE_S = 1.0
_log = structlog.get_logger("hallway.background")


class Background:
    """Runs from its making until ``stop``; ``broken`` is set to what ended a task."""

    def __init__(self, gate: Gate, server: EmbeddedValkey | None) -> None:
        self._gate = gate
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []
        gate.delivering.foreign.add_done_callback(self._foreign)
        self._start(gate.erasures.run(), "erasures")
        self._start(gate.overviews.keep_presence(self._open, PRESENCE_S), "presence")
        self._start(self._ready(), "inboxes")
        self._start(self._tidy(), "tidying")
        self._start(self._end_streams(), "sessions")
        if server is not None:
            self._start(server.keep(self._ready), "valkey")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._done)
        self._tasks.append(task)

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.broken.done():
            _log.error("a task broke", task=task.get_name(), error=type(error).__name__)
            self.broken.set_result(error)

    def _foreign(self, found: asyncio.Future[BaseException]) -> None:
        if not found.cancelled() and not self.broken.done():
            self.broken.set_result(found.result())

    def _open(self) -> list[str]:
        return [known.id for known in self._gate.conferences if known.opened is not None]

    async def _ready(self) -> None:
        """Makes every inbox that is not there; at the start, and whenever the store began anew."""
        for conference in self._open():
            await self._gate.delivering.ensure(conference)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(DAY_S)
            try:
                await asyncio.to_thread(self._gate.directory.tidy)
            except DirectoryBusyError:
                _log.warning("tidying is done tomorrow")

    async def _end_streams(self) -> None:
        """Ends the streams of sessions and keys that expired or were ended, wherever that was done."""
        while True:
            await asyncio.sleep(self._gate.bounds.ended_s)
            open_ = self._gate.hub.grants()
            good = await asyncio.to_thread(self._gate.directory.keys.good, open_) if open_ else set()
            for grant in open_ - good:
                self._gate.hub.end_grant(grant)

    async def stop(self) -> None:
        """Ends all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=1.0)
        self.broken.cancel()
