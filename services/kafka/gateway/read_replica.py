"""The copy of the log here: follows the log and the dead letters, and keeps what comes with how far that leads.

Owns: one consumer at a time, without a group, and the places of the copy. May never: decide, tick or deliver; write to
Kafka; stay silent: when nothing comes, the broker is asked whether there is nothing, and a consumer that missed it is
made anew.
Theory: rows and places are one transaction (``ReadReplica``), so a restart goes on exactly where the copy ends. The
fold here decides what the workers decide, for it is the same engine over the same records in the same order.
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
from services.kafka.client_shutdown import stopped
from services.kafka.clients import KafkaRefusedError
from services.kafka.clients import consumer as made
from services.kafka.cluster import cluster_id
from services.kafka.gateway.batches import Spot
from services.kafka.gateway.dead_letter_sealing import Keys, kept
from services.kafka.gateway.limits import Limits
from services.kafka.gateway.topics import Topics
from services.runtime.log_reader import Kept
from streams.workers.conference_tombstone import erased_conference
from streams.workers.ports import UnavailableError

# A time limit is an OSError.
_AWAY = (KafkaError, OSError, UnavailableError, KafkaRefusedError, JournalFullError, DirectoryError)
_STEP_S = 0.01
_log = structlog.get_logger("hallway.replica")


class Came(NamedTuple):
    """A record that the copy has now; ``offset``: in its partition."""

    conference: str
    kept: Kept
    offset: int


Took = Callable[[Sequence[Came]], None]
Drop = Callable[[str], bool]


class ForeignLogError(Exception):
    """The topic is not the one that the copy was made of; the text is for a person."""


class StalledError(Exception):
    """The consumer does not give what the broker has."""


@dataclass(slots=True)
class Replica:
    """``took`` gets what came, in the order of each log; ``behind`` says how many records wait to be folded. ``drop``
    lets go of a conference that is erased, before its log goes; False: ask again. ``dropped`` hears that it went.

    ``caught_up``: it has come to the end that the log had when it was connected first. ``follows``: it is connected, as
    far as is known.
    """

    kafka: Access
    cluster: str
    topics: Topics
    journal: ReadReplica
    keys: Keys
    took: Took
    drop: Drop
    dropped: Callable[[str], None]
    behind: Callable[[], int]
    limits: Limits
    caught_up: bool = False
    follows: bool = False
    _places: dict[TopicPartition, int] = field(default_factory=dict)
    _ends: dict[TopicPartition, int] = field(default_factory=dict)
    _codec: Codec = field(default_factory=Codec)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _came: bool = False  # something since the consumer was made

    async def run(self) -> None:
        """Follows until it is cancelled. ForeignLogError."""
        self._places = {_part(name): place for name, place in self.journal.places().items()}
        pause_s, said = self.limits.again_s, ""
        while True:
            consumer = self._consumer()
            try:
                await self._follow(consumer)
            except (*_AWAY, StalledError) as error:
                if self._came:
                    pause_s, said = self.limits.again_s, ""
                if said != type(error).__name__:
                    said = type(error).__name__
                    _log.warning("the log cannot be followed", error=said)
            finally:
                self.follows = False
                await stopped(consumer, self.limits.close_s)
            await asyncio.sleep(pause_s)
            pause_s, self._came = min(2 * pause_s, self.limits.again_most_s), False

    async def reached(self, topic: str, spot: Spot) -> None:
        """Waits until the copy has the record there; whoever asks has a time limit."""
        part, offset = TopicPartition(topic, spot.partition), spot.offset
        while self._places.get(part, 0) <= offset:
            await self._moved.wait()

    def _consumer(self) -> AIOKafkaConsumer:
        return made(
            self.kafka,
            self.topics.log,
            self.topics.letters,
            wait_ms=round(self.limits.poll_s * 1_000),
            fetch_bytes=self.limits.fetch_bytes,
            partition_bytes=self.limits.fetch_partition_bytes,
            request_ms=round(self.limits.request_s * 1_000),
        )

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(self.limits.connect_s):
            await self._check_cluster()
            await consumer.start()
            await self._begin(consumer)
        self.follows, quiet_s = True, 0.0
        while True:
            await self._room()
            found = await consumer.getmany(
                timeout_ms=round(self.limits.poll_s * 1_000), max_records=self.limits.fetch_records
            )
            quiet_s = 0.0 if found else quiet_s + self.limits.poll_s
            if found:
                await self._keep(found)
            elif quiet_s >= self.limits.quiet_s:
                await self._ask_whether_silent(consumer)
                quiet_s = 0.0

    async def _check_cluster(self) -> None:
        if await cluster_id(self.kafka, self.limits.connect_s) != self.cluster:
            raise ForeignLogError(
                f"At {self.kafka.address} is another Kafka than before. Name another folder with --data."
            )

    async def _begin(self, consumer: AIOKafkaConsumer) -> None:
        parts = list(consumer.assignment())
        starts, self._ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        for part in parts:
            place = self._places.get(part, 0)
            if part.topic == self.topics.log and not starts[part] <= place <= self._ends[part]:
                raise ForeignLogError(
                    f"The log on {self.kafka.address} has the records {starts[part]:,} to {self._ends[part]:,} in its "
                    f"partition {part.partition}; the copy here has {place:,}. It is another log: name another folder."
                )
            consumer.seek(part, max(place, starts[part]))
            self._places[part] = max(place, starts[part])
        self._look_whether_caught_up()

    def _look_whether_caught_up(self) -> None:
        if not self.caught_up:
            self.caught_up = bool(self._ends) and all(self._places[part] >= end for part, end in self._ends.items())

    async def _ask_whether_silent(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(self.limits.connect_s):
            ends = await consumer.end_offsets(list(self._places))
        if any(end > self._places[part] for part, end in ends.items()):
            raise StalledError

    async def _room(self) -> None:
        while self.behind() > self.limits.folded.unfolded_records:  # noqa: ASYNC110  # the fold's thread sets no event
            await asyncio.sleep(_STEP_S)

    async def _keep(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        places = {part: records[-1].offset + 1 for part, records in found.items()}
        rows = [record for part, records in found.items() if part.topic == self.topics.log for record in records]
        letters = [record for part, records in found.items() if part.topic == self.topics.letters for record in records]
        gone = sorted({name for record in rows if (name := erased_conference(record)) is not None})
        self.took(await asyncio.to_thread(self._kept, rows, letters, places, gone))
        for conference in gone:
            self.dropped(conference)
        self._places |= places
        self._came = True
        self._look_whether_caught_up()
        self._moved.set()
        self._moved = asyncio.Event()

    # -- in a thread, one at a time ------------------------------------------------------------------------------

    def _kept(
        self,
        records: Sequence[ConsumerRecord],
        letters: Sequence[ConsumerRecord],
        places: Mapping[TopicPartition, int],
        gone: Sequence[str],
    ) -> list[Came]:
        if not all(map(self.drop, gone)):
            raise TimeoutError("The fold has not come to its end.")
        nobodys = {None, *(name.encode() for name in (*self.journal.erased(), *gone))}
        lines = [record for record in records if record.value is not None and record.key not in nobodys]
        decoded = [self._codec.decode(record.value) for record in lines]
        rows = [
            ReplicatedRow(record.key.decode("utf-8", "replace"), _came(record, event), record.value)
            for record, event in zip(lines, decoded, strict=True)
        ]
        said = [letter for letter in letters if letter.value is not None]  # without: a mark that one was sent again
        told = [(letter.timestamp, line) for letter in said if (line := self._line_of(letter)) is not None]
        stand = self.journal.follow(rows, told, {_name(part): place for part, place in places.items()}, gone)
        taken: list[Came] = []
        for record, row, event, (offset, came) in zip(lines, rows, decoded, stand, strict=True):
            if isinstance(event, Reject):
                _log.warning("a record cannot be read", conference=row.conference, offset=offset, reason=event.reason)
            else:
                kept = Kept(offset, event.event, event.at, came, row.line)
                taken.append(Came(row.conference, kept, record.offset))
        return taken

    def _line_of(self, record: ConsumerRecord) -> bytes | None:
        """A dead letter; None: it is none, or was erased."""
        try:
            return kept(self.keys, record)
        except (msgspec.MsgspecError, ValueError):
            _log.warning("a dead letter cannot be read")
            return None


def _came(record: ConsumerRecord, event: Record | Reject) -> int:
    """When the log took it: its own word (of a log that was imported), else the broker's."""
    own = None if isinstance(event, Reject) else event.event.recorded_at
    return int(record.timestamp) if own is None else millis(own)


def _name(part: TopicPartition) -> str:
    return f"{part.topic}/{part.partition}"


def _part(name: str) -> TopicPartition:
    topic, _, number = name.rpartition("/")
    return TopicPartition(topic, int(number))
