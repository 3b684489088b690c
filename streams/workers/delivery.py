"""The delivery: puts outputs into the inboxes of people, in order, under their positions.

Owns: what is delivered, left out and made again. May never: deliver of or to somebody, or of a conference, whose
erasure stood in the log before (the store is told who that is, so that others' entries keep their numbers); take a
position for delivered that the store has not confirmed.
Theory: the store refuses what it has, so a frame that comes again, and a late delivery that lost its partition,
change nothing. A store that was emptied says so; then its inboxes are made again from the topic's start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from schemas.codec import Codec, Record
from schemas.events import AttendeeErased, Learner, names_learned_by
from schemas.outputs import AnyOutput
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from streams.workers.commits import Commits
from streams.workers.conference_end import erased_by
from streams.workers.dead_letters import letter, lettered
from streams.workers.frames import FRAME_RECORDS, Frame, Partition, Raw
from streams.workers.handler import stretches
from streams.workers.log_tailer import SAVE_RECORDS, Following
from streams.workers.output_fan_out import ascending, queued, share_out
from streams.workers.ports import (
    Inboxes,
    LostInboxesError,
    Message,
    Producer,
    Reader,
    SnapshotStore,
    StoreUnavailableError,
    UnavailableError,
)
from streams.workers.recorded_outputs import output_of

KEPT_NAME = "~delivery"
TEACHING = frozenset(name.encode() for name in names_learned_by(Learner.DELIVERY))
NO_OUTPUT = "This is no output of a matcher."


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are last in the name."""

    at_once: int = 200  # outputs handed over together
    tries: int = 4  # with pauses of 0.1 to 0.4 s; then the frame is tried again, for as long as it takes
    pause_s: float = 0.1
    look_every_s: float = 5.0  # whether the store still has what it had
    waiting: int = 16  # batches of a conference while inboxes are made again


class _Known(msgspec.Struct):
    """The conferences, and who was erased in each; those that are no more."""

    erased: dict[str, list[str]]
    gone: list[str] = []


