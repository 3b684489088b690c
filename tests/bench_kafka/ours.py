"""Hallway's router and matcher as readers: the composition that ``hallway work`` runs, its frames counted.

``KIND BROKER PREFIX RECORDS``. Owns: the counting. May never: do less than the command does.
"""

import asyncio
import sys
from typing import Any

from services.kafka.access import Access
from services.worker.composition import Settings, work
from streams.workers.frames import Frame
from streams.workers.matcher import MatcherHandler
from streams.workers.router import RouterHandler
from tests.bench_kafka.peers.counting import Count


def count_frames(handler: type[Any], count: Count) -> None:
    """Counts the records of a frame when it is done: its copies or outputs are with the broker."""
    handle = handler.handle

    async def counted(self: Any, frame: Frame) -> None:
        await handle(self, frame)
        count.add(len(frame.records))

    handler.handle = counted


def main(kind: str, broker: str, prefix: str, wanted: int) -> None:
    """Reads until all are read."""
    count_frames(RouterHandler if kind == "router" else MatcherHandler, Count(wanted))
    settings = Settings("router" if kind == "router" else "matcher", Access(broker), prefix=prefix, ticks=False)
    sys.exit(asyncio.run(work(settings, lambda: None)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
