"""How clients end: within a bound, whatever they wait for.

Owns: what is private in aiokafka 0.14 for that, used here alone; ``tests/kafka/gateway/test_producers.py`` and
``tests/kafka/test_reading.py`` say when it moved. May never: send, or wait without end.
Theory: an idempotent producer tries a batch again without end, also long after whoever asked was told that it failed;
and ``stop`` waits for that. So one in doubt is thrown away with what it holds: what the broker has, it has, and nothing
more comes. That also answers OutOfOrderSequenceNumber, after which a producer is of no use. A consumer loses the
cancellation of its fetching where it comes just after another assignment (the routine waits for old requests, and takes
our cancellation for theirs); then ``stop`` waits without end. So both are cancelled again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

STOP_S = 3.0
_STEPS = 30


async def stopped(consumer: AIOKafkaConsumer, limit_s: float = STOP_S) -> None:
    """Ends a consumer, also one that was never started."""

    def again() -> None:
        if consumer._fetcher is not None:
            consumer._fetcher._fetch_task.cancel()

    await bounded(consumer.stop(), limit_s, again)


async def thrown_away(producer: AIOKafkaProducer, limit_s: float = STOP_S) -> None:
    """Ends a producer, also one that was never started; what it has not sent is not sent."""
    sender = producer._sender.sender_task
    _drop(producer)
    for _ in range(_STEPS):
        if sender is None or sender.done():
            break
        sender.cancel()  # it waits for each of its requests; cancelled again, it cancels the one it waits for
        await asyncio.wait({sender}, timeout=limit_s / _STEPS)
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


async def bounded(
    ending: Coroutine[Any, Any, None], limit_s: float, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Waits for an end, but not for ever; what is wrong with it is nobody's matter any more."""
    task = asyncio.create_task(ending)
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
