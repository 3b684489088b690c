"""The server's background tasks: erasures, presence, expiry of sessions and dead letters, readiness of inboxes,
connectors, mail, clean-up.

Responsibility: these tasks, and stopping them.
Invariants: none dies silently; an unexpected error stops the server.
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
SNAPSHOT_DELAY_S = 60.0  # by then everything appended before is noted: no answer takes that long
SNAPSHOT_RECORDS = 20_000  # replayed at a start in a tenth of a second
READINESS_POLL_S = 5.0  # how long a lost inbox without new outputs may go unnoticed
_log = structlog.get_logger("hallway.background")


class BackgroundTasks:
    """Starts on creation, runs until ``stop``; ``broken`` is set to the error that ended a task."""

    def __init__(self, parts: Parts, server: EmbeddedValkey | None) -> None:
        self._parts = parts
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []
        self._start(parts.erasures.run(), "erasures")
        self._start(parts.overviews.run(), "numbers")
        self._start(PresenceNotifier(parts.runner, parts.streams, parts.clock).run(), "whereabouts")
        self._start(self._keep_ready(), "inboxes")
        self._start(parts.inbox_rebuild.run(), "rebuilding")
        self._start(self._tidy_daily(), "tidying")
        self._start(self._end_invalid_streams(), "sessions")
        self._start(self._expire_dead_letters(), "dead letters")
        self._start(parts.proofs.run(), "proofs")
        self._start(self._save_conferences(), "conferences")
        self._start(parts.connectors.run(), "connectors")
        if parts.mailer.is_enabled:
            self._start(parts.mailer.run(), "mail")
            self._start(parts.mailer.run_requests(), "requests for links")
        if server is not None:
            self._start(server.supervise(self._make_ready), "valkey")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._done)
        self._tasks.append(task)

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.broken.done():
            _log.error("a background task failed", task=task.get_name(), error=type(error).__name__)
            self.broken.set_result(error)

    def _open_conferences(self) -> list[str]:
        return [known.id for known in self._parts.conferences if known.opened is not None]

    async def _make_ready(self) -> None:
        """Makes the inboxes of all open conferences ready; also called after the embedded store restarted."""
        for conference in self._open_conferences():
            await self._parts.readiness.ensure(conference)

    async def _keep_ready(self) -> None:
        """Repeats that: someone may have emptied the store, or it may have refused so far."""
        while True:
            await self._make_ready()
            await asyncio.sleep(READINESS_POLL_S)

    async def _tidy_daily(self) -> None:
        while True:
            await asyncio.sleep(DAY_S)
            try:
                ongoing = [known.id for known in self._parts.conferences if not known.closed]
                await asyncio.to_thread(self._parts.directory.purge_expired, ongoing)
            except DirectoryError:
                _log.warning("clean-up failed; next attempt tomorrow")

    async def _end_invalid_streams(self) -> None:
        """Closes the streams of sessions and keys that expired or were revoked, by any process."""
        while True:
            await asyncio.sleep(self._parts.bounds.session_check_s)
            open_ = self._parts.streams.grants()
            good = await asyncio.to_thread(self._parts.directory.keys.active, open_) if open_ else set()
            for grant in open_ - good:
                self._parts.streams.end_grant(grant)

    async def _expire_dead_letters(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._parts.journal.expire_dead_letters, self._parts.clock())
            except JournalError as error:
                _log.warning("dead letters could not expire; retrying later", error=type(error).__name__)
            await asyncio.sleep(HOUR_S)

    async def _save_conferences(self) -> None:
        """Saves what is known of the conferences, so that a start need not read whole logs."""
        journal, conferences, saved = self._parts.journal, self._parts.conferences, 0
        while True:
            forgotten, ends = conferences.removed_count, {name: journal.length(name) for name in journal.conferences()}
            await asyncio.sleep(SNAPSHOT_DELAY_S)
            if abs(sum(ends.values()) - saved) < SNAPSHOT_RECORDS or forgotten != conferences.removed_count:
                continue
            data = conferences.encode_snapshot(ends)
            try:
                await asyncio.to_thread(journal.save_snapshot, SNAPSHOT, sum(ends.values()), data)
                if forgotten != conferences.removed_count:  # forgotten meanwhile: the snapshot may name it
                    await asyncio.to_thread(journal.drop_snapshots, SNAPSHOT)
                saved = sum(ends.values())
            except JournalError as error:
                _log.warning("the conferences could not be saved; retrying later", error=type(error).__name__)

    async def stop(self) -> None:
        """Stops all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=1.0)
        self.broken.cancel()
