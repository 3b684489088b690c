"""The delivery: puts outputs into attendees' inboxes, in order, keyed by position.

Invariants: nothing is delivered to or about a person, or of a conference, whose erasure precedes it in the log (the
store is told who is erased, so other people's entries keep their numbers). A position counts as delivered only when the
store has confirmed it.
Why: delivery is at least once and idempotent. The store ignores positions that it has, so a frame that comes again, or
a late delivery that has lost its partition, changes nothing. A store that lost its data says so; its inboxes are then
rebuilt from the start of the topic.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from schemas.codec import Codec, Record
from schemas.events import AttendeeErased, Learner, names_learned_by
from schemas.outputs import AnyOutput
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from streams.runtime.errors import UnavailableError
from streams.runtime.inboxes import DeliveredInboxes, InboxLostError, InboxUnavailableError
from streams.workers.commits import Commits
from streams.workers.conference_tombstone import erased_conference
from streams.workers.dead_letters import dead_letter_message, find_dead_letter_offsets
from streams.workers.frames import FRAME_RECORDS, Frame, Partition, Raw
from streams.workers.handler import read_unprocessed
from streams.workers.log_tailer import SAVE_RECORDS, LogTailer
from streams.workers.output_fan_out import drain, fan_out, select_ascending
from streams.workers.ports import Message, Producer, Reader, SnapshotStore
from streams.workers.recorded_outputs import decode_output

SNAPSHOT_NAME = "~delivery"
LEARNED_TYPES = frozenset(name.encode() for name in names_learned_by(Learner.DELIVERY))
NO_OUTPUT = "This record is not an output of a matcher."


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are last in the name."""

    batch_outputs: int = 200  # outputs delivered in one call
    check_interval_s: float = 5.0  # between two checks that the store still has all inboxes
    queue_batches: int = 16  # batches buffered for each conference during a rebuild


class _Known(msgspec.Struct):
    """The saved knowledge: erased attendees by conference; ``gone``: erased conferences."""

    erased: dict[str, list[str]]
    gone: list[str] = []


