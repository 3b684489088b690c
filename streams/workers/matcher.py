"""The matcher: folds the log of conferences into matches, ticks where something is due, keeps snapshots.

Owns: in which order things are written: outputs and dead letters, snapshots, the mark, and only then the offset may be
committed. May never: decide anything about people; the fold does.
Theory: the committed offset is the frontier, behind which all lies in snapshots. So whoever goes on after us, after a
kill between any two of these steps, reads from there, and finds every output of it from the mark on.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from schemas.codec import encode, kind_of
from schemas.events import ClockTicked
from schemas.times import written
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from streams.matching.snapshot import SnapshotError
from streams.workers.commits import Commits
from streams.workers.frames import FRAME_RECORDS, Frame, Partition, Raw
from streams.workers.handler import stretches
from streams.workers.partition_fold import PartitionFold, Told
from streams.workers.ports import Checkpoint, Message, Producer, Reader, SnapshotStore, UnavailableError, typed_message

LARGE_RECORDS, LARGE_BYTES = 5_000, 1 << 20  # from about 10 ms on a snapshot is made and restored in a thread
TICK_PREFIX = "clock.ticked:"  # ids of the log's owner; the door lets no other's begin so

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are last in the name; tests take smaller ones."""

    slice_records: int = 256  # about 3 ms of folding, then others have the event loop
    told_at_once: int = 2_000  # outputs gathered before they are written
    snapshot_records: int = 200_000  # of all partitions beyond their snapshots: folded again in two seconds
    snapshot_records_most: int = 150_000  # a long log's snapshots are a tenth of it apart, but not more
    quiet_s: float = 5.0  # without a frame, then a partition gets snapshots, if that spares folding
    snapshot_s: float = 60.0  # after which it gets one in any case
    quiet_records: int = 2_000
    parting_s: float = 3.0  # for snapshots when a partition is given up
    parting_records: int = 5_000  # fewer are folded again sooner than kept
    tick_again_s: float = 5.0


class InterruptedFoldError(Exception):
    """Something was folded and what came of it may not be written: the worker must end, whatever it did."""


