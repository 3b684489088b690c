"""One reading of a partition's outputs, shared out among the conferences whose inboxes are made again.

Owns: each conference's outputs in rising order, once each. May never: gather more than the queues hold.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from schemas.outputs import AnyOutput
from streams.workers.frames import Raw
from streams.workers.recorded_outputs import output_of, parts

Queue = asyncio.Queue[Sequence[AnyOutput]]


async def share_out(records: AsyncIterator[Sequence[Raw]], queues: Mapping[str, Queue]) -> None:
    """Puts the outputs of each conference into its queue, at last an empty batch."""
    last: dict[str, tuple[int, int]] = {}
    async for some in records:
        found: dict[str, list[AnyOutput]] = {}
        for output in map(output_of, some):
            if output is not None and output.conference in queues:
                found.setdefault(output.conference, []).append(output)
        for name, outputs in found.items():
            rising = ascending(outputs, last.get(name, (-1, -1)))
            if rising:
                last[name] = parts(rising[-1].position)
                await queues[name].put(rising)
    for queue in queues.values():
        await queue.put(())


async def queued(queue: Queue) -> AsyncIterator[AnyOutput]:
    """The outputs put into a queue, up to an empty batch."""
    while outputs := await queue.get():
        for output in outputs:
            yield output


def ascending(outputs: Iterable[AnyOutput], after: tuple[int, int] = (-1, -1)) -> list[AnyOutput]:
    """Without what stands there again: an output of a late matcher, or of one that was killed before it knew."""
    rising: list[AnyOutput] = []
    for output in outputs:
        at = parts(output.position)
        if at > after:
            rising.append(output)
            after = at
    return rising
