"""Appends ticks: when something is due and no event arrives, the log's owner records that time has passed.

Responsibility: when to append a tick. The matcher says what is due, and the caller provides the clock.
Why: whatever is due up to a record's time happens before that record, so one tick after the due time is enough, and
the spacing of ticks changes no result. Each conference has at most one tick in flight.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.journal import Journal, JournalError
from services.runtime.fold_loop import FoldLoop
from services.runtime.results import BusyError

AppendTick = Callable[[str, int], Awaitable[object]]  # conference, due (ms); done when the tick is in the log

_log = structlog.get_logger("hallway.ticks")


class TickScheduler:
    """``now`` is the log's time in ms: the clock's, but never less than the last ``recorded_at``."""

    def __init__(
        self, journal: Journal, fold_loop: FoldLoop, now: Callable[[], int], tick: AppendTick, poll_s: float
    ) -> None:
        self._journal = journal
        self._fold_loop = fold_loop
        self._now = now
        self._tick = tick
        self._poll_s = poll_s

    async def run(self) -> None:
        """Checks every ``poll_s`` until cancelled."""
        while True:
            for conference, due in self._due():
                try:
                    await self._tick(conference, due)
                except (JournalError, BusyError, TimeoutError) as error:
                    _log.warning("a tick is delayed", conference=conference, error=type(error).__name__)
            await asyncio.sleep(self._poll_s)

    def _due(self) -> list[tuple[str, int]]:
        """Conferences with something due whose log is fully folded: an unfolded record may make the tick
        unnecessary.
        """
        now = self._now()
        return [
            (fold.conference, fold.due)
            for fold in self._fold_loop.folds.values()
            if fold.due is not None and fold.due <= now and fold.folded == self._journal.length(fold.conference)
        ]
