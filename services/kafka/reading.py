"""Topics read without a group: their extents, a range of their records, where a time begins.

Owns: readers that commit nothing. May never: wait for what is not there: what is read has its end fixed when it begins.
Theory: the end is compared with a reader's position, not with the last record's offset: a compaction leaves gaps.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError as ClientError

from services.kafka.linking import REQUEST_MS, START_S, administrated, away, stopped

STANDSTILL_S = 60.0
_BATCH_RECORDS = 5_000
_WAIT_MS = 1_000


class Span(NamedTuple):
    """The offsets [first, end) of a partition."""

    first: int
    end: int


@asynccontextmanager
async def reader(address: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group. KafkaAwayError where the broker is away, also later."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address,
        enable_auto_commit=False,
        auto_offset_reset="none",
        request_timeout_ms=REQUEST_MS,
        fetch_max_wait_ms=100,
    )
    try:
        async with asyncio.timeout(START_S):
            await consumer.start()
        yield consumer
    except (ClientError, OSError, TimeoutError) as error:
        raise away(address, error) from None
    finally:
        await stopped(consumer)


async def partitions_of(address: str, topics: Sequence[str]) -> dict[str, list[TopicPartition]]:
    """The partitions of each topic; a topic that is not there is left out. KafkaAwayError."""
    async with administrated(address) as admin, asyncio.timeout(START_S):
        described = await admin.describe_topics(list(topics))
    return {
        one["topic"]: [TopicPartition(one["topic"], number) for number in range(len(one["partitions"]))]
        for one in described
        if one["partitions"]
    }


async def spans(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, Span]:
    """What there is now of each partition."""
    async with asyncio.timeout(START_S):
        first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {one: Span(first[one], end[one]) for one in partitions}


async def since(
    consumer: AIOKafkaConsumer, whole: Mapping[TopicPartition, Span], time_ms: int
) -> dict[TopicPartition, Span]:
    """The part of each partition from the first record on that has this time or a later one."""
    async with asyncio.timeout(START_S):
        found = await consumer.offsets_for_times(dict.fromkeys(whole, time_ms))
    return {
        one: Span(max(span.first, at.offset) if (at := found.get(one)) else span.end, span.end)
        for one, span in whole.items()
    }


async def records(
    consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, Span]
) -> AsyncIterator[list[ConsumerRecord]]:
    """The records of these spans, in the order of each partition, in batches of one partition."""
    open_ones = {one: span for one, span in wanted.items() if span.first < span.end}
    if not open_ones:
        return
    consumer.assign(list(open_ones))
    for one, span in open_ones.items():
        consumer.seek(one, span.first)
    moved = asyncio.get_running_loop().time()
    while open_ones:
        found = await consumer.getmany(*open_ones, timeout_ms=_WAIT_MS, max_records=_BATCH_RECORDS)
        for one, batch in found.items():
            held = [record for record in batch if record.offset < open_ones[one].end]
            if held:
                yield held
        now = asyncio.get_running_loop().time()
        done = [one for one, span in open_ones.items() if await _position(consumer, one) >= span.end]
        moved = now if found or done else moved
        if now - moved > STANDSTILL_S:
            raise TimeoutError(f"no records for {STANDSTILL_S:g} s")
        for one in done:
            consumer.pause(one)
            del open_ones[one]


async def extents(address: str, topics: Sequence[str]) -> dict[str, dict[int, int]]:
    """How many offsets each partition of each topic holds; a topic that is not there is left out. KafkaAwayError."""
    there = await partitions_of(address, topics)
    async with reader(address) as consumer:
        found = {topic: await spans(consumer, partitions) for topic, partitions in there.items()}
    return {
        topic: {one.partition: span.end - span.first for one, span in parts.items()} for topic, parts in found.items()
    }


async def _position(consumer: AIOKafkaConsumer, one: TopicPartition) -> int:
    async with asyncio.timeout(START_S):
        return int(await consumer.position(one))