class Delivering:
    """``partition_of`` gives a conference's partition; ``elapsed`` seconds; ``sleep`` waits for some."""

    frame_records = FRAME_RECORDS

    def __init__(
        self,
        producer: Producer,
        reader: Reader,
        snapshots: SnapshotStore,
        inboxes: Inboxes,
        partition_of: Callable[[str], int],
        elapsed: Callable[[], float],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limits: Limits | None = None,
        prefix: str = "",
    ) -> None:
        self.topic, self._dead_letters = prefix + MATCHES, prefix + DEAD_LETTERS
        self.commits = Commits()
        self._producer, self._reader, self._snapshots, self._inboxes = producer, reader, snapshots, inboxes
        self._partition_of, self._elapsed, self._sleep = partition_of, elapsed, sleep
        self._limits = limits or Limits()
        self._codec = Codec()
        self._erased: dict[str, set[str]] = {}
        self._to_erase: list[tuple[str, str]] = []
        self._gone: set[str] = set()
        self._to_forget: list[str] = []
        self._is_kept = True  # that those are gone
        self._following = Following(reader, prefix + CONFERENCE_LOG, TEACHING, self._learn)
        self._positions: dict[int, int] = {}
        self._mine: set[int] = set()
        self._lettered: dict[int, set[int]] = {}
        self._looked = 0.0

    # -- what the log says ------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """As in the port: learns who was erased."""
        known = await self._following.restore(self._snapshots, KEPT_NAME)
        if known is not None:
            saved = msgspec.json.decode(known, type=_Known)
            self._erased = {conference: set(erased) for conference, erased in saved.erased.items()}
            self._gone = set(saved.gone)

    def _learn(self, records: Sequence[Raw]) -> None:
        for raw in records:
            if (gone := erased_by(raw)) is not None:
                self._learn_end(gone)
                continue
            record = self._codec.decode(raw.value) if isinstance(raw.value, bytes) else None
            if not isinstance(record, Record) or record.event.conference is None:
                continue  # the matcher puts it to the dead letters
            if record.event.conference in self._gone:
                continue
            erased = self._erased.setdefault(record.event.conference, set())
            if isinstance(record.event, AttendeeErased) and record.event.attendee not in erased:
                erased.add(record.event.attendee)
                self._to_erase.append((record.event.conference, record.event.attendee))

    def _learn_end(self, conference: str) -> None:
        self._gone.add(conference)
        self._erased.pop(conference, None)
        self._to_forget.append(conference)
        self._is_kept = False

    async def _catch_up(self) -> None:
        """Reads the log of its own partitions to its end, and erases what it says; others have theirs."""
        await self._following.catch_up(self._mine)
        while self._to_forget:
            if self._partition_of(self._to_forget[-1]) in self._mine:
                await self._patiently(partial(self._inboxes.forget, self._to_forget[-1]))
            self._to_forget.pop()
        while self._to_erase:
            conference, attendee = self._to_erase[-1]
            if self._partition_of(conference) in self._mine:
                await self._patiently(partial(self._inboxes.erase, conference, attendee))
            self._to_erase.pop()

    def _known_now(self) -> bytes:
        erased = {name: sorted(erased) for name, erased in self._erased.items()}
        return msgspec.json.encode(_Known(erased, sorted(self._gone)))

    # -- partitions -------------------------------------------------------------------------------------------------

    async def assigned(self, partitions: Collection[int]) -> None:
        """As in the port. What was erased while a partition was another's is erased again: it may have died before."""
        new = set(partitions) - self._mine
        self._lettered.clear()
        self._mine = set(partitions)
        for gone in self._positions.keys() - self._mine:
            del self._positions[gone]
        for name, erased in self._erased.items():
            if self._partition_of(name) in new:
                self._to_erase += [(name, who) for who in erased]
        self._to_forget += [name for name in self._gone if self._partition_of(name) in new]
        self._looked = 0.0

    def sought(self, positions: Mapping[int, int]) -> None:
        """As in the port."""
        for partition, offset in positions.items():
            self._positions[partition] = max(offset, self._positions.get(partition, 0))

    async def revoked(self, partitions: Collection[int]) -> None:
        """As in the port: nothing is left to be kept."""

    def positions(self) -> dict[int, int]:
        """As in the port."""
        return dict(self._positions)

    # -- delivering -------------------------------------------------------------------------------------------------

    async def frame(self, frame: Frame) -> None:
        """As in the port."""
        at = frame.at
        await self._catch_up()
        async for records in stretches(self._reader, frame, self._positions.get(at.partition, 0)):
            await self._deliver(at, records)
        self._positions[at.partition] = max(frame.end, self._positions.get(at.partition, 0))
        self.commits.safe(at, frame.end)

    async def _deliver(self, at: Partition, records: Sequence[Raw]) -> None:
        by_conference: dict[str, list[AnyOutput]] = {}
        letters: list[Message] = []
        for raw in records:
            output = output_of(raw)
            if output is None:
                if raw.offset not in await self._known_letters(at):
                    letters.append(letter(at, raw, NO_OUTPUT))
            elif output.conference not in self._gone:
                by_conference.setdefault(output.conference, []).append(output)
        for conference, outputs in by_conference.items():
            self._erased.setdefault(conference, set())
            rising = ascending(outputs)
            for start in range(0, len(rising), self._limits.at_once):
                await self._hand_over(at.partition, conference, rising[start : start + self._limits.at_once])
        if letters:
            await self._producer.produce(self._dead_letters, letters)

    async def _known_letters(self, at: Partition) -> set[int]:
        if at.partition not in self._lettered:
            position = self._positions.get(at.partition, 0)
            self._lettered[at.partition] = await lettered(self._reader, self._dead_letters, at, position)
        return self._lettered[at.partition]

    async def _hand_over(self, partition: int, conference: str, outputs: Sequence[AnyOutput]) -> None:
        try:
            await self._patiently(partial(self._put, conference, outputs))
        except LostInboxesError:
            await self._patiently(partial(self._rebuild, partition, [conference]))

    async def _put(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        """Delivers; of a store that is there and takes nothing, somebody began to make the inboxes again and died."""
        try:
            await self._inboxes.deliver(conference, outputs, self._erased.get(conference, ()))
        except StoreUnavailableError:
            if await self._inboxes.has(conference):
                raise
            raise LostInboxesError from None

    async def _patiently(self, call: Callable[[], Awaitable[None]]) -> None:
        """Tries again while the store is away, within a bound: StoreUnavailableError then."""
        pause_s = self._limits.pause_s
        for _ in range(self._limits.tries - 1):
            try:
                return await call()
            except StoreUnavailableError:
                await self._sleep(pause_s)
                pause_s *= 2
        await call()
        return None

    # -- made again -------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """As in the port: erases, keeps what is known, and makes again what the store has lost."""
        await self._catch_up()
        most = SAVE_RECORDS if self._is_kept else 0  # what was kept names people of it
        await self._following.save(self._snapshots, KEPT_NAME, self._known_now, most)
        self._is_kept = True
        if self._elapsed() - self._looked < self._limits.look_every_s:
            return
        lost: dict[int, list[str]] = {}
        for conference in sorted(self._erased):
            partition = self._partition_of(conference)
            if partition in self._mine and not await self._inboxes.has(conference):
                lost.setdefault(partition, []).append(conference)
        for partition, conferences in lost.items():
            await self._rebuild(partition, conferences)
        self._looked = self._elapsed()

    async def _rebuild(self, partition: int, conferences: Sequence[str]) -> None:
        """Makes the inboxes of several conferences anew in one reading of their partition."""
        await self._catch_up()  # the store has nothing of a conference that was erased meanwhile, and gets nothing
        conferences = [name for name in conferences if name not in self._gone]
        if not conferences:
            return
        end = (await self._reader.ends(self.topic))[partition]
        queues = {name: asyncio.Queue[Sequence[AnyOutput]](self._limits.waiting) for name in conferences}
        failed: list[UnavailableError] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, queue in queues.items():
                    erased = frozenset(self._erased.get(name, ()))
                    tasks.create_task(self._inboxes.rebuild(name, queued(queue), erased))
                await share_out(self._reader.read(self.topic, partition, 0, end), queues)
        except* UnavailableError as away:
            failed += sorted(_all(away), key=lambda error: isinstance(error, StoreUnavailableError))
        if failed:  # raised here: in the clause, Python 3.11.2 makes a group of it
            raise failed[0]


def _all(group: BaseExceptionGroup[UnavailableError]) -> list[UnavailableError]:
    found: list[UnavailableError] = []
    for error in group.exceptions:
        found += _all(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
