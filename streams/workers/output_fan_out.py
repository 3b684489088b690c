"""Reads a partition's outputs once and distributes them to the conferences whose inboxes are being rebuilt.

Invariants: each conference gets its outputs in select_ascending order, once each. Memory is bounded by the queues.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from schemas.outputs import AnyOutput
from schemas.position import START, Position
from streams.workers.frames import Raw
from streams.workers.recorded_outputs import decode_output

BEFORE_ALL = Position.parse(START)
Queue = asyncio.Queue[Sequence[AnyOutput]]


async def fan_out(records: AsyncIterator[Sequence[Raw]], queues: Mapping[str, Queue]) -> None:
    """Puts each conference's outputs into its queue, and an empty batch at the end."""
    last: dict[str, Position] = {}
    async for batch in records:
        found: dict[str, list[AnyOutput]] = {}
        for output in map(decode_output, batch):
            if output is not None and output.conference in queues:
                found.setdefault(output.conference, []).append(output)
        for name, outputs in found.items():
            ascending = select_ascending(outputs, last.get(name, BEFORE_ALL))
            if ascending:
                last[name] = Position.parse(ascending[-1].position)
                await queues[name].put(ascending)
    for queue in queues.values():
        await queue.put(())


async def drain(queue: Queue) -> AsyncIterator[AnyOutput]:
    """Yields the outputs of a queue, up to an empty batch."""
    while outputs := await queue.get():
        for output in outputs:
            yield output


def select_ascending(outputs: Iterable[AnyOutput], after: Position = BEFORE_ALL) -> list[AnyOutput]:
    """Drops outputs that were written again, by a matcher that had lost its partition or was killed before it knew."""
    ascending: list[AnyOutput] = []
    for output in outputs:
        at = Position.parse(output.position)
        if at > after:
            ascending.append(output)
            after = at
    return ascending
