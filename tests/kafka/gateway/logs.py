"""What is in a topic now."""

import asyncio
import json
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord


async def _records(servers: str, topic: str) -> list[ConsumerRecord]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = list(consumer.assignment())
        ends = await consumer.end_offsets(parts)
        found: list[ConsumerRecord] = []
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


def records(servers: str, topic: str) -> list[ConsumerRecord]:
    """All records, each partition's in order."""
    return asyncio.run(_records(servers, topic))


def events(servers: str, topic: str) -> list[tuple[dict[str, Any], ConsumerRecord]]:
    """All events and the records that bring them."""
    return [(json.loads(record.value), record) for record in records(servers, topic)]
