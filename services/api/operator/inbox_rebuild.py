"""Rebuilds the inboxes of one conference at an operator's request, while the server runs.

Invariants: one rebuild at a time. The rebuild itself is the delivery's work, from the recorded outputs; a rebuild that
began for another reason is not disturbed.
Why: delivery, here and in Kafka workers, already rebuilds a store that lost its checkpoint. So a rebuild deletes the
checkpoint and waits until delivery has written it again.
"""

import asyncio

import structlog

from services.api.shared.problems import ProblemError
from services.inbox.port import Inboxes
from services.runtime.ports import Readiness
from streams.runtime.inboxes import InboxUnavailableError

POLL_S = 0.2
LIMIT_S = 3_600.0  # then another rebuild may begin; this one goes on
_log = structlog.get_logger("hallway.rebuilding")


class InboxRebuild:
    """One at a time."""

    def __init__(self, inboxes: Inboxes, readiness: Readiness) -> None:
        self._inboxes, self._readiness = inboxes, readiness
        self._conference = ""  # the one under way
        self._requested = asyncio.Event()

    async def begin(self, conference: str) -> None:
        """Starts a rebuild. ProblemError 409 while one is under way; InboxUnavailableError: nothing was changed."""
        if self._conference:
            raise _under_way(self._conference)
        self._conference = conference
        begun = False
        try:
            begun = await self._inboxes.invalidate(conference)
        finally:
            if not begun:
                self._conference = ""
        if not begun:
            raise _under_way(conference)
        self._requested.set()

    async def is_ready(self, conference: str) -> bool:
        """Whether the inboxes are complete. InboxUnavailableError: that is unknown."""
        return conference != self._conference and await self._inboxes.checkpoint(conference) is not None

    async def run(self) -> None:
        """Waits for each rebuild to finish; cancel it to stop."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self._wait_until_ready(self._conference)
                _log.info("inboxes are rebuilt", conference=self._conference)
            except TimeoutError:
                _log.warning("the rebuild of inboxes takes over an hour", conference=self._conference)
            self._conference = ""

    async def _wait_until_ready(self, conference: str) -> None:
        while True:
            await self._readiness.ensure(conference)
            try:
                if await self._inboxes.checkpoint(conference) is not None:
                    return
            except InboxUnavailableError as error:
                _log.debug(
                    "inboxes are unavailable during their rebuild", conference=conference, error=type(error).__name__
                )
            await asyncio.sleep(POLL_S)


def _under_way(conference: str) -> ProblemError:
    detail = f"The inboxes of {conference} are being rebuilt already. Wait until they are ready, then try again."
    return ProblemError(409, "rebuilding", detail, retry_s=5)
