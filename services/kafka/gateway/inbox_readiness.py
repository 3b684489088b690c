"""Inboxes that the delivery worker fills.

Owns: making those of a new conference ready, where nothing is delivered yet. May never: deliver, or make inboxes again
that were filled: the worker does, from what it recorded.
"""

import asyncio
from collections.abc import Callable

import structlog

from services.inbox.port import Inboxes, InboxForeignError, InboxLostError, InboxUnavailableError
from services.journal import ReadReplica

_log = structlog.get_logger("hallway.ready")


class Prepared:
    """``is_current`` tells whether the copy of the log knows what was put out."""

    def __init__(self, journal: ReadReplica, inboxes: Inboxes, is_current: Callable[[], bool]) -> None:
        self._journal, self._inboxes, self._is_current = journal, inboxes, is_current
        self.foreign: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def ensure(self, conference: str) -> None:
        """As the port ``Readiness`` has it."""
        try:
            if await self._inboxes.checkpoint(conference) is None and await asyncio.to_thread(self._is_new, conference):
                await self._inboxes.prepare(conference)
        except InboxForeignError as error:
            if not self.foreign.done():
                self.foreign.set_result(error)
        except (InboxUnavailableError, InboxLostError) as error:
            _log.debug("inboxes are made ready later", conference=conference, reason=str(error))

    def _is_new(self, conference: str) -> bool:
        is_known = self._is_current() and conference not in self._journal.erased()
        return is_known and next(iter(self._journal.outputs(conference)), None) is None
