"""Between the runner's delivery and the inboxes: whose troubles mean "later", which mean "again", which "from the log".

Responsibility: the rebuilds, one a conference at a time; what is in the way of each conference, for its organizer.
Invariants: inboxes that belong to another log are not written to until a person takes them over, and others go on.
Theory: a rebuild may take longer than a delivery's time limit, so it is a task of its own that whoever comes waits for.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import structlog

from schemas.outputs import AnyOutput
from services.inbox.port import BATCH_OUTPUTS, Inboxes, InboxForeignError, InboxLostError, InboxUnavailableError
from services.journal import Journal
from services.runtime import UndeliveredError
from services.runtime.recovery import decode_output

_log = structlog.get_logger("hallway.delivering")


class Delivering:
    """``erased`` gives the attendees whom a conference's log has erased."""

    def __init__(self, journal: Journal, inboxes: Inboxes, erased: Callable[[str], set[str]]) -> None:
        self._journal, self._inboxes, self._erased = journal, inboxes, erased
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self.troubles: dict[str, str] = {}

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        """For the runner."""
        try:
            await self._inboxes.deliver(conference, outputs, self._erased(conference))
        except InboxLostError as error:
            await self._mend(conference, error.delivered)
        except (InboxUnavailableError, InboxForeignError) as error:
            raise self._undelivered(conference, error) from error
        self.troubles.pop(conference, None)

    async def delivered(self, conference: str) -> str | None:
        """For the runner: where the inboxes are, rebuilt first where they are not. None: before every output."""
        try:
            mark = await self._inboxes.delivered(conference)
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

    async def _mend(self, conference: str, after: str | None) -> None:
        """The store has less than it had: the rest out of the journal, all of what the runner hands over among it."""
        _log.warning("inboxes lost something", conference=conference)
        try:
            if after is None:
                await self._rebuild(conference)
            else:
                while outputs := await asyncio.to_thread(self._next, conference, after):
                    after = await self._inboxes.deliver(conference, outputs, self._erased(conference))
        except (InboxUnavailableError, InboxLostError) as error:
            raise self._undelivered(conference, error) from error

    def _next(self, conference: str, after: str) -> list[AnyOutput]:
        told = self._journal.outputs(conference, after=after or None)
        return [decode_output(line) for _, line in islice(told, BATCH_OUTPUTS)]

    async def ensure(self, conference: str) -> None:
        """Makes the inboxes of a conference ready if they are not; what is in the way is tried again by others."""
        try:
            await self.delivered(conference)
        except UndeliveredError:
            return

    async def _rebuild(self, conference: str) -> str:
        task = self._tasks.get(conference)
        if task is None:
            task = asyncio.create_task(self._made_again(conference), name=f"rebuild {conference}")
            self._tasks[conference] = task
            task.add_done_callback(lambda done: self._ended(conference, done))
        return await asyncio.shield(task)

    def _ended(self, conference: str, task: asyncio.Task[str]) -> None:
        self._tasks.pop(conference, None)
        if not task.cancelled():
            task.exception()  # whoever waited has been told

    async def _made_again(self, conference: str) -> str:
        return await self._inboxes.rebuild(conference, self._all(conference), self._erased(conference))

    def _all(self, conference: str) -> Iterator[AnyOutput]:
        return (decode_output(line) for _, line in self._journal.outputs(conference))

    async def forget(self, conference: str) -> None:
        """Makes nothing of a conference any more that is no more."""
        self.troubles.pop(conference, None)
        task = self._tasks.get(conference)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=1.0)

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
