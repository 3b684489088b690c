"""The past of a conference out of the activity topic, into its log.

Owns: the order: how far the past goes is fixed first, then the log is learnt, then the past is read. May never: commit,
or write into another conference's log. Theory: what comes after the opening is the router's. It knows the log as it was
when it fetched a post, so a post that it did not route for want of the opening lies before the end that is fixed here.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.codec import Codec, Record, encode
from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.kafka.linking import KafkaRefusedError
from services.kafka.partitioning import partition_of
from services.kafka.reading import Span, partitions_of, reader, records, spans
from services.kafka.writing import Message, Writer, writer
from streams.backfill import Backfill

Advance = Callable[[int, int], None]


@dataclass(slots=True)
class Filled:
    """What was read of the past, how much of it went into the log, and what could not be read."""

    read: int = 0
    copied: int = 0
    unreadable: int = 0


async def backfill(
    address: str, conference: str, *, prefix: str = "", dry_run: bool = False, advance: Advance = lambda done, of: None
) -> Filled:
    """Brings the past into an open conference's log; a second time it finds nothing that is missing.

    ``advance(read, of)`` hears of the reading. KafkaAwayError, KafkaRefusedError.
    """
    filled, past = Filled(), Backfill(conference)
    there = await partitions_of(address, [prefix + ACTIVITY, prefix + CONFERENCE_LOG])
    if len(there) < 2:
        raise KafkaRefusedError("There are no such topics. `hallway topics create` makes them.")
    log = there[prefix + CONFERENCE_LOG]
    own = log[partition_of(conference.encode(), len(log))]
    async with reader(address) as consumer, writer(address) as into:
        whole = await spans(consumer, there[prefix + ACTIVITY])
        await _learn(consumer, own, past)
        if not past.is_open:
            raise KafkaRefusedError(f"{conference} is not open: its log has no opening, or it was closed.")
        await _fill(records(consumer, whole), past, filled, None if dry_run else into, own, advance, whole)
    return filled


async def _learn(consumer: AIOKafkaConsumer, own: TopicPartition, past: Backfill) -> None:
    codec, key = Codec(), past.conference.encode()
    async for batch in records(consumer, await spans(consumer, [own])):
        for record in batch:
            found = codec.decode(record.value) if record.key == key and record.value is not None else None
            if isinstance(found, Record):
                past.learn(found.event)


async def _fill(
    batches: AsyncIterator[list[ConsumerRecord]],
    past: Backfill,
    filled: Filled,
    into: Writer | None,
    own: TopicPartition,
    advance: Advance,
    whole: dict[TopicPartition, Span],
) -> None:
    codec, total = Codec(), sum(span.end - span.first for span in whole.values())
    async for batch in batches:
        copies = []
        for record in batch:
            found = codec.decode(record.value) if record.value is not None else None
            if not isinstance(found, Record):
                filled.unreadable += 1  # the router has put it to the dead letters
                continue
            copies += past.copies(found.event)
        if copies and into is not None:
            key = past.conference.encode()
            kinds = [str(copy.__struct_config__.tag) for copy in copies]
            messages = [Message(key, encode(copy), kind) for copy, kind in zip(copies, kinds, strict=True)]
            await into.append(own.topic, messages)
        filled.read += len(batch)
        filled.copied += len(copies)
        advance(filled.read, total)
