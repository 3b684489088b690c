"""Logs in a topic, as the lines that a replay folds.

Owns: ``recorded_at`` of a record: its own, or the broker's time of it. May never: change another field, or give a
line of a conference that was erased.
Theory: one partition after the other, so that the same topic gives the same lines at each reading. A conference lies in
one partition, in its order. That it was erased is said behind its records, so a partition is looked through before.
"""

from collections.abc import AsyncIterator, Set

import msgspec
from aiokafka import ConsumerRecord

from schemas.times import millis, written
from schemas.topics import CONFERENCE_LOG
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.topic_reader import Span, TopicReader, of_conference
from services.kafka.topic_urls import Place
from streams.workers.conference_tombstone import erased_conference

NOBODY: frozenset[bytes] = frozenset()
_BY_THE_BROKER = 1  # a record's timestamp_type where the topic's is LogAppendTime
_MARK = b'"recorded_at"'


async def lines(access: Access, place: Place) -> AsyncIterator[list[bytes]]:
    """The records from the place's beginning to the end there is now, in parts; no newline at their ends.

    UnavailableError; KafkaRefusedError where there is no such topic.
    """
    async with TopicReader(access) as reader:
        for number, whole in _wanted_of(access, await reader.spans(place.topic), place).items():
            span = whole
            if place.offset is not None:
                span = Span(max(place.offset, span.first), span.end)
            elif place.time_ms is not None:
                span = await reader.since(place.topic, number, span, place.time_ms)
            gone = await _erased(reader, place.topic, number, whole) if place.topic.endswith(CONFERENCE_LOG) else NOBODY
            async for batch in reader.read(place.topic, number, *span):
                found = [_wanted(record, place) for record in batch if record.key not in gone]
                yield [line for line in found if line is not None]


async def _erased(reader: TopicReader, topic: str, number: int, whole: Span) -> Set[bytes]:
    """The keys of the conferences that are no more."""
    return {
        record.key
        async for batch in reader.read(topic, number, *whole)
        for record in batch
        if record.value is None and record.key is not None and erased_conference(record) is not None
    }


def _wanted_of(access: Access, found: dict[int, Span], place: Place) -> dict[int, Span]:
    if not found:
        raise KafkaRefusedError(
            f"{access.address} has no topic {place.topic}. `hallway topics show` names those of Hallway."
        )
    return found if place.conference is None else of_conference(found, place.conference)


def _wanted(record: ConsumerRecord, place: Place) -> bytes | None:
    if record.value is None or (place.conference is not None and record.key != place.conference.encode()):
        return None
    line = line_of(record)
    # A log that was imported has times of its own, earlier than the broker's.
    if place.time_ms is not None and _MARK in line and not _is_since(line, place.time_ms):
        return None
    return line


def line_of(record: ConsumerRecord) -> bytes:
    """The record's event as one line, ``recorded_at`` in it where the broker sets the time."""
    line: bytes = record.value.replace(b"\n", b" ")  # between two tokens, in JSON
    if record.timestamp_type != _BY_THE_BROKER:
        return line
    text = written(record.timestamp)
    if _MARK not in line and line.endswith(b"}") and len(line) > len(b"{}"):
        return b'%b,"recorded_at":"%b"}' % (line[:-1], text.encode())
    return _with_time(line, text)


def _with_time(line: bytes, text: str) -> bytes:
    """The careful way, where the field may be there, or only its name in a text."""
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line  # whoever folds it says what is wrong
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
        return True  # what cannot be read is told by whoever folds it
