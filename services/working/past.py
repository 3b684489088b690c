"""The past of each conference that was opened: brought into its log once, by the router that has its partition.

Owns: which conference is next, that it was done (kept beside the snapshots), when it is tried again. May never: hold up
routing for longer than a fetch: one conference at a time, in parts, between frames.
Theory: copies that are there already are passed over, and doubles for the fold where they are not. So a router that is
killed half way, and two that think they have the same partition, change nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from services.kafka.linking import KafkaRefusedError
from streams.workers.ports import AwayError, Kept, Snapshots

LOOK_S = 1.0
AGAIN_S = 30.0  # after the broker was away, or the conference was closed meanwhile
_NAME = "~past."
_log = structlog.get_logger("hallway.worker")

Fill = Callable[[str], Awaitable[int]]


class Past:
    """``mine`` gives the open conferences of this router's partitions; ``fill`` how many records it brought."""

    def __init__(self, mine: Callable[[], Collection[str]], fill: Fill, snapshots: Snapshots) -> None:
        self._mine, self._fill, self._snapshots = mine, fill, snapshots
        self._done: set[str] = set()

    async def run(self) -> None:
        """Without end. What is neither away nor refused is raised."""
        while True:
            try:
                for conference in sorted(set(self._mine()) - self._done):
                    await self._once(conference)
                pause_s = LOOK_S
            except (AwayError, KafkaRefusedError) as error:
                _log.warning("the past waits", reason=str(error))
                pause_s = AGAIN_S
            await asyncio.sleep(pause_s)

    async def _once(self, conference: str) -> None:
        if await self._snapshots.known(_NAME + conference) is None:
            brought = await self._fill(conference)
            await self._snapshots.save(0, Kept(_NAME + conference, 1, b"{}"))
            _log.info("the past was brought", conference=conference, records=brought)
        self._done.add(conference)
