"""Writes messages to topics in batches.

Invariants: a write returns only once the broker has acknowledged it.
Why: the messages of a call go out as batches of up to 900 KB, each atomic and in order within a partition, with one
wait for all. After an error it is unknown which were written: a worker stops and reads the topic; a person repeats the
command, which is harmless because the fold recognises duplicates by their ids.
"""

from collections.abc import Sequence
from typing import Any, Self

from services.kafka.access import Access
from services.kafka.client_shutdown import discard_producer
from services.kafka.clients import KafkaRefusedError, bounded_request, make_producer, start_client
from services.kafka.partitioner import partition_of
from streams.workers.ports import Message

WRITTEN_S = 30.0  # per call: a restarting broker is back by then


class TopicWriter:
    """The port Producer; an async context manager. UnavailableError: the broker is unreachable."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._producer: Any = None
        self._partitions: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self._producer = make_producer(self._access)
        try:
            await start_client(self._access, self._producer)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await discard_producer(self._producer)

    async def produce(self, topic: str, messages: Sequence[Message]) -> int:
        """As in the port. KafkaRefusedError: a message is too large."""
        async with bounded_request(self._access, WRITTEN_S, f"{topic} was not written"):
            if topic not in self._partitions:
                self._partitions[topic] = len(await self._producer.partitions_for(topic))
            batches = self._batches(messages, self._partitions[topic])
            sent = [await self._send(topic, number, batch) for number, batch in batches]
            return max([(await future).offset + count for future, count in sent], default=0)

    async def _send(self, topic: str, partition: int, batch: Any) -> tuple[Any, int]:
        batch.close()
        return await self._producer.send_batch(batch, topic, partition=partition), batch.record_count()

    def _batches(self, messages: Sequence[Message], partitions: int) -> list[tuple[int, Any]]:
        batches: list[tuple[int, Any]] = []
        newest: dict[int, Any] = {}
        for message in messages:
            number = message.partition
            if number is None:
                number = partition_of(message.key, partitions)
            batch = newest.get(number)
            if batch is None or not _try_add(batch, message):
                batch = newest[number] = self._producer.create_batch()
                batches.append((number, batch))
                if not _try_add(batch, message):
                    raise KafkaRefusedError(f"A record of {len(message.value or b''):,} bytes is too large for Kafka.")
        return batches


def _try_add(batch: Any, message: Message) -> bool:
    added = batch.append(timestamp=None, key=message.key, value=message.value, headers=list(message.headers))
    return added is not None
