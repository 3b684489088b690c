"""The newest records of a stream, and those that follow, filtered.

Owns: which records are meant. May never: hold more than it was asked for, or commit.
Theory: without a beginning it is the newest ones, of all partitions by their time; so many at most are looked at of
each partition that a filter which nothing passes ends. From a beginning on it is partition by partition.
"""

from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from aiokafka import ConsumerRecord

from schemas.topics import TYPE_HEADER
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.topic_reader import Span, TopicReader, of_conference

LOOK_BACK = 10_000  # of each partition, for a filter
_NAMES = ("id", "match", "attendee", "actor", "deleted", "caused_by")  # where an id may stand


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a record must have; None: anything. ``kind``: its type, or the first words of it."""

    kind: str | None = None
    conference: str | None = None
    hashtag: str | None = None
    place: str | None = None
    identity: str | None = None

    def is_empty(self) -> bool:
        """Whether everything passes."""
        return self == Filter()

    def passes(self, record: ConsumerRecord) -> bool:
        """Whether the record is wanted. What cannot be read passes an empty filter only."""
        if record.value is None:
            return False
        if self.is_empty():
            return True
        said = dict(record.headers).get(TYPE_HEADER)
        if said is not None and self.kind is not None and not _is_kind(said.decode("utf-8", "replace"), self.kind):
            return False
        try:
            event = msgspec.json.decode(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return isinstance(event, dict) and self._fits(event)

    def _fits(self, event: dict[str, Any]) -> bool:
        places = event.get("places")
        at = [event.get("place"), *(places.values() if isinstance(places, dict) else ())]
        tags = event.get("hashtags")
        return (
            (self.kind is None or _is_kind(str(event.get("type", "dead.letter")), self.kind))
            and (self.conference is None or event.get("conference") == self.conference)
            and (self.hashtag is None or (isinstance(tags, list) and self.hashtag in tags))
            and (self.place is None or self.place in at)
            and (self.identity is None or self.identity in [event.get(name) for name in _NAMES])
        )


class Tail(msgspec.Struct, frozen=True, kw_only=True):
    """What of a topic is wanted. ``offset`` (of the conference's partition) or ``time_ms``: from there on."""

    access: Access
    topic: str
    last: int
    wanted: Filter = Filter()
    offset: int | None = None
    time_ms: int | None = None
    follow: bool = False
    by_conference: bool = False  # whether the topic's key is the conference


async def tail(asked: Tail) -> AsyncGenerator[list[ConsumerRecord]]:
    """The records in parts; with ``follow`` without end. UnavailableError, KafkaRefusedError."""
    async with TopicReader(asked.access) as reader:
        whole = _wanted_of(await reader.spans(asked.topic), asked)
        if asked.offset is None and asked.time_ms is None:
            yield await _newest(reader, whole, asked)
        else:
            for number, span in whole.items():
                begin = await _begin(reader, number, span, asked)
                async for batch in reader.read(asked.topic, number, begin, span.end):
                    yield [record for record in batch if asked.wanted.passes(record)]
        if asked.follow:
            async for batch in _following(reader, asked.topic, {number: span.end for number, span in whole.items()}):
                yield [record for record in batch if asked.wanted.passes(record)]


def _wanted_of(found: dict[int, Span], asked: Tail) -> dict[int, Span]:
    if not found:
        raise KafkaRefusedError(f"{asked.access.address} has no topic {asked.topic}. `hallway topics create` makes it.")
    conference = asked.wanted.conference
    if conference is not None and asked.by_conference:
        return of_conference(found, conference)
    if asked.offset is not None and len(found) > 1:
        raise KafkaRefusedError("An offset counts within one partition. Name the conference too, or a time.")
    return found


async def _newest(reader: TopicReader, whole: dict[int, Span], asked: Tail) -> list[ConsumerRecord]:
    back = asked.last if asked.wanted.is_empty() else max(asked.last, LOOK_BACK)
    found: list[ConsumerRecord] = []
    for number, span in whole.items():
        newest: deque[ConsumerRecord] = deque(maxlen=asked.last)
        async for batch in reader.read(asked.topic, number, max(span.first, span.end - back), span.end):
            newest.extend(record for record in batch if asked.wanted.passes(record))
        found = sorted([*found, *newest], key=lambda one: (one.timestamp, one.partition, one.offset))[-asked.last :]
    return found if asked.last else []


async def _begin(reader: TopicReader, number: int, span: Span, asked: Tail) -> int:
    if asked.time_ms is not None:
        return (await reader.since(asked.topic, number, span, asked.time_ms)).first
    return max(span.first, asked.offset or 0)


async def _following(
    reader: TopicReader, topic: str, positions: dict[int, int]
) -> AsyncGenerator[list[ConsumerRecord]]:
    while True:
        found = await reader.fetch(topic, positions)
        positions |= {number: position for number, position, _ in found}
        yield sorted((one for _, _, batch in found for one in batch), key=lambda one: (one.timestamp, one.offset))


def _is_kind(said: str, wanted: str) -> bool:
    return said == wanted or said.startswith(f"{wanted}.")
