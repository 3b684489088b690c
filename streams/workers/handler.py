"""The handler protocol: what a router, matcher or delivery does with frames, whoever fetches them.

Invariants: handlers do not know Faust. The caller makes one call at a time. An exception ends the worker without a
commit; unfinished records are then read again.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from streams.workers.commits import Commits
from streams.workers.frames import Frame, Raw, end_of
from streams.workers.ports import Reader


class Handler(Protocol):
    """A router, a matcher or a delivery."""

    topic: str
    commits: Commits
    frame_records: int  # the most records of one frame

    async def start(self) -> None:
        """Called once, before the first partition is assigned."""

    async def assign(self, partitions: Collection[int]) -> None:
        """The worker now owns exactly these partitions."""

    def seek(self, positions: Mapping[int, int]) -> None:
        """The consumer now reads from these offsets: the committed ones, or 0."""

    async def handle(self, frame: Frame) -> None:
        """Handles the next frame of a partition and updates ``commits``."""

    async def revoke(self, partitions: Collection[int]) -> None:
        """The partitions are being taken away: quickly saves what is worth saving."""

    async def maintain(self) -> None:
        """Does the periodic work; called between frames, again and again."""

    def positions(self) -> dict[int, int]:
        """The offset of the next record, for each partition that the handler has opened."""


async def read_unprocessed(reader: Reader, frame: Frame, position: int) -> AsyncIterator[Sequence[Raw]]:
    """Yields the records from ``position`` to the frame's end, each once, also if frames were lost or come again."""
    if position < frame.begin:
        async for records in reader.read(*frame.at, position, frame.begin):
            yield records
    if position <= frame.begin:
        yield frame.records
    elif position < frame.end:
        yield [raw for raw in frame.records if end_of(raw) > position]
