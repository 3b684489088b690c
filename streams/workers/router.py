"""The router: puts posts into the log of each conference that tracks them.

Owns: the order: what the log says is learnt, then a frame is routed, its copies are written, and only then it may be
committed. May never: ask anybody which conferences there are; the log tells it.
Theory: a frame that comes again gives the same copies again, which the fold knows for doubles. A deletion whose post
has not come is in no log; it is kept in a compacted topic, under the post's id, before its frame is done.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from schemas.codec import Codec, Reject, encode, kind_of
from schemas.codec import Record as Event
from schemas.events import ActivityDeleted, ActivityPosted, Input, Learner, name_of, names_learned_by
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, TYPE_HEADER
from streams.routing import MOST_DELETIONS, Router
from streams.workers.commits import Commits
from streams.workers.conference_end import erased_by
from streams.workers.dead_letters import letter, lettered
from streams.workers.frame_decoding import decoded
from streams.workers.frames import ROUTED_RECORDS, Frame, Partition, Raw, header
from streams.workers.handler import stretches
from streams.workers.log_tailer import SAVE_RECORDS, Following
from streams.workers.ports import Message, Producer, Reader, Rows, SnapshotStore, typed_message

KEPT_NAME = "~router"
TEACHING = frozenset(name.encode() for name in names_learned_by(Learner.ROUTER))
_POSTED = name_of(ActivityPosted).encode()
_SLICE = 512  # records, about 3 ms
_WRITTEN_AT_ONCE = 2_000  # copies: each wait for the broker is a few ms


class _Posted(msgspec.Struct):
    actor: str
    conference: str


_posted = msgspec.json.Decoder(_Posted).decode


@dataclass(slots=True)
class _Routed:
    copies: list[Message]
    letters: list[Message]
    deletions: list[tuple[str, bytes]]


class Routing:
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
        self._following = Following(reader, self._log, TEACHING, self._learn)
        self._positions: dict[int, int] = {}
        self._lettered: dict[int, set[int]] = {}  # of partitions whose deletions and dead letters are known
        self._now: int | None = None
        self._is_kept = True  # that a conference is no more

    async def begin(self) -> None:
        """As in the port: learns all conferences."""
        known = await self._following.restore(self._snapshots, KEPT_NAME)
        if known is not None:
            self._router = Router.restore(known)
        await self._following.catch_up()

    def _learn(self, records: Sequence[Raw]) -> None:
        for raw in records:
            if (gone := erased_by(raw)) is not None:
                self._router.forget(gone)
                self._is_kept = False
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
            return  # the matcher puts it to the dead letters
        self._router.learn(
            ActivityPosted(id="-", at="-", actor=post.actor, hashtags=(), mentions=(), conference=post.conference)
        )

    async def assigned(self, partitions: Collection[int]) -> None:
        """As in the port."""
        for gone in self._positions.keys() - set(partitions):
            del self._positions[gone]
        self._lettered.clear()  # another may have written some meanwhile

    def sought(self, positions: Mapping[int, int]) -> None:
        """As in the port."""
        for partition, offset in positions.items():
            self._positions[partition] = max(offset, self._positions.get(partition, 0))

    async def revoked(self, partitions: Collection[int]) -> None:
        """As in the port: nothing is left to be kept."""

    def positions(self) -> dict[int, int]:
        """As in the port."""
        return dict(self._positions)

    def open_conferences(self) -> Collection[str]:
        """All that are open as far as the log was read, of whatever partition."""
        return self._router.open_conferences

    # -- routing ----------------------------------------------------------------------------------------------------

    async def frame(self, frame: Frame) -> None:
        """As in the port."""
        at = frame.at
        if at.partition not in self._lettered:
            await self._recall(at)
        await self._following.catch_up()
        async for records in stretches(self._reader, frame, self._positions.get(at.partition, 0)):
            await self._take(at, records)
        self._positions[at.partition] = max(frame.end, self._positions.get(at.partition, 0))
        self.commits.safe(at, frame.end)

    async def _take(self, at: Partition, records: Sequence[Raw]) -> None:
        routed = _Routed([], [], [])
        for start in range(0, len(records), _SLICE):
            self._route(at, records[start : start + _SLICE], routed)
            if len(routed.copies) + len(routed.letters) >= _WRITTEN_AT_ONCE:
                await self._write(at, routed)
                routed = _Routed([], [], [])
            await asyncio.sleep(0)
        await self._write(at, routed)

    async def _recall(self, at: Partition) -> None:
        for value in await self._rows.load(at.partition, MOST_DELETIONS):
            record = self._codec.decode(value)
            if isinstance(record, Event) and isinstance(record.event, ActivityDeleted):
                self._router.recall(record.event)
        position = self._positions.get(at.partition, 0)
        self._lettered[at.partition] = await lettered(self._reader, self._dead_letters, at, position)

    def _route(self, at: Partition, records: Sequence[Raw], routed: _Routed) -> None:
        found = decoded(self._codec, records)
        events = [record.event if type(record) is Event else None for record in found]
        for index in self._router.concerned(events):
            raw, record = records[index], found[index]
            if isinstance(record, Reject):
                if raw.offset not in self._lettered[at.partition]:
                    now = self._last_good(records[:index], events)
                    routed.letters.append(letter(at, raw, record.reason, record.field, now))
                continue
            event = record.event
            if isinstance(event, ActivityDeleted) and event.conference is None:
                routed.deletions.append((f"{event.actor} {event.deleted}", raw.value))
            for conference, copy in self._router.route(event):
                routed.copies.append(typed_message(conference, encode(copy), kind_of(copy)))

        self._now = self._last_good(records, events)

    def _last_good(self, records: Sequence[Raw], events: Sequence[Input | None]) -> int | None:
        good = (records[index].timestamp for index in reversed(range(len(records))) if events[index] is not None)
        return next(good, self._now)

    async def _write(self, at: Partition, routed: _Routed) -> None:
        if routed.deletions:
            await self._rows.save(at.partition, routed.deletions)
        if routed.copies:
            await self._producer.produce(self._log, routed.copies)
        if routed.letters:
            await self._producer.produce(self._dead_letters, routed.letters)

    async def look(self) -> None:
        """As in the port: learns, and keeps what is known."""
        await self._following.catch_up()
        most = SAVE_RECORDS if self._is_kept else 0  # what was kept knows its people
        await self._following.save(self._snapshots, KEPT_NAME, self._router.save, most)
        self._is_kept = True
