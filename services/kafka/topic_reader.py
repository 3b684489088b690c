"""Reads topics without a consumer group: ranges, ends, times, and what follows a position.

Responsibility: three consumers, so that a request for ends never waits behind a fetch.
Invariants: it commits nothing, and never waits without a limit.
Why: the end of a range is compared with the consumer's position, not with the last record's offset, because compaction
leaves gaps.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError

from services.kafka.access import Access
from services.kafka.client_shutdown import stop_consumer
from services.kafka.clients import WAIT_MS, bounded_request, make_consumer, start_client
from services.kafka.partitioner import partition_of
from streams.runtime.errors import UnavailableError

ANSWER_S = 10.0
RANGE_S = 30.0  # without a record: then the broker counts as unreachable
RANGE_MS = 10  # short, so that the next range does not wait behind a fetch at the end of the last one
FETCH_RECORDS = 10_000


class Span(NamedTuple):
    """The offsets [first, end) of a partition."""

    first: int
    end: int


def of_conference(spans: dict[int, Span], conference: str) -> dict[int, Span]:
    """Only the partition of a conference, in a topic keyed by conference."""
    own = partition_of(conference.encode(), len(spans))
    return {own: spans[own]}


class TopicReader:
    """The port Reader, and more for commands; an async context manager. UnavailableError: the broker is unreachable."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._stack = AsyncExitStack()
        self._one_range = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._metadata, self._ranges, self._follower = [await self._start(ms) for ms in (WAIT_MS, RANGE_MS, WAIT_MS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self, wait_ms: int) -> AIOKafkaConsumer:
        made = make_consumer(self._access, wait_ms=wait_ms)
        self._stack.push_async_callback(stop_consumer, made)
        try:
            await start_client(self._access, made)
        except BaseException:
            await self._stack.aclose()
            raise
        return made

    # -- offsets ----------------------------------------------------------------------------------------------------

    async def ends(self, topic: str) -> Mapping[int, int]:
        """As in the port."""
        async with bounded_request(self._access, ANSWER_S, f"The ends of {topic} are not known"):
            found = await self._metadata.end_offsets(await self._partitions(topic))
        if not found:
            raise UnavailableError(f"The ends of {topic} are not known: the topic does not exist.")
        return {at.partition: int(end) for at, end in found.items()}

    async def spans(self, topic: str) -> dict[int, Span]:
        """The current span of each partition; empty if the topic does not exist."""
        async with bounded_request(self._access, ANSWER_S, f"What {topic} has is not known"):
            parts = await self._partitions(topic)
            first, end = await self._metadata.beginning_offsets(parts), await self._metadata.end_offsets(parts)
        return {at.partition: Span(first[at], end[at]) for at in parts}

    async def since(self, topic: str, partition: int, span: Span, time_ms: int) -> Span:
        """The part of a span from the first record at or after ``time_ms``."""
        at = TopicPartition(topic, partition)
        async with bounded_request(self._access, ANSWER_S, f"The times of {topic} are not known"):
            found = (await self._metadata.offsets_for_times({at: time_ms})).get(at)
        return Span(max(span.first, found.offset) if found else span.end, span.end)

    async def _partitions(self, topic: str) -> list[TopicPartition]:
        client = self._metadata._client  # the public method waits until the topic exists
        for _ in range(2):  # the first answer may be to a request without this topic
            if self._metadata.partitions_for_topic(topic) is None:
                client.add_topic(topic)
                if not await client.force_metadata_update():
                    raise KafkaConnectionError
        numbers = self._metadata.partitions_for_topic(topic) or ()
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    # -- records ----------------------------------------------------------------------------------------------------

    async def read(
        self, topic: str, partition: int, begin: int, end: int
    ) -> AsyncGenerator[Sequence[ConsumerRecord], None]:
        """As in the port."""
        if begin >= end:
            return
        at, position = TopicPartition(topic, partition), begin
        async with self._one_range:
            self._ranges.assign([at])
            self._ranges.seek(at, begin)
            try:
                while position < end:
                    position, found = await self._next(at, position)
                    records = [raw for raw in found if raw.offset < end]
                    if records:
                        yield records
            finally:
                self._ranges.pause(at)

    async def _next(self, at: TopicPartition, before: int) -> tuple[int, Sequence[ConsumerRecord]]:
        """Waits for records after ``before``; returns the position behind them."""
        async with bounded_request(self._access, RANGE_S, f"{at.topic}/{at.partition} cannot be read"):
            while True:
                found = await self._ranges.getmany(at, timeout_ms=WAIT_MS, max_records=FETCH_RECORDS)
                position = int(await self._ranges.position(at))
                if position > before:
                    return position, found.get(at, ())

    async def fetch(
        self, topic: str, positions: Mapping[int, int]
    ) -> Sequence[tuple[int, int, Sequence[ConsumerRecord]]]:
        """As in the port."""
        wanted = {TopicPartition(topic, number): offset for number, offset in positions.items()}
        async with bounded_request(self._access, ANSWER_S, f"{topic} cannot be followed"):
            missing = wanted.keys() - self._follower.assignment()
            if missing:
                held = {at: await self._follower.position(at) for at in self._follower.assignment()}
                self._follower.assign([*held, *missing])
                for at, offset in held.items():
                    self._follower.seek(at, offset)
                for at in missing:
                    self._follower.seek(at, wanted[at])
            found = await self._follower.getmany(*wanted, timeout_ms=WAIT_MS, max_records=FETCH_RECORDS)
            moved = {at: int(await self._follower.position(at)) for at in wanted}
        return [(at.partition, position, found.get(at, ())) for at, position in moved.items() if position > wanted[at]]
