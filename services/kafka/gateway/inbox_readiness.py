"""Readiness of inboxes that the delivery worker fills: this process only creates the empty inboxes of a new conference.

Invariants: it never delivers or rebuilds; the worker does, from the outputs it recorded.
"""

import asyncio
from collections.abc import Callable

import structlog

from services.inbox.port import Inboxes
from services.journal import ReadReplica
from streams.runtime.inboxes import InboxForeignError, InboxLostError, InboxUnavailableError

_log = structlog.get_logger("hallway.ready")


class InboxPreparer:
    """``is_current`` returns whether the read replica is up to date."""

    def __init__(self, journal: ReadReplica, inboxes: Inboxes, is_current: Callable[[], bool]) -> None:
        self._journal, self._inboxes, self._is_current = journal, inboxes, is_current
        self.troubles: dict[str, str] = {}

    async def ensure(self, conference: str) -> None:
        """As in the port ``Readiness``."""
        try:
            if await self._inboxes.checkpoint(conference) is None and await asyncio.to_thread(self._is_new, conference):
                await self._inboxes.prepare(conference)
            self.troubles.pop(conference, None)
        except InboxForeignError as error:
            self.troubles[conference] = str(error)
        except (InboxUnavailableError, InboxLostError) as error:
            _log.debug("inboxes are not ready yet", conference=conference, reason=str(error))

    def _is_new(self, conference: str) -> bool:
        is_known = self._is_current() and conference not in self._journal.erased()
        return is_known and next(iter(self._journal.outputs(conference)), None) is None
