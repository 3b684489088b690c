"""The newest records of a topic, and those that follow, filtered.

Invariants: it holds no more records than requested, and never commits.
Why: without a start it returns the newest records of all partitions by time. A filter scans at most LOOK_BACK records
of each partition, so one that matches nothing still ends. With a start it reads partition by partition.
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

LOOK_BACK = 10_000  # records per partition that a filter scans
_NAMES = ("id", "match", "attendee", "actor", "deleted", "caused_by")  # the fields that may hold an id


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a record must match; None: anything. ``kind``: its type, or the first words of it."""

    kind: str | None = None
    conference: str | None = None
    hashtag: str | None = None
    place: str | None = None
    identity: str | None = None

    def is_empty(self) -> bool:
        """Whether every record passes."""
        return self == Filter()

    def passes(self, record: ConsumerRecord) -> bool:
        """Whether the record matches. An unreadable record only passes an empty filter."""
        if record.value is None:
            return False
        if self.is_empty():
            return True
        kind = dict(record.headers).get(TYPE_HEADER)
        if kind is not None and self.kind is not None and not _is_kind(kind.decode("utf-8", "replace"), self.kind):
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


class TailQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which records of a topic to show. ``offset`` (in the conference's partition) or ``time_ms``: the start."""

    access: Access
    topic: str
    last: int
    wanted: Filter = Filter()
    offset: int | None = None
    time_ms: int | None = None
    follow: bool = False
    by_conference: bool = False  # whether the topic's key is the conference


async def tail(query: TailQuery) -> AsyncGenerator[list[ConsumerRecord]]:
    """Yields batches of records; with ``follow`` it never ends. UnavailableError, KafkaRefusedError."""
    async with TopicReader(query.access) as reader:
        whole = _select_spans(await reader.spans(query.topic), query)
        if query.offset is None and query.time_ms is None:
            yield await _read_newest(reader, whole, query)
        else:
            for number, span in whole.items():
                begin = await _start_of(reader, number, span, query)
                async for batch in reader.read(query.topic, number, begin, span.end):
                    yield [record for record in batch if query.wanted.passes(record)]
        if query.follow:
            async for batch in _follow(reader, query.topic, {number: span.end for number, span in whole.items()}):
                yield [record for record in batch if query.wanted.passes(record)]


def _select_spans(found: dict[int, Span], query: TailQuery) -> dict[int, Span]:
    if not found:
        raise KafkaRefusedError(
            f"{query.access.address} has no topic {query.topic}. Create it with `hallway topics create`."
        )
    conference = query.wanted.conference
    if conference is not None and query.by_conference:
        return of_conference(found, conference)
    if query.offset is not None and len(found) > 1:
        raise KafkaRefusedError("An offset counts within one partition. Name the conference too, or a time.")
    return found


async def _read_newest(reader: TopicReader, whole: dict[int, Span], query: TailQuery) -> list[ConsumerRecord]:
    back = query.last if query.wanted.is_empty() else max(query.last, LOOK_BACK)
    found: list[ConsumerRecord] = []
    for number, span in whole.items():
        newest: deque[ConsumerRecord] = deque(maxlen=query.last)
        async for batch in reader.read(query.topic, number, max(span.first, span.end - back), span.end):
            newest.extend(record for record in batch if query.wanted.passes(record))
        found = sorted([*found, *newest], key=lambda one: (one.timestamp, one.partition, one.offset))[-query.last :]
    return found if query.last else []


async def _start_of(reader: TopicReader, number: int, span: Span, query: TailQuery) -> int:
    if query.time_ms is not None:
        return (await reader.since(query.topic, number, span, query.time_ms)).first
    return max(span.first, query.offset or 0)


async def _follow(reader: TopicReader, topic: str, positions: dict[int, int]) -> AsyncGenerator[list[ConsumerRecord]]:
    while True:
        found = await reader.fetch(topic, positions)
        positions |= {number: position for number, position, _ in found}
        yield sorted((one for _, _, batch in found for one in batch), key=lambda one: (one.timestamp, one.offset))


def _is_kind(kind: str, wanted: str) -> bool:
    return kind == wanted or kind.startswith(f"{wanted}.")
