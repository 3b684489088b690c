"""The matcher: folds conferences' logs into matches, appends ticks when something is due, and stores snapshots.

Responsibility: the order of writes: outputs and dead letters, then snapshots, then the checkpoint; only then the offset
may be committed. What is decided about people is up to the fold.
Why: everything before the committed offset is in snapshots. So whoever takes over, after a kill between any two of
these steps, reads from that offset, and finds all outputs of later records from the checkpoint's offset on.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas.codec import encode, kind_of
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from streams.matching.snapshot import SnapshotError
from streams.runtime.errors import UnavailableError
from streams.runtime.ticks import make_tick
from streams.workers.commits import Commits
from streams.workers.frames import FRAME_RECORDS, Frame, Partition, Raw
from streams.workers.handler import read_unprocessed
from streams.workers.partition_fold import Emitted, PartitionFold
from streams.workers.ports import Checkpoint, Message, Producer, Reader, SnapshotStore, typed_message

LARGE_RECORDS, LARGE_BYTES = 5_000, 1 << 20  # larger snapshots take over 10 ms, so a thread makes them

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are last in the name; tests use smaller values."""

    slice_records: int = 256  # about 3 ms of folding, then the event loop is free for others
    outputs_per_write: int = 2_000  # outputs that are collected before they are written
    snapshot_records: int = 200_000  # beyond the snapshots of all partitions: two seconds of folding
    max_snapshot_gap_records: int = 150_000  # a long log's snapshots are a tenth of it apart, up to this
    quiet_s: float = 5.0  # without a frame; then a partition gets snapshots if that saves folding
    snapshot_s: float = 60.0  # the longest time between two checkpoints
    quiet_records: int = 2_000
    revoke_s: float = 3.0  # for snapshots when a partition is revoked
    revoke_records: int = 5_000  # folding fewer again is faster than saving them
    tick_retry_s: float = 5.0


class InterruptedFoldError(Exception):
    """Records were folded but their outputs may not be written: the worker must end."""


