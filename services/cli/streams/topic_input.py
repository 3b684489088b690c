"""A topic as an input of replay, ties, explain and export: a synchronous iterator on top of the asynchronous reader.

Why: the reader's event loop only runs while a batch is awaited, so it does not slow the fold.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

from services.cli.connection_options import access_for
from services.cli.streams.line_blocks import Block, group_lines
from services.kafka.topic_urls import parse_topic_url
from services.usage_errors import UnusableError
from streams.runtime.errors import UnavailableError


class TopicInput:
    """The records of a topic, one partition after the other. ``consumed`` counts their bytes; lines count from 1."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.consumed = 0
        self.size: int | None = None
        self._place = parse_topic_url(name)
        self._access = access_for(self._place.address)

    def blocks(self) -> Iterator[Block]:
        """The records. UnusableError where they cannot be read (on)."""
        yield from group_lines(self._lines())

    def _lines(self) -> Iterator[bytes]:
        from services.kafka.clients import KafkaRefusedError
        from services.kafka.logs import read_lines

        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is said below, once
        parts = read_lines(self._access, self._place)
        with asyncio.Runner() as runner:
            try:
                while (part := runner.run(_next(parts))) is not None:
                    for line in part:
                        self.consumed += len(line) + 1
                        yield line + b"\n"
            except (UnavailableError, KafkaRefusedError) as error:
                raise UnusableError(f"{self.name}: {error}") from None
            finally:
                runner.run(_close(parts))


async def _next(parts: AsyncIterator[list[bytes]]) -> list[bytes] | None:
    return await anext(parts, None)


async def _close(parts: AsyncIterator[list[bytes]]) -> None:
    await parts.aclose()  # type: ignore[attr-defined]  # it is a generator