class Matching:
    """``clock`` gives ms since 1970, ``elapsed`` seconds; without ``ticks`` time passes by the log's records alone.

    ``policy`` overrides what conferences set: for tests. ``prefix``: of the topics' names.
    """

    frame_records = FRAME_RECORDS

    def __init__(
        self,
        producer: Producer,
        reader: Reader,
        snapshots: SnapshotStore,
        clock: Callable[[], int],
        elapsed: Callable[[], float],
        *,
        ticks: bool = True,
        limits: Limits | None = None,
        policy: dict[str, Any] | None = None,
        prefix: str = "",
    ) -> None:
        self.topic = prefix + CONFERENCE_LOG
        self._matches, self._dead_letters = prefix + MATCHES, prefix + DEAD_LETTERS
        self.commits = Commits()
        self._producer, self._reader, self._snapshots = producer, reader, snapshots
        self._clock, self._elapsed = clock, elapsed
        self._ticks, self._limits, self._policy = ticks, limits or Limits(), policy
        self._folds: dict[int, PartitionFold] = {}
        self._current: set[int] = set()  # folds that know all that was recorded
        self._mine: set[int] = set()
        self._sought: dict[int, int] = {}
        self._marked: dict[int, tuple[Checkpoint, float]] = {}
        self._framed: dict[int, float] = {}
        self._ticked: dict[str, tuple[int, int, float]] = {}

    # -- partitions -------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Nothing is needed before."""

    async def assigned(self, partitions: Collection[int]) -> None:
        """As in the port. What comes back is kept in memory; others may have told something meanwhile."""
        self._mine = set(partitions)
        self._current.clear()
        for gone in self._folds.keys() - self._mine:
            del self._folds[gone]
            self._marked.pop(gone, None)
        self._ticked.clear()

    def sought(self, positions: Mapping[int, int]) -> None:
        """As in the port: what is before is in snapshots, which say so themselves."""
        self._sought = dict(positions)

    async def _fold_of(self, partition: int) -> PartitionFold:
        fold = self._folds.get(partition)
        if fold is None:
            fold = await self._restored(partition)
        if partition not in self._current:
            await self._remember(fold)
            self._folds[partition] = fold
            self._current.add(partition)
        return fold

    async def _restored(self, partition: int) -> PartitionFold:
        fold = PartitionFold(Partition(self.topic, partition), self._policy)
        found, snapshots = await self._snapshots.load(partition)
        mark = found or Checkpoint()
        for kept in snapshots:
            if kept.name in mark.erased:  # its worker was killed, or wrote it late
                await self._snapshots.delete(partition, kept.name)
                continue
            try:
                await _aside(len(kept.data) > LARGE_BYTES, fold.restore, kept)
            except SnapshotError:  # of a newer or a broken form: the log is folded from its start
                mark = Checkpoint(erased=mark.erased)
        fold.begin(mark)
        self._marked[partition] = (mark, self._elapsed())
        return fold

    async def _remember(self, fold: PartitionFold) -> None:
        """Takes in what was told since: by whoever had the partition before."""
        known, partition = fold.frontier(), fold.at.partition
        outputs, letters = await self._reader.ends(self._matches), await self._reader.ends(self._dead_letters)
        async for raws in self._reader.read(self._matches, partition, known.matches, outputs[partition]):
            fold.remember(raws)
        async for raws in self._reader.read(self._dead_letters, partition, known.letters, letters[partition]):
            fold.remember_letters(raws)
        fold.opened()

    def positions(self) -> dict[int, int]:
        """As in the port."""
        return {partition: fold.processed for partition, fold in self._folds.items() if partition in self._mine}

    # -- folding ----------------------------------------------------------------------------------------------------

    async def frame(self, frame: Frame) -> None:
        """As in the port."""
        fold = await self._fold_of(frame.at.partition)
        async for records in stretches(self._reader, frame, fold.processed):
            await self._take(fold, records)
        fold.skip(frame.end)
        self._framed[frame.at.partition] = self._elapsed()
        await self._keep(fold)

    async def _take(self, fold: PartitionFold, records: Sequence[Raw]) -> None:
        told = Told()
        for start in range(0, len(records), self._limits.slice_records):
            part = fold.fold(records[start : start + self._limits.slice_records])
            told.outputs += part.outputs
            told.letters += part.letters
            if len(told.outputs) >= self._limits.told_at_once:
                await self._tell(fold, told)
                told = Told()
            await asyncio.sleep(0)
        await self._tell(fold, told)

    async def _tell(self, fold: PartitionFold, told: Told) -> None:
        if told.outputs:
            fold.told(matches_end=await self._producer.produce(self._matches, told.outputs))
        if told.letters:
            fold.told(letters_end=await self._producer.produce(self._dead_letters, told.letters))

    # -- snapshots --------------------------------------------------------------------------------------------------

    async def _keep(self, fold: PartitionFold) -> None:
        """SnapshotStore of what holds the frontier back too far, then the mark."""
        share = max(1, self._limits.snapshot_records // max(1, len(self._mine)))
        while self._behind() > self._limits.snapshot_records and (name := fold.stale(share)) is not None:
            tenth = min(fold.size(name) // 10, self._limits.snapshot_records_most)
            if tenth > share and fold.stale(tenth) is None:
                break
            await self._snapshot(fold, name)
        await self._mark(fold)

    def _behind(self) -> int:
        """The records that would be folded again after a kill."""
        return sum(self._folds[partition].behind() for partition in self._current)

    async def _snapshot(self, fold: PartitionFold, name: str) -> None:
        kept = await _aside(fold.size(name) > LARGE_RECORDS, fold.snapshot, name)
        await self._snapshots.save(fold.at.partition, kept)
        fold.kept(kept)

    async def _mark(self, fold: PartitionFold) -> None:
        partition, mark = fold.at.partition, fold.frontier()
        before, _ = self._marked[partition]
        gone = sorted(set(mark.erased) - set(before.erased))
        if mark.log > before.log or gone:
            await self._snapshots.save_checkpoint(partition, mark)
            for name in gone:
                await self._snapshots.delete(partition, name)
            self._marked[partition] = (mark, self._elapsed())
        self.commits.safe(fold.at, mark.log)

    async def revoked(self, partitions: Collection[int]) -> None:
        """As in the port: the conferences with the most new records first."""
        until = self._elapsed() + self._limits.parting_s
        for partition in partitions:
            fold = self._folds.get(partition)
            if fold is None or partition not in self._current:
                continue
            for name in fold.unsafe():
                if fold.unsafe_records(name) < self._limits.parting_records or self._elapsed() > until:
                    break
                await self._snapshot(fold, name)
            await self._mark(fold)

    # -- between frames ---------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Opens partitions that have no frames, lets time pass, keeps snapshots of quiet partitions."""
        for partition in sorted(self._mine - self._current)[:4]:
            await self._fold_again(await self._fold_of(partition))
        for partition in sorted(self._current):
            await self._quiet(self._folds[partition])
        if self._ticks:
            await self._tick()

    async def _fold_again(self, fold: PartitionFold) -> None:
        """What was committed and is in no snapshot that can be read: no frame brings it, and something may be due."""
        begin = self._sought.get(fold.at.partition, 0)
        if fold.processed < begin:
            try:
                await self.frame(Frame(fold.at, begin, begin, ()))
            except UnavailableError as error:
                raise InterruptedFoldError(str(error)) from error

    async def _quiet(self, fold: PartitionFold) -> None:
        """A snapshot of the conference with the most new records, one at a time."""
        partition, now = fold.at.partition, self._elapsed()
        mark, when = self._marked[partition]
        quiet = now - self._framed.get(partition, 0.0) > self._limits.quiet_s
        names = [name for name in fold.unsafe()[:1] if quiet and fold.unsafe_records(name) > self._limits.quiet_records]
        if now - when > self._limits.snapshot_s and fold.processed > mark.log:
            self._marked[partition] = (mark, now)
            names = fold.unsafe()[:1]
        for name in names:
            await self._snapshot(fold, name)
            await self._mark(fold)

    async def _tick(self) -> None:
        now = self._clock()
        folds = [self._folds[partition] for partition in sorted(self._current)]
        due = [(fold, *one) for fold in folds for one in fold.due(now)]
        if not due:
            return
        ends = await self._reader.ends(self.topic)
        ticks = [
            self._ticked_at(conference, when, applied, max(now, fold.now_of(conference)))
            for fold, conference, when, applied in due
            if fold.processed >= ends[fold.at.partition] and self._is_new(conference, when, applied)
        ]
        if ticks:
            await self._producer.produce(self.topic, ticks)

    def _is_new(self, conference: str, when: int, applied: int) -> bool:
        before = self._ticked.get(conference)
        if before is not None and before[:2] == (when, applied):
            return self._elapsed() - before[2] > self._limits.tick_again_s
        return True

    def _ticked_at(self, conference: str, when: int, applied: int, now: int) -> Message:
        self._ticked[conference] = (when, applied, self._elapsed())
        tick = ClockTicked(id=f"{TICK_PREFIX}{when}:{applied}", at=written(now), conference=conference)
        return typed_message(conference, encode(tick), kind_of(tick))


async def _aside(large: bool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function; one that takes long in a thread, so that others have the event loop meanwhile."""
    if large:
        return await asyncio.to_thread(function, *args, **kwargs)
    return function(*args, **kwargs)
