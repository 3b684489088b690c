"""Readers give what they are asked for, and end when they are told to, whatever they were doing."""

import asyncio
import time

from aiokafka import TopicPartition

from schemas.topics import CONFERENCE_LOG
from services.kafka.access import Access
from services.kafka.client_shutdown import STOP_S, stop_consumer
from services.kafka.clients import make_consumer
from services.kafka.topic_reader import Span, TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.workers.ports import Message


def test_a_reader_ends_at_once_after_another_assignment(kafka_address: str, made_topics: str) -> None:
    parts = [TopicPartition(made_topics + CONFERENCE_LOG, number) for number in range(3)]

    async def assigned_and_left(pause_s: float) -> float:
        reader = make_consumer(Access(kafka_address))
        await reader.start()
        for part in parts:
            reader.assign([part])
            reader.seek(part, 0)
            await asyncio.sleep(pause_s)
        reader.assign([])
        began = time.monotonic()
        await stop_consumer(reader)
        assert reader._fetcher._fetch_task.done()
        return time.monotonic() - began

    assert max(asyncio.run(assigned_and_left(pause_s)) for pause_s in (0, 0.01, 0.05)) < STOP_S / 2


def test_exactly_the_span_is_read(kafka_address: str, made_topics: str) -> None:
    topic = made_topics + CONFERENCE_LOG

    async def read() -> list[tuple[int, bytes]]:
        async with TopicWriter(Access(kafka_address)) as writer, TopicReader(Access(kafka_address)) as reader:
            assert await reader.spans(made_topics + "missing") == {}
            end = await writer.produce(topic, [Message(b"", b"%d" % number, (), 1) for number in range(20)])
            assert await reader.spans(topic) == {0: Span(0, 0), 1: Span(0, end), 2: Span(0, 0)}
            async for _ in reader.read(topic, 1, 0, end):
                break  # whoever leaves early holds nothing up
            return [(one.offset, one.value) async for some in reader.read(topic, 1, 5, 8) for one in some]

    assert asyncio.run(read()) == [(5, b"5"), (6, b"6"), (7, b"7")]