class MatcherHandler:
    """``clock``: ms since 1970; ``elapsed``: monotonic seconds. Without ``ticks`` only the log's records advance time.

    ``policy`` overrides the conferences' settings, for tests. ``prefix``: of the topics' names.
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
        self._current: set[int] = set()  # folds that have all recorded outputs
        self._mine: set[int] = set()
        self._read_from: dict[int, int] = {}
        self._checkpoints: dict[int, tuple[Checkpoint, float]] = {}
        self._last_frame: dict[int, float] = {}
        self._last_ticks: dict[str, tuple[int, int, float]] = {}

    # -- partitions -------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Nothing to do."""

    async def assign(self, partitions: Collection[int]) -> None:
        """As in ``Handler``. Folds stay in memory, but other workers may have written outputs meanwhile."""
        self._mine = set(partitions)
        self._current.clear()
        for lost in self._folds.keys() - self._mine:
            del self._folds[lost]
            self._checkpoints.pop(lost, None)
        self._last_ticks.clear()

    def seek(self, positions: Mapping[int, int]) -> None:
        """As in ``Handler``. Earlier records are in snapshots, which carry their own offsets."""
        self._read_from = dict(positions)

    async def _fold_of(self, partition: int) -> PartitionFold:
        fold = self._folds.get(partition)
        if fold is None:
            fold = await self._restore(partition)
        if partition not in self._current:
            await self._recover_outputs(fold)
            self._folds[partition] = fold
            self._current.add(partition)
        return fold

    async def _restore(self, partition: int) -> PartitionFold:
        fold = PartitionFold(Partition(self.topic, partition), self._policy)
        found, snapshots = await self._snapshots.load(partition)
        checkpoint = found or Checkpoint()
        for stored in snapshots:
            if stored.name in checkpoint.erased:  # its worker was killed, or wrote it late
                await self._snapshots.delete(partition, stored.name)
                continue
            try:
                await _call(fold.restore, stored, in_thread=len(stored.data) > LARGE_BYTES)
            except SnapshotError:  # of a newer version, or damaged: the log is folded from its start
                checkpoint = Checkpoint(erased=checkpoint.erased)
        fold.start(checkpoint)
        self._checkpoints[partition] = (checkpoint, self._elapsed())
        return fold

    async def _recover_outputs(self, fold: PartitionFold) -> None:
        """Reads the outputs and dead letters that were written since the checkpoint, by us or a previous owner."""
        known, partition = fold.checkpoint(), fold.at.partition
        outputs = await self._reader.ends(self._matches)
        dead_letters = await self._reader.ends(self._dead_letters)
        async for raws in self._reader.read(self._matches, partition, known.matches, outputs[partition]):
            fold.add_recorded_outputs(raws)
        async for raws in self._reader.read(self._dead_letters, partition, known.dead_letters, dead_letters[partition]):
            fold.add_recorded_dead_letters(raws)
        fold.finish_recovery()

    def positions(self) -> dict[int, int]:
        """As in ``Handler``."""
        return {partition: fold.processed for partition, fold in self._folds.items() if partition in self._mine}

    # -- folding ----------------------------------------------------------------------------------------------------

    async def handle(self, frame: Frame) -> None:
        """As in ``Handler``."""
        fold = await self._fold_of(frame.at.partition)
        async for records in read_unprocessed(self._reader, frame, fold.processed):
            await self._fold_and_write(fold, records)
        fold.skip(frame.end)
        self._last_frame[frame.at.partition] = self._elapsed()
        await self._save_snapshots(fold)

    async def _fold_and_write(self, fold: PartitionFold, records: Sequence[Raw]) -> None:
        emitted = Emitted()
        for start in range(0, len(records), self._limits.slice_records):
            part = fold.fold(records[start : start + self._limits.slice_records])
            emitted.outputs += part.outputs
            emitted.dead_letters += part.dead_letters
            if len(emitted.outputs) >= self._limits.outputs_per_write:
                await self._write(fold, emitted)
                emitted = Emitted()
            await asyncio.sleep(0)
        await self._write(fold, emitted)

    async def _write(self, fold: PartitionFold, emitted: Emitted) -> None:
        if emitted.outputs:
            fold.confirm_written(matches_end=await self._producer.produce(self._matches, emitted.outputs))
        if emitted.dead_letters:
            fold.confirm_written(
                dead_letters_end=await self._producer.produce(self._dead_letters, emitted.dead_letters)
            )

    # -- snapshots --------------------------------------------------------------------------------------------------

    async def _save_snapshots(self, fold: PartitionFold) -> None:
        """Saves snapshots of the conferences that hold the checkpoint back too far, then the checkpoint."""
        share = max(1, self._limits.snapshot_records // max(1, len(self._mine)))
        while self._replay_records() > self._limits.snapshot_records and (name := fold.stalest(share)) is not None:
            tenth = min(fold.size(name) // 10, self._limits.max_snapshot_gap_records)
            if tenth > share and fold.stalest(tenth) is None:
                break
            await self._save_snapshot(fold, name)
        await self._save_checkpoint(fold)

    def _replay_records(self) -> int:
        """How many records would be folded again after a kill."""
        return sum(self._folds[partition].replay_records() for partition in self._current)

    async def _save_snapshot(self, fold: PartitionFold, name: str) -> None:
        stored = await _call(fold.snapshot, name, in_thread=fold.size(name) > LARGE_RECORDS)
        await self._snapshots.save(fold.at.partition, stored)
        fold.confirm_saved(stored)

    async def _save_checkpoint(self, fold: PartitionFold) -> None:
        partition, checkpoint = fold.at.partition, fold.checkpoint()
        before, _ = self._checkpoints[partition]
        erased = sorted(set(checkpoint.erased) - set(before.erased))
        if checkpoint.log > before.log or erased:
            await self._snapshots.save_checkpoint(partition, checkpoint)
            for name in erased:
                await self._snapshots.delete(partition, name)
            self._checkpoints[partition] = (checkpoint, self._elapsed())
        self.commits.mark_safe(fold.at, checkpoint.log)

    async def revoke(self, partitions: Collection[int]) -> None:
        """Saves snapshots, of the conferences with the most unsaved records first."""
        until = self._elapsed() + self._limits.revoke_s
        for partition in partitions:
            fold = self._folds.get(partition)
            if fold is None or partition not in self._current:
                continue
            for name in fold.unsaved():
                if fold.unsaved_records(name) < self._limits.revoke_records or self._elapsed() > until:
                    break
                await self._save_snapshot(fold, name)
            await self._save_checkpoint(fold)

    # -- between frames ---------------------------------------------------------------------------------------------

    async def maintain(self) -> None:
        """Opens partitions that get no frames, saves snapshots of quiet partitions, appends ticks."""
        for partition in sorted(self._mine - self._current)[:4]:
            await self._refold(await self._fold_of(partition))
        for partition in sorted(self._current):
            await self._snapshot_if_quiet(self._folds[partition])
        if self._ticks:
            await self._tick()

    async def _refold(self, fold: PartitionFold) -> None:
        """Folds committed records that no readable snapshot covers: no frame brings them, and something may be due."""
        begin = self._read_from.get(fold.at.partition, 0)
        if fold.processed < begin:
            try:
                await self.handle(Frame(fold.at, begin, begin, ()))
            except UnavailableError as error:
                raise InterruptedFoldError(str(error)) from error

    async def _snapshot_if_quiet(self, fold: PartitionFold) -> None:
        """Saves a snapshot of the conference with the most unsaved records, if it is time to."""
        partition, now = fold.at.partition, self._elapsed()
        checkpoint, saved_at = self._checkpoints[partition]
        quiet = now - self._last_frame.get(partition, 0.0) > self._limits.quiet_s
        names = [
            name for name in fold.unsaved()[:1] if quiet and fold.unsaved_records(name) > self._limits.quiet_records
        ]
        if now - saved_at > self._limits.snapshot_s and fold.processed > checkpoint.log:
            self._checkpoints[partition] = (checkpoint, now)
            names = fold.unsaved()[:1]
        for name in names:
            await self._save_snapshot(fold, name)
            await self._save_checkpoint(fold)

    async def _tick(self) -> None:
        now = self._clock()
        folds = [self._folds[partition] for partition in sorted(self._current)]
        due = [(fold, *one) for fold in folds for one in fold.due(now)]
        if not due:
            return
        ends = await self._reader.ends(self.topic)
        ticks = [
            self._make_tick(conference, when, applied, max(now, fold.now_of(conference)))
            for fold, conference, when, applied in due
            if fold.processed >= ends[fold.at.partition] and self._is_new(conference, when, applied)
        ]
        if ticks:
            await self._producer.produce(self.topic, ticks)

    def _is_new(self, conference: str, when: int, applied: int) -> bool:
        before = self._last_ticks.get(conference)
        if before is not None and before[:2] == (when, applied):
            return self._elapsed() - before[2] > self._limits.tick_retry_s
        return True

    def _make_tick(self, conference: str, when: int, applied: int, now: int) -> Message:
        self._last_ticks[conference] = (when, applied, self._elapsed())
        tick = make_tick(conference, when, applied, now)
        return typed_message(conference, encode(tick), kind_of(tick))


async def _call(function: Callable[[A], T], argument: A, *, in_thread: bool) -> T:
    """Calls a function, a slow one in a thread, so that the event loop stays free."""
    return await asyncio.to_thread(function, argument) if in_thread else function(argument)
