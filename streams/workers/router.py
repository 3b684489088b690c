"""The router: copies posts and deletions into the log of each conference that tracks them.

Invariants: for each frame, first the log's news are learned, then the frame is routed, then its copies are written, and
only then it may be committed. The log alone says which conferences exist.
Why: a frame that is handled twice gives the same copies, which the fold recognizes as duplicates. A deletion whose post
has not arrived is in no log, so it is stored in a compacted topic, under the post's id, before its frame is done.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from schemas.codec import Codec, Reject, encode, kind_of
from schemas.codec import Record as Event
from schemas.events import ActivityDeleted, ActivityPosted, Input, Learner, name_of, names_learned_by
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, TYPE_HEADER
from streams.routing import MAX_DELETIONS, Router
from streams.workers.commits import Commits
from streams.workers.conference_tombstone import erased_conference
from streams.workers.dead_letters import dead_letter_message, find_dead_letter_offsets
from streams.workers.frame_decoding import decode_records
from streams.workers.frames import ROUTED_RECORDS, Frame, Partition, Raw, header
from streams.workers.handler import read_unprocessed
from streams.workers.log_tailer import SAVE_RECORDS, LogTailer
from streams.workers.ports import Message, Producer, Reader, Rows, SnapshotStore, typed_message

SNAPSHOT_NAME = "~router"
LEARNED_TYPES = frozenset(name.encode() for name in names_learned_by(Learner.ROUTER))
_POSTED = name_of(ActivityPosted).encode()
_SLICE = 512  # records, about 3 ms
_COPIES_PER_WRITE = 2_000  # each write waits a few ms for the broker


class _Posted(msgspec.Struct):
    actor: str
    conference: str


_posted = msgspec.json.Decoder(_Posted).decode


@dataclass(slots=True)
class _Routed:
    copies: list[Message]
    dead_letters: list[Message]
    deletions: list[tuple[str, bytes]]


class RouterHandler:
    """Each router knows all conferences, and the deletions of its own partitions."""

    frame_records = ROUTED_RECORDS

    def __init__(
        self, producer: Producer, reader: Reader, snapshots: SnapshotStore, rows: Rows, *, prefix: str = ""
    ) -> None:
        self.topic = prefix + ACTIVITY
        self._log, self._dead_letters = prefix + CONFERENCE_LOG, prefix + DEAD_LETTERS
        self.commits = Commits()
        self._producer, self._reader, self._snapshots, self._rows = producer, reader, snapshots, rows
        self._router = Router()
        self._codec, self._log_codec = Codec(), Codec()
        self._tailer = LogTailer(reader, self._log, LEARNED_TYPES, self._learn)
        self._positions: dict[int, int] = {}
        self._dead_lettered: dict[int, set[int]] = {}  # per partition whose deletions and dead letters are loaded
        self._now: int | None = None
        self._erasures_saved = True

    async def start(self) -> None:
        """Learns all conferences."""
        known = await self._tailer.restore(self._snapshots, SNAPSHOT_NAME)
        if known is not None:
            self._router = Router.restore(known)
        await self._tailer.catch_up()

    def _learn(self, records: Sequence[Raw]) -> None:
        for raw in records:
            if (erased := erased_conference(raw)) is not None:
                self._router.forget(erased)
                self._erasures_saved = False
            elif header(raw, TYPE_HEADER) == _POSTED:
                self._learn_post(raw.value)
            else:
                record = self._log_codec.decode(raw.value)
                if not isinstance(record, Reject) and record.event.conference is not None:
                    self._router.learn(record.event)

    def _learn_post(self, value: bytes) -> None:
        try:
            post = _posted(value)
        except msgspec.MsgspecError:
            return  # the matcher writes its dead letter
        self._router.learn(
            ActivityPosted(id="-", at="-", actor=post.actor, hashtags=(), mentions=(), conference=post.conference)
        )

    async def assign(self, partitions: Collection[int]) -> None:
        """As in ``Handler``."""
        for partition in self._positions.keys() - set(partitions):
            del self._positions[partition]
        self._dead_lettered.clear()  # another worker may have written some meanwhile

    def seek(self, positions: Mapping[int, int]) -> None:
        """As in ``Handler``."""
        for partition, offset in positions.items():
            self._positions[partition] = max(offset, self._positions.get(partition, 0))

    async def revoke(self, partitions: Collection[int]) -> None:
        """Nothing to do: everything was written with its frame."""

    def positions(self) -> dict[int, int]:
        """As in ``Handler``."""
        return dict(self._positions)

    def open_conferences(self) -> Collection[str]:
        """All open conferences, in any partition, as far as the log was read."""
        return self._router.open_conferences

    # -- routing ----------------------------------------------------------------------------------------------------

    async def handle(self, frame: Frame) -> None:
        """As in ``Handler``."""
        at = frame.at
        if at.partition not in self._dead_lettered:
            await self._load_partition(at)
        await self._tailer.catch_up()
        async for records in read_unprocessed(self._reader, frame, self._positions.get(at.partition, 0)):
            await self._route_and_write(at, records)
        self._positions[at.partition] = max(frame.end, self._positions.get(at.partition, 0))
        self.commits.mark_safe(at, frame.end)

    async def _route_and_write(self, at: Partition, records: Sequence[Raw]) -> None:
        routed = _Routed([], [], [])
        for start in range(0, len(records), _SLICE):
            self._route(at, records[start : start + _SLICE], routed)
            if len(routed.copies) + len(routed.dead_letters) >= _COPIES_PER_WRITE:
                await self._write(at, routed)
                routed = _Routed([], [], [])
            await asyncio.sleep(0)
        await self._write(at, routed)

    async def _load_partition(self, at: Partition) -> None:
        for value in await self._rows.load(at.partition, MAX_DELETIONS):
            record = self._codec.decode(value)
            if isinstance(record, Event) and isinstance(record.event, ActivityDeleted):
                self._router.restore_deletion(record.event)
        position = self._positions.get(at.partition, 0)
        self._dead_lettered[at.partition] = await find_dead_letter_offsets(
            self._reader, self._dead_letters, at, position
        )

    def _route(self, at: Partition, records: Sequence[Raw], routed: _Routed) -> None:
        found = decode_records(self._codec, records)
        events = [record.event if type(record) is Event else None for record in found]
        for index in self._router.indices_to_route(events):
            raw, record = records[index], found[index]
            if isinstance(record, Reject):
                if raw.offset not in self._dead_lettered[at.partition]:
                    now = self._last_good_time(records[:index], events)
                    routed.dead_letters.append(dead_letter_message(at, raw, record.reason, record.field, now))
                continue
            event = record.event
            if isinstance(event, ActivityDeleted) and event.conference is None:
                routed.deletions.append((f"{event.actor} {event.deleted}", raw.value))
            for conference, copy in self._router.route(event):
                routed.copies.append(typed_message(conference, encode(copy), kind_of(copy)))

        self._now = self._last_good_time(records, events)

    def _last_good_time(self, records: Sequence[Raw], events: Sequence[Input | None]) -> int | None:
        good = (records[index].timestamp for index in reversed(range(len(records))) if events[index] is not None)
        return next(good, self._now)

    async def _write(self, at: Partition, routed: _Routed) -> None:
        if routed.deletions:
            await self._rows.save(at.partition, routed.deletions)
        if routed.copies:
            await self._producer.produce(self._log, routed.copies)
        if routed.dead_letters:
            await self._producer.produce(self._dead_letters, routed.dead_letters)

    async def maintain(self) -> None:
        """Learns the log's news and saves what is known."""
        await self._tailer.catch_up()
        # An unsaved erasure is saved at once: the stored snapshot still names the conference's people.
        min_records = SAVE_RECORDS if self._erasures_saved else 0
        await self._tailer.save(self._snapshots, SNAPSHOT_NAME, self._router.save, min_records)
        self._erasures_saved = True
