"""Reads the logs in a topic as lines for a replay.

Responsibility: a record's ``recorded_at``: its own, or the broker's time.
Invariants: no other field changes, and no line of an erased conference is returned.
Why: partitions are read one after the other, so the same topic gives the same lines every time. A conference is in one
partition, in order. Its erasure is recorded behind its records, so each partition is scanned for erasures first.
"""

from collections.abc import AsyncIterator, Set

import msgspec
from aiokafka import ConsumerRecord

from schemas.times import format_time, millis
from schemas.topics import CONFERENCE_LOG
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.topic_reader import Span, TopicReader, of_conference
from services.kafka.topic_urls import TopicUrl
from streams.workers.conference_tombstone import erased_conference

NO_KEYS: frozenset[bytes] = frozenset()
_BY_THE_BROKER = 1  # a record's timestamp_type where the topic's is LogAppendTime
_MARK = b'"recorded_at"'


async def read_lines(access: Access, place: TopicUrl) -> AsyncIterator[list[bytes]]:
    """Yields the records from the URL's start to the current end, in batches of lines without newlines.

    UnavailableError; KafkaRefusedError: the topic does not exist.
    """
    async with TopicReader(access) as reader:
        for number, whole in _select_spans(access, await reader.spans(place.topic), place).items():
            span = whole
            if place.offset is not None:
                span = Span(max(place.offset, span.first), span.end)
            elif place.time_ms is not None:
                span = await reader.since(place.topic, number, span, place.time_ms)
            gone = (
                await _find_erased_keys(reader, place.topic, number, whole)
                if place.topic.endswith(CONFERENCE_LOG)
                else NO_KEYS
            )
            async for batch in reader.read(place.topic, number, *span):
                found = [_select_line(record, place) for record in batch if record.key not in gone]
                yield [line for line in found if line is not None]


async def _find_erased_keys(reader: TopicReader, topic: str, number: int, whole: Span) -> Set[bytes]:
    """The keys of the erased conferences."""
    return {
        record.key
        async for batch in reader.read(topic, number, *whole)
        for record in batch
        if record.value is None and record.key is not None and erased_conference(record) is not None
    }


def _select_spans(access: Access, found: dict[int, Span], place: TopicUrl) -> dict[int, Span]:
    if not found:
        raise KafkaRefusedError(
            f"{access.address} has no topic {place.topic}. `hallway topics show` lists Hallway's topics."
        )
    return found if place.conference is None else of_conference(found, place.conference)


def _select_line(record: ConsumerRecord, place: TopicUrl) -> bytes | None:
    if record.value is None or (place.conference is not None and record.key != place.conference.encode()):
        return None
    line = to_line(record)
    # An imported log has its own times, earlier than the broker's.
    if place.time_ms is not None and _MARK in line and not _is_since(line, place.time_ms):
        return None
    return line


def to_line(record: ConsumerRecord) -> bytes:
    """The record's event as one line, with ``recorded_at`` if the broker sets the time."""
    line: bytes = record.value.replace(b"\n", b" ")  # only between tokens, in JSON
    if record.timestamp_type != _BY_THE_BROKER:
        return line
    text = format_time(record.timestamp)
    if _MARK not in line and line.endswith(b"}") and len(line) > len(b"{}"):
        return b'%b,"recorded_at":"%b"}' % (line[:-1], text.encode())
    return _with_time(line, text)


def _with_time(line: bytes, text: str) -> bytes:
    """The slow path: the line has the field, or its name inside a text."""
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line  # the fold reports what is wrong
    if not isinstance(event, dict) or event.get("recorded_at") is not None:
        return line
    return msgspec.json.encode({**event, "recorded_at": text})


class _Recorded(msgspec.Struct):
    recorded_at: str | None = None


def _is_since(line: bytes, time_ms: int) -> bool:
    try:
        recorded = msgspec.json.decode(line, type=_Recorded).recorded_at
        return recorded is None or millis(recorded) >= time_ms
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
        return True  # the fold reports what cannot be read
