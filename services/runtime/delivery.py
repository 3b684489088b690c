"""Delivers recorded outputs to the inboxes, in order.

Responsibility: one task per conference, its pace and its retries.
Invariants: outputs are never queued in memory. Each task reads them from the journal, starting after the inbox's
checkpoint, so an inbox that was unreachable or emptied catches up by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import islice

import structlog

from schemas.outputs import AnyOutput
from services.journal import Journal
from services.runtime.limits import Limits
from streams.runtime.recorded_outputs import decode_output
from streams.runtime.retries import retry

Deliver = Callable[[str, Sequence[AnyOutput]], Awaitable[None]]
LastDelivered = Callable[[str], Awaitable[str | None]]
OnFailed = Callable[[BaseException], None]

_log = structlog.get_logger("hallway.delivery")


class UndeliveredError(Exception):
    """The inbox cannot take outputs now; delivery is retried. Any other error, except OSError, stops the runner."""


async def deliver_from_start(conference: str) -> str | None:
    """For an inbox without a checkpoint: delivers everything again, which is harmless."""
    return None


class Delivery:
    """``deliver`` may receive outputs more than once. ``last_delivered`` returns the position of the last one it
    stored.

    Before the first output ``last_delivered`` returns "" or None.
    """

    def __init__(
        self, journal: Journal, deliver: Deliver, last_delivered: LastDelivered, limits: Limits, on_failed: OnFailed
    ) -> None:
        self._journal = journal
        self._deliver = deliver
        self._last_delivered = last_delivered
        self._reasons: dict[str, str] = {}  # why conferences are paused, as it was logged
        self._limits = limits
        self._on_failed = on_failed
        self._news: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self, conference: str) -> None:
        """Signals that there are new outputs. Call it on the event loop."""
        if conference not in self._tasks:
            self._news[conference] = asyncio.Event()
            self._tasks[conference] = asyncio.create_task(self._run(conference), name=f"deliver {conference}")
        self._news[conference].set()

    async def forget(self, conference: str, limit_s: float) -> None:
        """Stops delivering a conference."""
        task = self._tasks.get(conference)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=limit_s)
            del self._tasks[conference], self._news[conference]

    async def stop(self, limit_s: float) -> None:
        """Stops all tasks within ``limit_s``; the next start delivers the rest."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=limit_s)

    async def _run(self, conference: str) -> None:
        try:
            while True:
                self._news[conference].clear()
                if await self._catch_up(conference):
                    await self._news[conference].wait()  # ``stop`` cancels it
                else:
                    await asyncio.sleep(self._limits.deliver_rest_s)
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the runner
            self._on_failed(error)

    async def _catch_up(self, conference: str) -> bool:
        """Delivers everything recorded so far; False if the inbox does not take it."""
        try:
            async with asyncio.timeout(self._limits.deliver_s):
                after = await self._last_delivered(conference) or None
            while outputs := await self._next(conference, after):
                await self._deliver_with_retries(conference, outputs)
                after = outputs[-1].position
        except (UndeliveredError, OSError) as error:  # a time limit is an OSError
            self._pause(conference, error)
            return False
        self._reasons.pop(conference, None)
        return True

    def _pause(self, conference: str, error: Exception) -> None:
        """Logs why, once for each reason: it is retried every second."""
        reason = f"{type(error).__name__}: {error}"
        if self._reasons.get(conference) != reason:
            _log.warning("delivery paused", conference=conference, error=type(error).__name__, reason=str(error))
        self._reasons[conference] = reason

    async def _next(self, conference: str, after: str | None) -> list[AnyOutput]:
        def read() -> list[AnyOutput]:
            recorded = self._journal.outputs(conference, after=after)
            return [decode_output(line) for _, line in islice(recorded, self._limits.outputs_at_once)]

        async with asyncio.timeout(self._limits.deliver_s):
            return await asyncio.to_thread(read)

    async def _deliver_with_retries(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        with suppress(UndeliveredError, OSError):  # what succeeds at once pays for no retry: 50 us a delivery
            await self._deliver_once(conference, outputs)
            return
        limits = self._limits
        await asyncio.sleep(limits.deliver_pause_s)
        async for attempt in retry(
            (UndeliveredError, OSError),
            first_s=2 * limits.deliver_pause_s,
            max_s=limits.deliver_rest_s,
            tries=max(1, limits.deliver_tries - 1),
        ):
            with attempt:
                await self._deliver_once(conference, outputs)

    async def _deliver_once(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        async with asyncio.timeout(self._limits.deliver_s):
            await self._deliver(conference, outputs)
