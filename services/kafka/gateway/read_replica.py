"""The consumer of the read replica: it follows the log and the dead letters, and stores them with the next offsets.

Responsibility: one consumer at a time, without a group, and the replica's offsets.
Invariants: it never writes to Kafka, decides outputs for others, ticks or delivers. If nothing arrives, it checks that
the broker has nothing; a consumer that missed records is replaced.
Why: rows and next offsets are one transaction (``ReadReplica``), so a restart continues exactly where the replica ends.
The fold here decides what the workers decide: it is the same engine over the same records in the same order.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from schemas.codec import Codec, Record, Reject
from schemas.times import millis
from services.directory.port import DirectoryError
from services.journal import JournalFullError, ReadReplica, ReplicatedRow
from services.kafka.access import Access
from services.kafka.client_shutdown import stop_consumer
from services.kafka.clients import KafkaRefusedError, make_consumer
from services.kafka.cluster import cluster_id
from services.kafka.gateway.batches import TopicPosition
from services.kafka.gateway.dead_letter_sealing import SealingKeys, readable_line
from services.kafka.gateway.limits import Limits
from services.kafka.gateway.topics import Topics
from services.runtime.log_reader import LogRecord
from streams.runtime.errors import UnavailableError
from streams.runtime.retries import retry
from streams.workers.conference_tombstone import erased_conference

_STEP_S = 0.01
_log = structlog.get_logger("hallway.replica")


class ReplicatedEvent(NamedTuple):
    """An event that the replica has stored; ``offset``: in its partition."""

    conference: str
    record: LogRecord
    offset: int


OnReplicated = Callable[[Sequence[ReplicatedEvent]], None]
DropMatcher = Callable[[str], bool]


class ForeignLogError(Exception):
    """The topic is not the one that was replicated; the text is for a person."""


class SilentConsumerError(Exception):
    """The consumer does not deliver what the broker has."""


_RETRIED_ERRORS = (
    KafkaError,
    OSError,  # a time limit too
    UnavailableError,
    KafkaRefusedError,
    JournalFullError,
    DirectoryError,
    SilentConsumerError,
)


@dataclass(slots=True)
class ReplicaConsumer:
    """Call-backs: ``on_replicated`` with new events, in log order; ``drop`` drops a conference's matcher before its log
    is erased (False: not yet, try again); ``on_erased`` with the conference after that. ``lag``: records not folded
    yet.

    ``is_caught_up``: it has reached the end that the log had at the first connection. ``is_connected``: as far as
    known.
    """

    kafka: Access
    cluster: str
    topics: Topics
    journal: ReadReplica
    keys: SealingKeys
    on_replicated: OnReplicated
    drop: DropMatcher
    on_erased: Callable[[str], None]
    lag: Callable[[], int]
    limits: Limits
    is_caught_up: bool = False
    is_connected: bool = False
    _next_offsets: dict[TopicPartition, int] = field(default_factory=dict)
    _ends: dict[TopicPartition, int] = field(default_factory=dict)
    _codec: Codec = field(default_factory=Codec)
    _progress: asyncio.Event = field(default_factory=asyncio.Event)
    _has_received: bool = False  # whether this consumer has received records

    async def run(self) -> None:
        """Replicates until cancelled. ForeignLogError."""
        self._next_offsets = {_part(name): place for name, place in self.journal.next_offsets().items()}
        while True:
            logged: set[str] = set()
            async for attempt in retry(_RETRIED_ERRORS, first_s=self.limits.retry_s, max_s=self.limits.retry_max_s):
                with attempt:
                    await self._consume_until_failure(logged)
            await asyncio.sleep(self.limits.retry_s)

    async def _consume_until_failure(self, logged: set[str]) -> None:
        """Returns after the failure of a consumer that had received records; raises that of another."""
        consumer, self._has_received = self._consumer(), False
        try:
            await self._consume(consumer)
        except _RETRIED_ERRORS as error:
            if type(error).__name__ not in logged:
                _log.warning("the log cannot be read", error=type(error).__name__)
            logged.add(type(error).__name__)
            if not self._has_received:
                raise
        finally:
            self.is_connected = False
            await stop_consumer(consumer, self.limits.close_s)

    async def wait_for(self, topic: str, spot: TopicPosition) -> None:
        """Waits until the replica has the record at a position. The caller sets the time limit."""
        part, offset = TopicPartition(topic, spot.partition), spot.offset
        while self._next_offsets.get(part, 0) <= offset:
            await self._progress.wait()

    def _consumer(self) -> AIOKafkaConsumer:
        return make_consumer(
            self.kafka,
            self.topics.log,
            self.topics.dead_letters,
            wait_ms=round(self.limits.poll_s * 1_000),
            fetch_bytes=self.limits.fetch_bytes,
            partition_bytes=self.limits.fetch_partition_bytes,
            request_ms=round(self.limits.request_s * 1_000),
        )

    async def _consume(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(self.limits.connect_s):
            await self._check_cluster()
            await consumer.start()
            await self._seek_start(consumer)
        self.is_connected, silent_s = True, 0.0
        while True:
            await self._wait_for_fold()
            found = await consumer.getmany(
                timeout_ms=round(self.limits.poll_s * 1_000), max_records=self.limits.fetch_records
            )
            silent_s = 0.0 if found else silent_s + self.limits.poll_s
            if found:
                await self._store(found)
            elif silent_s >= self.limits.silence_s:
                await self._check_silent(consumer)
                silent_s = 0.0

    async def _check_cluster(self) -> None:
        if await cluster_id(self.kafka, self.limits.connect_s) != self.cluster:
            raise ForeignLogError(
                f"The Kafka at {self.kafka.address} is another cluster than before. Choose another folder with --data."
            )

    async def _seek_start(self, consumer: AIOKafkaConsumer) -> None:
        parts = list(consumer.assignment())
        starts, self._ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        for part in parts:
            place = self._next_offsets.get(part, 0)
            if part.topic == self.topics.log and not starts[part] <= place <= self._ends[part]:
                raise ForeignLogError(
                    f"The log on {self.kafka.address} has the records {starts[part]:,} to {self._ends[part]:,} in its "
                    f"partition {part.partition}; the replica here ends at {place:,}. It is another log: "
                    "choose another folder."
                )
            consumer.seek(part, max(place, starts[part]))
            self._next_offsets[part] = max(place, starts[part])
        self._update_caught_up()

    def _update_caught_up(self) -> None:
        if not self.is_caught_up:
            self.is_caught_up = bool(self._ends) and all(
                self._next_offsets[part] >= end for part, end in self._ends.items()
            )

    async def _check_silent(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(self.limits.connect_s):
            ends = await consumer.end_offsets(list(self._next_offsets))
        if any(end > self._next_offsets[part] for part, end in ends.items()):
            raise SilentConsumerError

    async def _wait_for_fold(self) -> None:
        while self.lag() > self.limits.fold.unfolded_records:  # noqa: ASYNC110  # the fold's thread sets no event
            await asyncio.sleep(_STEP_S)

    async def _store(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        places = {part: records[-1].offset + 1 for part, records in found.items()}
        rows = [record for part, records in found.items() if part.topic == self.topics.log for record in records]
        dead_letters = [
            record for part, records in found.items() if part.topic == self.topics.dead_letters for record in records
        ]
        erased = sorted({name for record in rows if (name := erased_conference(record)) is not None})
        self.on_replicated(await asyncio.to_thread(self._replicate, rows, dead_letters, places, erased))
        for conference in erased:
            self.on_erased(conference)
        self._next_offsets |= places
        self._has_received = True
        self._update_caught_up()
        self._progress.set()
        self._progress = asyncio.Event()

    # -- in a thread, one at a time ------------------------------------------------------------------------------

    def _replicate(
        self,
        records: Sequence[ConsumerRecord],
        dead_letters: Sequence[ConsumerRecord],
        places: Mapping[TopicPartition, int],
        erased: Sequence[str],
    ) -> list[ReplicatedEvent]:
        if not all(map(self.drop, erased)):
            raise TimeoutError("The fold has not caught up.")
        skipped_keys = {None, *(name.encode() for name in (*self.journal.erased(), *erased))}
        lines = [record for record in records if record.value is not None and record.key not in skipped_keys]
        decoded = [self._codec.decode(record.value) for record in lines]
        rows = [
            ReplicatedRow(record.key.decode("utf-8", "replace"), _appended_at(record, event), record.value)
            for record, event in zip(lines, decoded, strict=True)
        ]
        # A record without a value is a resend marker.
        candidates = [letter for letter in dead_letters if letter.value is not None]
        readable = [(letter.timestamp, line) for letter in candidates if (line := self._line_of(letter)) is not None]
        next_offsets = {_name(part): offset for part, offset in places.items()}
        stored = self.journal.replicate(rows, readable, next_offsets, erased)
        events: list[ReplicatedEvent] = []
        for record, row, event, (offset, came) in zip(lines, rows, decoded, stored, strict=True):
            if isinstance(event, Reject):
                _log.warning("a record cannot be read", conference=row.conference, offset=offset, reason=event.reason)
            else:
                log_record = LogRecord(offset, event.event, event.at, came, row.line)
                events.append(ReplicatedEvent(row.conference, log_record, record.offset))
        return events

    def _line_of(self, record: ConsumerRecord) -> bytes | None:
        """A record's dead letter; None: it is not one, or was erased."""
        try:
            return readable_line(self.keys, record)
        except (msgspec.MsgspecError, ValueError):
            _log.warning("a dead letter cannot be read")
            return None


def _appended_at(record: ConsumerRecord, event: Record | Reject) -> int:
    """When it was appended (ms): its own ``recorded_at`` in an imported log, else the broker's time."""
    own = None if isinstance(event, Reject) else event.event.recorded_at
    return int(record.timestamp) if own is None else millis(own)


def _name(part: TopicPartition) -> str:
    return f"{part.topic}/{part.partition}"


def _part(name: str) -> TopicPartition:
    topic, _, number = name.rpartition("/")
    return TopicPartition(topic, int(number))
