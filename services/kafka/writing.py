"""Writes to topics what commands write: in order, each batch acknowledged by all copies before the next.

Owns: one idempotent producer. May never: say that something is written before the broker did.
Theory: records of a partition go in order, in batches that are written whole or not at all. A failure in the middle
leaves the first part written; the same once more changes nothing, for the fold knows doubles by their ids.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as ClientError

from schemas.topics import MESSAGE_BYTES, TYPE_HEADER
from services.kafka.linking import REQUEST_MS, START_S, KafkaRefusedError, away
from services.kafka.partitioning import partition_of

WRITE_S = 60.0
_BATCH_BYTES = MESSAGE_BYTES - 65_536  # what a batch has around its records


class Message(NamedTuple):
    """A record to write; ``kind`` becomes the header ``type``. ``partition`` None: by the key."""

    key: bytes
    value: bytes | None
    kind: str
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True)
class Writer:
    """Made by ``writer``."""

    address: str
    _producer: AIOKafkaProducer
    _partitions: dict[str, int] = field(default_factory=dict)

    async def append(self, topic: str, messages: Sequence[Message]) -> None:
        """Done when all are written. KafkaAwayError: some of them may be."""
        try:
            async with asyncio.timeout(WRITE_S):
                number = await self._number(topic)
                by_partition: dict[int, list[Message]] = defaultdict(list)
                for message in messages:
                    own = partition_of(message.key, number) if message.partition is None else message.partition
                    by_partition[own].append(message)
                sent = [one for own, part in by_partition.items() for one in await self._send(topic, own, part)]
                await asyncio.gather(*sent)
        except (ClientError, OSError, TimeoutError) as error:
            raise away(self.address, error) from None

    async def _number(self, topic: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
        return self._partitions[topic]

    async def _send(self, topic: str, partition: int, messages: list[Message]) -> list["asyncio.Future[object]"]:
        sent, batch = [], self._producer.create_batch()
        for message in messages:
            if not _put(batch, message):
                sent.append(await self._producer.send_batch(batch, topic, partition=partition))
                batch = self._producer.create_batch()
                if not _put(batch, message):
                    raise KafkaRefusedError(f"A record of {len(message.value or b''):,} bytes is too large for Kafka.")
        sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        return sent


@asynccontextmanager
async def writer(address: str) -> AsyncIterator[Writer]:
    """A writer. KafkaAwayError where the broker is away."""
    producer = AIOKafkaProducer(
        bootstrap_servers=address,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        max_batch_size=_BATCH_BYTES,
        request_timeout_ms=REQUEST_MS,
    )
    try:
        try:
            async with asyncio.timeout(START_S):
                await producer.start()
        except (ClientError, OSError, TimeoutError) as error:
            raise away(address, error) from None
        yield Writer(address, producer)
    finally:
        with suppress(TimeoutError):  # what was not acknowledged was said already
            await asyncio.wait_for(producer.stop(), START_S)


def _put(batch: object, message: Message) -> bool:
    headers = [(TYPE_HEADER, message.kind.encode()), *message.headers]
    added = batch.append(timestamp=None, key=message.key, value=message.value, headers=headers)  # type: ignore[attr-defined]
    return added is not None
