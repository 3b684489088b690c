"""The past of a conference out of the activity topic, into its log.

Owns: the order: how far the past goes is fixed first, then the log is learnt, then the past is read. May never: commit,
or write into another conference's log. Theory: what comes after the opening is the router's. It knows the log as it was
when it fetched a post, so a post that it did not route for want of the opening lies before the end that is fixed here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.codec import Codec, Record, encode, kind_of
from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.partitioner import partition_of
from services.kafka.topic_reader import Span, TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.backfill import Backfill
from streams.workers.ports import Message, typed_message

Advance = Callable[[int, int], None]


@dataclass(slots=True)
class Filled:
    """What was read of the past, how much of it went into the log, and what could not be read."""

    read: int = 0
    copied: int = 0
    unreadable: int = 0


async def backfill(
    access: Access,
    conference: str,
    *,
    prefix: str = "",
    dry_run: bool = False,
    advance: Advance = lambda done, of: None,
) -> Filled:
    """Brings the past into an open conference's log; a second time it finds nothing that is missing.

    ``advance(read, of)`` hears of the reading. UnavailableError, KafkaRefusedError.
    """
    filled, past, codec, log = Filled(), Backfill(conference), Codec(), prefix + CONFERENCE_LOG
    async with TopicReader(access) as reader, TopicWriter(access) as writer:
        whole, logs = await reader.spans(prefix + ACTIVITY), await reader.spans(log)
        if not whole or not logs:
            raise KafkaRefusedError("There are no such topics. `hallway topics create` makes them.")
        own = partition_of(conference.encode(), len(logs))
        await _learn(reader, log, own, logs[own], past)
        if not past.is_open:
            raise KafkaRefusedError(f"{conference} is not open: its log has no opening, or it was closed.")
        total = sum(span.end - span.first for span in whole.values())
        for number, span in whole.items():
            async for batch in reader.read(prefix + ACTIVITY, number, *span):
                copies = _copies([record.value for record in batch], codec, past, filled)
                if copies and not dry_run:
                    await writer.produce(log, copies)
                filled.copied += len(copies)
                advance(filled.read, total)
    return filled


async def _learn(reader: TopicReader, log: str, own: int, span: Span, past: Backfill) -> None:
    codec, key = Codec(), past.conference.encode()
    async for batch in reader.read(log, own, *span):
        for record in batch:
            found = codec.decode(record.value) if record.key == key and record.value is not None else None
            if isinstance(found, Record):
                past.learn(found.event)


def _copies(values: Sequence[bytes | None], codec: Codec, past: Backfill, filled: Filled) -> list[Message]:
    found = codec.decode_each([value or b"" for value in values])  # no value is no event
    events = [record.event for record in found if isinstance(record, Record)]
    filled.unreadable += len(values) - len(events)  # the router has put it to the dead letters
    filled.read += len(values)
    copies = past.copy(events)
    return [typed_message(past.conference, encode(copy), kind_of(copy)) for copy in copies]