class DeliveryHandler:
    """``partition_of``: a conference's partition; ``elapsed``: monotonic seconds."""

    frame_records = FRAME_RECORDS

    def __init__(
        self,
        producer: Producer,
        reader: Reader,
        snapshots: SnapshotStore,
        inboxes: DeliveredInboxes,
        partition_of: Callable[[str], int],
        elapsed: Callable[[], float],
        *,
        limits: Limits | None = None,
        prefix: str = "",
    ) -> None:
        self.topic, self._dead_letters = prefix + MATCHES, prefix + DEAD_LETTERS
        self.commits = Commits()
        self._producer, self._reader, self._snapshots, self._inboxes = producer, reader, snapshots, inboxes
        self._partition_of, self._elapsed = partition_of, elapsed
        self._limits = limits or Limits()
        self._codec = Codec()
        self._erased: dict[str, set[str]] = {}
        self._attendees_to_erase: list[tuple[str, str]] = []
        self._erased_conferences: set[str] = set()
        self._conferences_to_erase: list[str] = []
        self._erasures_saved = True  # that of conferences
        self._tailer = LogTailer(reader, prefix + CONFERENCE_LOG, LEARNED_TYPES, self._learn)
        self._positions: dict[int, int] = {}
        self._mine: set[int] = set()
        self._dead_lettered: dict[int, set[int]] = {}
        self._checked = 0.0

    # -- erasures ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Learns who was erased."""
        known = await self._tailer.restore(self._snapshots, SNAPSHOT_NAME)
        if known is not None:
            saved = msgspec.json.decode(known, type=_Known)
            self._erased = {conference: set(erased) for conference, erased in saved.erased.items()}
            self._erased_conferences = set(saved.gone)

    def _learn(self, records: Sequence[Raw]) -> None:
        for raw in records:
            if (erased_name := erased_conference(raw)) is not None:
                self._learn_tombstone(erased_name)
                continue
            record = self._codec.decode(raw.value) if isinstance(raw.value, bytes) else None
            if not isinstance(record, Record) or record.event.conference is None:
                continue  # the matcher writes its dead letter
            if record.event.conference in self._erased_conferences:
                continue
            erased = self._erased.setdefault(record.event.conference, set())
            if isinstance(record.event, AttendeeErased) and record.event.attendee not in erased:
                erased.add(record.event.attendee)
                self._attendees_to_erase.append((record.event.conference, record.event.attendee))

    def _learn_tombstone(self, conference: str) -> None:
        self._erased_conferences.add(conference)
        self._erased.pop(conference, None)
        self._conferences_to_erase.append(conference)
        self._erasures_saved = False

    async def _catch_up(self) -> None:
        """Reads its own partitions of the log to their ends, and erases from the store what they say."""
        await self._tailer.catch_up(self._mine)
        while self._conferences_to_erase:
            if self._partition_of(self._conferences_to_erase[-1]) in self._mine:
                await self._inboxes.forget(self._conferences_to_erase[-1])
            self._conferences_to_erase.pop()
        while self._attendees_to_erase:
            conference, attendee = self._attendees_to_erase[-1]
            if self._partition_of(conference) in self._mine:
                await self._inboxes.erase(conference, attendee)
            self._attendees_to_erase.pop()

    def _known_now(self) -> bytes:
        erased = {name: sorted(erased) for name, erased in self._erased.items()}
        return msgspec.json.encode(_Known(erased, sorted(self._erased_conferences)))

    # -- partitions -------------------------------------------------------------------------------------------------

    async def assign(self, partitions: Collection[int]) -> None:
        """As in ``Handler``. Repeats the erasures of new partitions: their last owner may have died before them."""
        new = set(partitions) - self._mine
        self._dead_lettered.clear()
        self._mine = set(partitions)
        for partition in self._positions.keys() - self._mine:
            del self._positions[partition]
        for name, erased in self._erased.items():
            if self._partition_of(name) in new:
                self._attendees_to_erase += [(name, who) for who in erased]
        self._conferences_to_erase += [name for name in self._erased_conferences if self._partition_of(name) in new]
        self._checked = 0.0

    def seek(self, positions: Mapping[int, int]) -> None:
        """As in ``Handler``."""
        for partition, offset in positions.items():
            self._positions[partition] = max(offset, self._positions.get(partition, 0))

    async def revoke(self, partitions: Collection[int]) -> None:
        """Nothing to do: everything was stored with its frame."""

    def positions(self) -> dict[int, int]:
        """As in ``Handler``."""
        return dict(self._positions)

    # -- delivering -------------------------------------------------------------------------------------------------

    async def handle(self, frame: Frame) -> None:
        """As in ``Handler``."""
        at = frame.at
        await self._catch_up()
        async for records in read_unprocessed(self._reader, frame, self._positions.get(at.partition, 0)):
            await self._deliver(at, records)
        self._positions[at.partition] = max(frame.end, self._positions.get(at.partition, 0))
        self.commits.mark_safe(at, frame.end)

    async def _deliver(self, at: Partition, records: Sequence[Raw]) -> None:
        by_conference: dict[str, list[AnyOutput]] = {}
        dead_letters: list[Message] = []
        for raw in records:
            output = decode_output(raw)
            if output is None:
                if raw.offset not in await self._known_dead_letters(at):
                    dead_letters.append(dead_letter_message(at, raw, NO_OUTPUT))
            elif output.conference not in self._erased_conferences:
                by_conference.setdefault(output.conference, []).append(output)
        for conference, outputs in by_conference.items():
            self._erased.setdefault(conference, set())
            ascending = select_ascending(outputs)
            for start in range(0, len(ascending), self._limits.batch_outputs):
                await self._deliver_batch(
                    at.partition, conference, ascending[start : start + self._limits.batch_outputs]
                )
        if dead_letters:
            await self._producer.produce(self._dead_letters, dead_letters)

    async def _known_dead_letters(self, at: Partition) -> set[int]:
        if at.partition not in self._dead_lettered:
            position = self._positions.get(at.partition, 0)
            self._dead_lettered[at.partition] = await find_dead_letter_offsets(
                self._reader, self._dead_letters, at, position
            )
        return self._dead_lettered[at.partition]

    async def _deliver_batch(self, partition: int, conference: str, outputs: Sequence[AnyOutput]) -> None:
        try:
            await self._put(conference, outputs)
        except InboxLostError:
            await self._rebuild(partition, [conference])

    async def _put(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        """Delivers. If the store is up but lacks the conference, a rebuild began and died: InboxLostError."""
        try:
            await self._inboxes.deliver(conference, outputs, self._erased.get(conference, ()))
        except InboxUnavailableError:
            if await self._has_inboxes(conference):
                raise
            raise InboxLostError(conference, None) from None

    async def _has_inboxes(self, conference: str) -> bool:
        return await self._inboxes.checkpoint(conference) is not None

    # -- rebuilding -------------------------------------------------------------------------------------------------

    async def maintain(self) -> None:
        """Erases, saves what is known, and rebuilds inboxes that the store has lost."""
        await self._catch_up()
        # An unsaved erasure is saved at once: the stored snapshot still names the conference's people.
        min_records = SAVE_RECORDS if self._erasures_saved else 0
        await self._tailer.save(self._snapshots, SNAPSHOT_NAME, self._known_now, min_records)
        self._erasures_saved = True
        if self._elapsed() - self._checked < self._limits.check_interval_s:
            return
        lost: dict[int, list[str]] = {}
        for conference in sorted(self._erased):
            partition = self._partition_of(conference)
            if partition in self._mine and not await self._has_inboxes(conference):
                lost.setdefault(partition, []).append(conference)
        for partition, conferences in lost.items():
            await self._rebuild(partition, conferences)
        self._checked = self._elapsed()

    async def _rebuild(self, partition: int, conferences: Sequence[str]) -> None:
        """Rebuilds the inboxes of several conferences in one pass over their partition."""
        await self._catch_up()  # a conference that was erased meanwhile must not be rebuilt
        conferences = [name for name in conferences if name not in self._erased_conferences]
        if not conferences:
            return
        end = (await self._reader.ends(self.topic))[partition]
        queues = {name: asyncio.Queue[Sequence[AnyOutput]](self._limits.queue_batches) for name in conferences}
        failed: list[UnavailableError] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, queue in queues.items():
                    erased = frozenset(self._erased.get(name, ()))
                    tasks.create_task(self._inboxes.rebuild(name, drain(queue), erased))
                await fan_out(self._reader.read(self.topic, partition, 0, end), queues)
        except* UnavailableError as away:
            failed += sorted(_flatten(away), key=lambda error: isinstance(error, InboxUnavailableError))
        if failed:  # raised outside of the clause: inside it, Python 3.11.2 wraps it into a group
            raise failed[0]


def _flatten(group: BaseExceptionGroup[UnavailableError]) -> list[UnavailableError]:
    found: list[UnavailableError] = []
    for error in group.exceptions:
        found += _flatten(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
