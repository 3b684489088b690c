"""Hands recorded outputs on, in order, to whoever keeps the inboxes.

Owns: one task a conference, its pace and its tries. May never: hold outputs in memory: it reads them from the
journal, from where the inbox says it is. So an inbox that was away, or was emptied, gets everything by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

import structlog

from schemas.outputs import AnyOutput
from services.journal import Journal
from services.runtime.limits import Limits
from services.runtime.recovery import decode_output

Deliver = Callable[[str, Sequence[AnyOutput]], Awaitable[None]]
Delivered = Callable[[str], Awaitable[str | None]]
Failed = Callable[[BaseException], None]

_log = structlog.get_logger("hallway.delivery")


class UndeliveredError(Exception):
    """The inbox cannot take outputs now; they are handed over again. Any other error but an OSError ends the runner."""


async def from_the_start(conference: str) -> str | None:
    """For an inbox that does not tell where it is: everything again, which changes nothing there."""
    return None


class Delivery:
    """``deliver`` may get outputs again that it had; it keeps the last position and ``delivered`` gives it.

    Of nothing yet ``delivered`` gives "" or None.
    """

    def __init__(
        self, journal: Journal, deliver: Deliver, delivered: Delivered, limits: Limits, failed: Failed
    ) -> None:
        self._journal = journal
        self._deliver = deliver
        self._delivered = delivered
        self._reasons: dict[str, str] = {}  # why conferences rest, as it was logged
        self._limits = limits
        self._failed = failed
        self._news: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self, conference: str) -> None:
        """There are outputs. Called on the event loop."""
        if conference not in self._tasks:
            self._news[conference] = asyncio.Event()
            self._tasks[conference] = asyncio.create_task(self._run(conference), name=f"deliver {conference}")
        self._news[conference].set()

    async def forget(self, conference: str, limit_s: float) -> None:
        """Hands on nothing more of a conference."""
        task = self._tasks.get(conference)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=limit_s)
            del self._tasks[conference], self._news[conference]

    async def stop(self, limit_s: float) -> None:
        """Ends after what is being handed over, or after ``limit_s``; the rest follows at the next start."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=limit_s)

    async def _run(self, conference: str) -> None:
        try:
            while True:
                self._news[conference].clear()
                if await self._catch_up(conference):
                    await self._news[conference].wait()  # until there is something; ``stop`` cancels
                else:
                    await asyncio.sleep(self._limits.deliver_rest_s)
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the runner
            self._failed(error)

    async def _catch_up(self, conference: str) -> bool:
        """Hands on all that there is; False when the inbox does not take it."""
        try:
            async with asyncio.timeout(self._limits.deliver_s):
                after = await self._delivered(conference) or None
            while outputs := await self._next(conference, after):
                await self._hand_over(conference, outputs)
                after = outputs[-1].position
        except (UndeliveredError, OSError) as error:  # a time limit is an OSError
            self._rest(conference, error)
            return False
        self._reasons.pop(conference, None)
        return True

    def _rest(self, conference: str, error: Exception) -> None:
        """Logs why, once for each reason: it is tried again every second."""
        reason = f"{type(error).__name__}: {error}"
        if self._reasons.get(conference) != reason:
            _log.warning("delivery rests", conference=conference, error=type(error).__name__, reason=str(error))
        self._reasons[conference] = reason

    async def _next(self, conference: str, after: str | None) -> list[AnyOutput]:
        def read() -> list[AnyOutput]:
            told = self._journal.outputs(conference, after=after)
            return [decode_output(line) for _, line in islice(told, self._limits.outputs_at_once)]

        async with asyncio.timeout(self._limits.deliver_s):
            return await asyncio.to_thread(read)

    async def _hand_over(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        pause = self._limits.deliver_pause_s
        for left in reversed(range(self._limits.deliver_tries)):
            try:
                async with asyncio.timeout(self._limits.deliver_s):
                    return await self._deliver(conference, outputs)
            except (UndeliveredError, OSError):
                if not left:
                    raise
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("deliver_tries is at least 1")
