"""A topic as an input of replay, ties, explain and export.

Owns: the bridge from an asynchronous reader to a loop over lines. May never: commit, or join a group.
Theory: the reader's loop runs only while a part is waited for, so that a fold is not held up by it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

from services.cli.connection_options import access_to
from services.cli.streams.line_blocks import Block, blocked
from services.kafka.topic_urls import place
from services.usage_errors import UnusableError
from streams.workers.ports import UnavailableError


class TopicInput:
    """The records of a topic, one partition after the other. ``consumed`` counts their bytes; lines count from 1."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.consumed = 0
        self.size: int | None = None
        self._place = place(name)
        self._access = access_to(self._place.address)

    def blocks(self) -> Iterator[Block]:
        """The records. UnusableError where they cannot be read (on)."""
        yield from blocked(self._lines())

    def _lines(self) -> Iterator[bytes]:
        from services.kafka.clients import KafkaRefusedError
        from services.kafka.logs import lines

        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is said below, once
        parts = lines(self._access, self._place)
        with asyncio.Runner() as runner:
            try:
                while (part := runner.run(_next(parts))) is not None:
                    for line in part:
                        self.consumed += len(line) + 1
                        yield line + b"\n"
            except (UnavailableError, KafkaRefusedError) as error:
                raise UnusableError(f"{self.name}: {error}") from None
            finally:
                runner.run(_closed(parts))


async def _next(parts: AsyncIterator[list[bytes]]) -> list[bytes] | None:
    return await anext(parts, None)


async def _closed(parts: AsyncIterator[list[bytes]]) -> None:
    await parts.aclose()  # type: ignore[attr-defined]  # it is a generator
