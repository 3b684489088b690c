"""Readers end when they are told to, whatever they were doing."""

import asyncio
import time

from aiokafka import TopicPartition

from schemas.topics import CONFERENCE_LOG
from services.kafka.linking import STOP_S
from services.kafka.reading import extents, reader, records, spans
from services.kafka.writing import Message, writer


def test_a_reader_ends_at_once_after_another_assignment(kafka_address: str, made_topics: str) -> None:
    parts = [TopicPartition(made_topics + CONFERENCE_LOG, number) for number in range(3)]

    async def assigned_and_left(pause_s: float) -> float:
        async with reader(kafka_address) as consumer:
            for part in parts:
                consumer.assign([part])
                consumer.seek(part, 0)
                await asyncio.sleep(pause_s)
            consumer.assign([])
            began = time.monotonic()
        return time.monotonic() - began

    assert max(asyncio.run(assigned_and_left(pause_s)) for pause_s in (0, 0.01, 0.05)) < STOP_S / 2


def test_exactly_the_span_is_read(kafka_address: str, made_topics: str) -> None:
    topic = made_topics + CONFERENCE_LOG

    async def read() -> list[tuple[int, bytes]]:
        async with writer(kafka_address) as into:
            await into.append(topic, [Message(b"", b"%d" % number, "x", 1) for number in range(20)])
        assert await extents(kafka_address, [topic, "missing"]) == {topic: {0: 0, 1: 20, 2: 0}}
        async with reader(kafka_address) as consumer:
            whole = await spans(consumer, [TopicPartition(topic, number) for number in range(3)])
            part = {one: span._replace(first=min(5, span.end), end=min(8, span.end)) for one, span in whole.items()}
            return [(one.offset, one.value) async for batch in records(consumer, part) for one in batch]

    assert asyncio.run(read()) == [(5, b"5"), (6, b"6"), (7, b"7")]
