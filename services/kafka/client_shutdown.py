"""Closes Kafka clients in bounded time, whatever they wait for.

Responsibility: the private parts of aiokafka 0.14 that this needs, used only here;
``tests/kafka/gateway/test_producers.py`` and ``tests/kafka/test_reading.py`` fail when they move.
Why: an idempotent producer retries a batch without end, even after its caller was told that it failed, and ``stop``
waits for that. So a producer in doubt is discarded with everything unsent: what the broker has, it has, and nothing
more arrives. That also handles OutOfOrderSequenceNumber, after which a producer is useless. A consumer loses the
cancellation of its fetch task if it comes just after a new assignment (the task waits for old requests and takes the
cancellation
for theirs); then ``stop`` waits without end. So both are cancelled again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

STOP_S = 3.0
_STEPS = 30


async def stop_consumer(consumer: AIOKafkaConsumer, limit_s: float = STOP_S) -> None:
    """Stops a consumer, started or not."""

    def cancel_fetch() -> None:
        if consumer._fetcher is not None:
            consumer._fetcher._fetch_task.cancel()

    await close_bounded(consumer.stop(), limit_s, cancel_fetch)


async def discard_producer(producer: AIOKafkaProducer, limit_s: float = STOP_S) -> None:
    """Stops a producer, started or not, without sending what it holds."""
    sender = producer._sender.sender_task
    _drop(producer)
    for _ in range(_STEPS):
        if sender is None or sender.done():
            break
        sender.cancel()  # the first cancel only reaches its loop; the next ones reach the request that it awaits
        await asyncio.wait({sender}, timeout=limit_s / _STEPS)
    await close_bounded(producer.stop(), limit_s)


def _drop(producer: AIOKafkaProducer) -> None:
    """Fails everything unsent; callers learn of it elsewhere."""
    held = producer._message_accumulator
    batches = [*held._pending_batches, *(batch for waiting in held._batches.values() for batch in waiting)]
    held.fail_all(KafkaError("discarded"))
    for batch in batches:
        for future in (batch.future, batch._drain_waiter):
            if future.done() and not future.cancelled():
                future.exception()  # retrieved, or asyncio logs it


async def close_bounded(
    closing: Coroutine[Any, Any, None], limit_s: float, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Waits for a client's close, at most about ``limit_s``, and ignores its errors."""
    task = asyncio.create_task(closing)
    for _ in range(_STEPS):
        await asyncio.wait({task}, timeout=limit_s / _STEPS)
        if task.done():
            break
        meanwhile()
    else:
        task.cancel()
        await asyncio.wait({task}, timeout=limit_s)
    if task.done() and not task.cancelled():
        task.exception()
