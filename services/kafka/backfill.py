"""Backfills a conference's log with earlier posts from the activity topic.

Responsibility: the order: it first fixes where the history ends, then reads the log, then the history.
Invariants: it writes only to that conference's log.
Why: posts after the opening are the router's. The router knows the log as of when it fetched a post, so a post that it
did not route because it had not seen the opening lies before the end that is fixed here.
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
class BackfillResult:
    """How many posts were read, copied into the log, and unreadable."""

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
) -> BackfillResult:
    """Copies earlier posts into an open conference's log. Idempotent: a second run copies nothing.

    ``advance(read, total)`` reports progress. UnavailableError, KafkaRefusedError.
    """
    result, history, codec, log = BackfillResult(), Backfill(conference), Codec(), prefix + CONFERENCE_LOG
    async with TopicReader(access) as reader, TopicWriter(access) as writer:
        whole, logs = await reader.spans(prefix + ACTIVITY), await reader.spans(log)
        if not whole or not logs:
            raise KafkaRefusedError("The topics do not exist. Create them with `hallway topics create`.")
        own = partition_of(conference.encode(), len(logs))
        await _learn(reader, log, own, logs[own], history)
        if not history.is_open:
            raise KafkaRefusedError(f"{conference} is not open: its log has no opening, or it was closed.")
        total = sum(span.end - span.first for span in whole.values())
        for number, span in whole.items():
            async for batch in reader.read(prefix + ACTIVITY, number, *span):
                copies = _copies([record.value for record in batch], codec, history, result)
                if copies and not dry_run:
                    await writer.produce(log, copies)
                result.copied += len(copies)
                advance(result.read, total)
    return result


async def _learn(reader: TopicReader, log: str, own: int, span: Span, history: Backfill) -> None:
    codec, key = Codec(), history.conference.encode()
    async for batch in reader.read(log, own, *span):
        for record in batch:
            found = codec.decode(record.value) if record.key == key and record.value is not None else None
            if isinstance(found, Record):
                history.learn(found.event)


def _copies(values: Sequence[bytes | None], codec: Codec, history: Backfill, result: BackfillResult) -> list[Message]:
    found = codec.decode_each([value or b"" for value in values])  # a record without a value is not an event
    events = [record.event for record in found if isinstance(record, Record)]
    result.unreadable += len(values) - len(events)  # the router has stored it as a dead letter
    result.read += len(values)
    copies = history.copy(events)
    return [typed_message(history.conference, encode(copy), kind_of(copy)) for copy in copies]
