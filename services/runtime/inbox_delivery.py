"""Connects the runner's delivery to the inboxes: decides which errors mean retry, redeliver, or rebuild from the log.

Responsibility: rebuilds, at most one per conference at a time; what blocks each conference, for its organizer.
Invariants: inboxes that belong to another log are not written to until a person takes them over; others go on.
Why: a rebuild may take longer than a delivery's time limit, so it is a task of its own, which callers await.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import structlog

from schemas.outputs import AnyOutput
from services.journal import Journal
from services.runtime import UndeliveredError
from streams.runtime.inboxes import (
    BATCH_OUTPUTS,
    DeliveredInboxes,
    InboxForeignError,
    InboxLostError,
    InboxUnavailableError,
)
from streams.runtime.recorded_outputs import decode_output

_log = structlog.get_logger("hallway.delivering")


class InboxDelivery:
    """``erased`` returns the attendees that a conference's log has erased."""

    def __init__(self, journal: Journal, inboxes: DeliveredInboxes, erased: Callable[[str], set[str]]) -> None:
        self._journal, self._inboxes, self._erased = journal, inboxes, erased
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self.troubles: dict[str, str] = {}

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        """Delivers outputs; redelivers or rebuilds if the store lost some. UndeliveredError: retry later."""
        try:
            await self._inboxes.deliver(conference, outputs, self._erased(conference))
        except InboxLostError as error:
            await self._redeliver(conference, error.delivered)
        except (InboxUnavailableError, InboxForeignError) as error:
            raise self._undelivered(conference, error) from error
        self.troubles.pop(conference, None)

    async def checkpoint(self, conference: str) -> str | None:
        """The position of the last delivered output; rebuilds the inboxes first if they are missing.

        UndeliveredError: retry later.
        """
        try:
            mark = await self._inboxes.checkpoint(conference)
            if mark is None:
                mark = await self._rebuild(conference)
        except (InboxUnavailableError, InboxLostError, InboxForeignError) as error:
            raise self._undelivered(conference, error) from error
        self.troubles.pop(conference, None)
        return mark

    def _undelivered(self, conference: str, error: Exception) -> UndeliveredError:
        """Remembers what is in the way of one conference; others go on."""
        self.troubles[conference] = str(error)
        return UndeliveredError(str(error))

    async def _redeliver(self, conference: str, after: str | None) -> None:
        """Delivers everything after ``after`` from the journal, because the store lost outputs; None: rebuilds."""
        _log.warning("inboxes lost outputs", conference=conference)
        try:
            if after is None:
                await self._rebuild(conference)
            else:
                while outputs := await asyncio.to_thread(self._next_outputs, conference, after):
                    after = await self._inboxes.deliver(conference, outputs, self._erased(conference))
        except (InboxUnavailableError, InboxLostError) as error:
            raise self._undelivered(conference, error) from error

    def _next_outputs(self, conference: str, after: str) -> list[AnyOutput]:
        outputs = self._journal.outputs(conference, after=after or None)
        return [decode_output(line) for _, line in islice(outputs, BATCH_OUTPUTS)]

    async def ensure(self, conference: str) -> None:
        """Makes the inboxes of a conference ready if they are not. Failures are ignored: delivery retries."""
        try:
            await self.checkpoint(conference)
        except UndeliveredError:
            return

    async def _rebuild(self, conference: str) -> str:
        task = self._tasks.get(conference)
        if task is None:
            task = asyncio.create_task(self._run_rebuild(conference), name=f"rebuild {conference}")
            self._tasks[conference] = task
            task.add_done_callback(lambda done: self._finish_rebuild(conference, done))
        return await asyncio.shield(task)

    def _finish_rebuild(self, conference: str, task: asyncio.Task[str]) -> None:
        self._tasks.pop(conference, None)
        if not task.cancelled():
            task.exception()  # retrieves it: the callers that awaited the task have handled it

    async def _run_rebuild(self, conference: str) -> str:
        return await self._inboxes.rebuild(conference, self._all_outputs(conference), self._erased(conference))

    def _all_outputs(self, conference: str) -> Iterator[AnyOutput]:
        return (decode_output(line) for _, line in self._journal.outputs(conference))

    async def forget(self, conference: str) -> None:
        """Cancels the rebuild of a conference that was removed."""
        self.troubles.pop(conference, None)
        task = self._tasks.get(conference)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=1.0)

    async def close(self) -> None:
        """Cancels all rebuilds."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
