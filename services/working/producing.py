"""Writing to topics in whole batches.

Owns: the producer's settings: idempotent, acknowledged by all in-sync replicas. May never: say that something is
written before the broker said so.
Theory: the messages of a call go out as batches of up to 900 KB, each whole or not at all, in order within a
partition; one wait for all. After an error nobody knows which are there, so whoever called ends and reads the topic.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.kafka.partitioning import partition_of
from streams.workers.ports import AwayError, Message

BATCH_BYTES = 900_000  # below the bound of a topic (max.message.bytes), with room for the head
REQUEST_MS = 20_000
WRITTEN_S = 30.0  # for one call: a broker that restarts is back by then
START_S = 30.0
STOP_S = 3.0


class BatchProducer:
    """The port Producer; an async context manager. ``partitions``: how many a topic has, for messages without one."""

    def __init__(self, address: str, partitions: int) -> None:
        self._address, self._partitions = address, partitions
        self._producer: Any = None

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._address,
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_MS,
            metadata_max_age_ms=60_000,
        )
        try:
            async with asyncio.timeout(START_S):
                await self._producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await self.__aexit__()
            raise AwayError(f"No Kafka answers at {self._address}.") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await within(STOP_S, self._producer.stop)

    async def produce(self, topic: str, messages: Sequence[Message]) -> int:
        """As in the port."""
        try:
            async with asyncio.timeout(WRITTEN_S):
                sent = [await self._send(topic, number, batch) for number, batch in self._batches(messages)]
                ends = [(await future).offset + count for future, count in sent]
                return max(ends, default=0)
        except (KafkaError, OSError, TimeoutError) as error:
            raise AwayError(f"{topic} was not written: {type(error).__name__} {error}".rstrip()) from error

    async def _send(self, topic: str, partition: int, batch: Any) -> tuple[Any, int]:
        batch.close()
        return await self._producer.send_batch(batch, topic, partition=partition), batch.record_count()

    def _batches(self, messages: Sequence[Message]) -> list[tuple[int, Any]]:
        batches: list[tuple[int, Any]] = []
        newest: dict[int, Any] = {}
        for message in messages:
            number = message.partition
            if number is None:
                number = partition_of(message.key, self._partitions)
            batch = newest.get(number)
            if batch is None or not _added(batch, message):
                batch = newest[number] = self._producer.create_batch()
                batches.append((number, batch))
                assert _added(batch, message), "an empty batch takes any message"
        return batches


def _added(batch: Any, message: Message) -> bool:
    added = batch.append(timestamp=None, key=message.key, value=message.value, headers=list(message.headers))
    return added is not None


async def within(seconds: float, close: Callable[[], Any]) -> None:
    """Closes a client; one that does not end in time is left to the end of the process."""
    try:
        async with asyncio.timeout(seconds):
            await close()
    except (KafkaError, OSError, TimeoutError):
        return
