"""What a worker does with frames, whoever brings them: the verbs, and how the whole of a partition is read.

Owns: the contract between a worker and what reads for it. May never: know Faust.
Theory: whoever calls does one thing at a time. An exception ends the worker without committing; what was not finished
comes again.
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
    frame_records: int  # at most so many are handled at once

    async def begin(self) -> None:
        """Before the first partition is assigned."""

    async def assigned(self, partitions: Collection[int]) -> None:
        """These are ours now, and no others."""

    def sought(self, positions: Mapping[int, int]) -> None:
        """From these offsets on partitions are read now: what is committed, or their start."""

    async def frame(self, frame: Frame) -> None:
        """Handles the next frame of a partition; says in ``commits`` what is safe."""

    async def revoked(self, partitions: Collection[int]) -> None:
        """They may not come back: makes safe what is worth it, soon."""

    async def look(self) -> None:
        """Called again and again, between frames."""

    def positions(self) -> dict[int, int]:
        """Of each partition that was looked at, the offset of the next record."""


async def stretches(reader: Reader, frame: Frame, position: int) -> AsyncIterator[Sequence[Raw]]:
    """The records from ``position`` to the frame's end, each once, as if no frame had been lost or came again."""
    if position < frame.begin:
        async for records in reader.read(*frame.at, position, frame.begin):
            yield records
    if position <= frame.begin:
        yield frame.records
    elif position < frame.end:
        yield [raw for raw in frame.records if end_of(raw) > position]
