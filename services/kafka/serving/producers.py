"""Producers that never write later than they are waited for.

Owns: making one, and throwing one away. May never: send.
Theory: an idempotent aiokafka producer tries a batch again without end, also long after whoever asked was told that it
failed; and ``stop`` waits for that. So a producer in doubt is thrown away with what it holds, and a new one is made:
what the broker has, it has, and nothing more comes. That also answers OutOfOrderSequenceNumber, after which a producer
is of no use. What is private in aiokafka 0.14 is used here alone; ``tests/kafka/test_producers.py`` says when it moved.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.kafka.serving.limits import Limits

_CANCELS = 50  # each ends one request under way


async def connected(servers: str, topics: Sequence[str], limits: Limits) -> tuple[AIOKafkaProducer, dict[str, int]]:
    """An idempotent producer that is ready, and the number of partitions of each topic. KafkaError, TimeoutError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        max_batch_size=limits.batch_bytes,
        request_timeout_ms=round(limits.request_s * 1_000),
        metadata_max_age_ms=60_000,
    )
    try:
        async with asyncio.timeout(limits.connect_s):
            await producer.start()
            return producer, {topic: len(await producer.partitions_for(topic)) for topic in topics}
    except BaseException:
        await thrown_away(producer, limits.close_s)
        raise


async def thrown_away(producer: AIOKafkaProducer, limit_s: float) -> None:
    """Ends a producer; what it has not sent is not sent."""
    sender = producer._sender.sender_task
    _drop(producer)
    for _ in range(_CANCELS):
        if sender is None or sender.done():
            break
        sender.cancel()  # it waits for each of its requests; cancelled again, it cancels the one it waits for
        await asyncio.wait({sender}, timeout=limit_s / _CANCELS)
    await bounded(producer.stop(), limit_s)


def _drop(producer: AIOKafkaProducer) -> None:
    """Fails all that is not sent yet; whoever waited for it is told elsewhere."""
    held = producer._message_accumulator
    batches = [*held._pending_batches, *(batch for waiting in held._batches.values() for batch in waiting)]
    held.fail_all(KafkaError("thrown away"))
    for batch in batches:
        for future in (batch.future, batch._drain_waiter):
            if future.done() and not future.cancelled():
                future.exception()  # seen, or asyncio reports it


async def bounded(ending: Coroutine[Any, Any, None], limit_s: float) -> None:
    """Waits for an end, but not for ever; what is wrong with it is nobody's matter any more."""
    task = asyncio.create_task(ending)
    await asyncio.wait({task}, timeout=limit_s)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=limit_s)
    if task.done() and not task.cancelled():
        task.exception()
