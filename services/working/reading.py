"""Reading topics outside of any group: ranges, ends, and what follows a position.

Owns: three consumers, so that a question for ends never waits behind a fetch that waits for records.
May never: commit anything, or wait without a limit.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.working.producing import within
from streams.workers.frames import Raw
from streams.workers.ports import AwayError

ANSWER_S = 10.0
RANGE_S = 30.0  # without a single record: then the broker is away
FETCH_MS = 200
RANGE_MS = 10  # a range is there or not; the next one does not wait behind a fetch at the end of the last one
FETCH_RECORDS = 10_000
REQUEST_MS = 20_000
START_S = 30.0
STOP_S = 3.0


class TopicReader:
    """The port Reader; an async context manager."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._asking: Any = None
        self._ranges: Any = None
        self._follower: Any = None
        self._stack = AsyncExitStack()
        self._one_range = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._asking, self._ranges, self._follower = [await self._consumer(ms) for ms in (FETCH_MS, RANGE_MS, FETCH_MS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _consumer(self, wait_ms: int) -> Any:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._address,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=REQUEST_MS,
            fetch_max_wait_ms=wait_ms,
            max_partition_fetch_bytes=4 << 20,
            fetch_max_bytes=16 << 20,
            metadata_max_age_ms=60_000,
        )
        self._stack.push_async_callback(within, STOP_S, consumer.stop)
        try:
            async with asyncio.timeout(START_S):
                await consumer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._stack.aclose()
            raise AwayError(f"No Kafka answers at {self._address}.") from error
        return consumer

    async def ends(self, topic: str) -> Mapping[int, int]:
        """As in the port."""
        try:
            async with asyncio.timeout(ANSWER_S):
                numbers = self._asking.partitions_for_topic(topic)
                if numbers is None:
                    await self._asking._client._wait_on_metadata(topic)
                    numbers = self._asking.partitions_for_topic(topic)
                found = await self._asking.end_offsets([TopicPartition(topic, number) for number in numbers or ()])
        except (KafkaError, OSError, TimeoutError) as error:
            raise AwayError(f"The ends of {topic} are not known: {type(error).__name__} {error}".rstrip()) from error
        return {at.partition: int(end) for at, end in found.items()}

    async def read(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[Sequence[Raw]]:
        """As in the port."""
        if begin >= end:
            return
        at = TopicPartition(topic, partition)
        async with self._one_range:
            try:
                self._ranges.assign([at])
                self._ranges.seek(at, begin)
                while True:
                    async with asyncio.timeout(RANGE_S):
                        found = await self._ranges.getmany(at, timeout_ms=FETCH_MS, max_records=FETCH_RECORDS)
                        position = await self._ranges.position(at)
                    records = [raw for raw in found.get(at, ()) if raw.offset < end]
                    if records:
                        yield records
                    if position >= end:
                        self._ranges.pause(at)
                        return
            except (KafkaError, OSError, TimeoutError) as error:
                raise AwayError(
                    f"{topic}/{partition} cannot be read: {type(error).__name__} {error}".rstrip()
                ) from error

    async def fetch(self, topic: str, positions: Mapping[int, int]) -> Sequence[tuple[int, int, Sequence[Raw]]]:
        """As in the port."""
        wanted = {TopicPartition(topic, number): offset for number, offset in positions.items()}
        try:
            async with asyncio.timeout(ANSWER_S):
                missing = wanted.keys() - self._follower.assignment()
                if missing:
                    held = {at: await self._follower.position(at) for at in self._follower.assignment()}
                    self._follower.assign([*held, *missing])
                    for at, offset in held.items():
                        self._follower.seek(at, offset)
                    for at in missing:
                        self._follower.seek(at, wanted[at])
                found = await self._follower.getmany(*wanted, timeout_ms=FETCH_MS, max_records=FETCH_RECORDS)
                moved = {at: int(await self._follower.position(at)) for at in wanted}
        except (KafkaError, OSError, TimeoutError) as error:
            raise AwayError(f"{topic} cannot be followed: {type(error).__name__} {error}".rstrip()) from error
        return [(at.partition, position, found.get(at, ())) for at, position in moved.items() if position > wanted[at]]
