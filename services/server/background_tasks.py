"""What goes on beside the requests: erasures, presence, ends of sessions, the store's life, tidying.

Owns: these tasks and their end. May never: die in silence: what breaks one ends the server.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from services.admission.conference_registry import SNAPSHOT
from services.api.attendee.presence_stream import PresenceNotifier
from services.directory.port import DirectoryError
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.journal import JournalError
from services.server.parts import Parts

DAY_S = 86_400.0
HOUR_S = 3_600.0
NOTED_S = 60.0  # by then everything that was appended before is noted: no answer takes so long
SAVED_RECORDS = 20_000  # read again at a start in a tenth of a second
LOOK_S = 5.0  # how long an inbox that went, and for which nothing comes, is not missed
_log = structlog.get_logger("hallway.background")


class Background:
    """Runs from its making until ``stop``; ``broken`` is set to what ended a task."""

    def __init__(self, parts: Parts, server: EmbeddedValkey | None) -> None:
        self._parts = parts
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []
        parts.readiness.foreign.add_done_callback(self._foreign)
        self._start(parts.erasures.run(), "erasures")
        self._start(parts.overviews.run(), "numbers")
        self._start(PresenceNotifier(parts.runner, parts.streams, parts.clock).run(), "whereabouts")
        self._start(self._keep_ready(), "inboxes")
        self._start(parts.inbox_rebuild.run(), "rebuilding")
        self._start(self._tidy(), "tidying")
        self._start(self._end_streams(), "sessions")
        self._start(self._expire_letters(), "dead letters")
        self._start(parts.proofs.run(), "proofs")
        self._start(self._keep_conferences(), "conferences")
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
        return [known.id for known in self._parts.conferences if known.opened is not None]

    async def _ready(self) -> None:
        """Makes every inbox that is not there; also called when the embedded store began anew."""
        for conference in self._open():
            await self._parts.readiness.ensure(conference)

    async def _keep_ready(self) -> None:
        """The same at the start and again and again: somebody may have emptied the store, or it refused till now."""
        while True:
            await self._ready()
            await asyncio.sleep(LOOK_S)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(DAY_S)
            try:
                ongoing = [known.id for known in self._parts.conferences if not known.closed]
                await asyncio.to_thread(self._parts.directory.purge_expired, ongoing)
            except DirectoryError:
                _log.warning("tidying is done tomorrow")

    async def _end_streams(self) -> None:
        """Ends the streams of sessions and keys that expired or were ended, wherever that was done."""
        while True:
            await asyncio.sleep(self._parts.bounds.session_check_s)
            open_ = self._parts.streams.grants()
            good = await asyncio.to_thread(self._parts.directory.keys.active, open_) if open_ else set()
            for grant in open_ - good:
                self._parts.streams.end_grant(grant)

    async def _expire_letters(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._parts.journal.expire_letters, self._parts.clock())
            except JournalError as error:
                _log.warning("dead letters expire later", error=type(error).__name__)
            await asyncio.sleep(HOUR_S)

    async def _keep_conferences(self) -> None:
        """So that a start need not read whole logs for what was said of each conference."""
        journal, conferences, saved = self._parts.journal, self._parts.conferences, 0
        while True:
            forgotten, ends = conferences.removed_count, {name: journal.length(name) for name in journal.conferences()}
            await asyncio.sleep(NOTED_S)
            if abs(sum(ends.values()) - saved) < SAVED_RECORDS or forgotten != conferences.removed_count:
                continue
            data = conferences.encode_snapshot(ends)
            try:
                await asyncio.to_thread(journal.save_snapshot, SNAPSHOT, sum(ends.values()), data)
                if forgotten != conferences.removed_count:  # meanwhile: what was kept may name it
                    await asyncio.to_thread(journal.drop_snapshots, SNAPSHOT)
                saved = sum(ends.values())
            except JournalError as error:
                _log.warning("the conferences are kept later", error=type(error).__name__)

    async def stop(self) -> None:
        """Ends all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=1.0)
        self.broken.cancel()
