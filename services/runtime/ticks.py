"""Ticks: where something is due and nothing comes, the log's owner says that time has passed.

Owns: when a tick is asked for. May never: decide what is due (the matcher knows), or how time is measured (the clock
is given).
Theory: whatever is due up to a record's now happens before it, so one tick after the due time is enough, and its
spacing changes nothing. Each conference has one tick under way at most.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.journal import Journal, JournalError
from services.runtime.fold_loop import Folding
from services.runtime.results import BusyError

Tick = Callable[[str, int], Awaitable[object]]  # conference, due; done when it is in the log

_log = structlog.get_logger("hallway.ticks")


class Ticking:
    """``now`` is the log's: the clock's, but never below what was recorded."""

    def __init__(self, journal: Journal, folding: Folding, now: Callable[[], int], tick: Tick, look_s: float) -> None:
        self._journal = journal
        self._folding = folding
        self._now = now
        self._tick = tick
        self._look_s = look_s

    async def run(self) -> None:
        """Looks again and again, until it is cancelled."""
        while True:
            for conference, due in self._due():
                try:
                    await self._tick(conference, due)
                except (JournalError, BusyError, TimeoutError) as error:
                    _log.warning("a tick must wait", conference=conference, error=type(error).__name__)
            await asyncio.sleep(self._look_s)

    def _due(self) -> list[tuple[str, int]]:
        """Where something is due and all that came is folded: what is not may be as good as a tick."""
        now = self._now()
        return [
            (fold.conference, fold.due)
            for fold in self._folding.folds.values()
            if fold.due is not None and fold.due <= now and fold.folded == self._journal.length(fold.conference)
        ]
