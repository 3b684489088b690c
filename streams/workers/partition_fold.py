"""Folds one partition of the log: its conferences' matchers, and up to where everything is in snapshots.

    a record of an erased conference             skipped
    a record before its conference's snapshot    skipped
    any other record                             folded by its conference's fold (``conference_fold``)

Invariants: this module never awaits, reads a clock or writes. ``fold`` returns messages; the caller writes them and
reports that with ``confirm_written``, and only then takes snapshots.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from schemas.codec import Codec, Reject, encode_output, kind_of
from schemas.outputs import AnyOutput
from streams.matching import Matcher
from streams.matching.snapshot import restore, snapshot
from streams.runtime import conference_fold
from streams.workers.conference_tombstone import erased_conference
from streams.workers.dead_letters import dead_letter_message, decode_dead_letter, source_of
from streams.workers.frame_decoding import decode_records
from streams.workers.frames import Partition, Raw, end_of
from streams.workers.ports import Checkpoint, Message, StoredSnapshot, typed_message
from streams.workers.recorded_outputs import COUNT_HEADER, TopicOutputs, decode_output

ConferenceFold = conference_fold.ConferenceFold[TopicOutputs]
WRONG_KEY = "The record's key is not its conference."


@dataclass(slots=True)
class Emitted:
    """The messages that a slice of records caused: outputs and dead letters, in order."""

    outputs: list[Message] = field(default_factory=list)
    dead_letters: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class _Unsaved:
    """What a conference has beyond its snapshot: offset of the first record, of the first output, number of records."""

    log: int
    matches: int
    records: int = 0


class PartitionFold:
    """``processed``: the offset of the next record. ``policy`` overrides the conferences' settings, for comparisons."""

    def __init__(self, at: Partition, policy: dict[str, Any] | None = None) -> None:
        self.at = at
        self.processed = 0
        self.now: int | None = None
        self.erased: set[str] = set()
        self._policy = policy
        self._codec = Codec()
        self._folds: dict[str, ConferenceFold] = {}
        self._unsaved: dict[str, _Unsaved] = {}  # in the order of their first records
        self._matches_end = self._dead_letters_end = 0
        self._dead_lettered: dict[int, int] = {}  # offset in the log -> its dead letter's in their topic, or one before

    # -- recovery -------------------------------------------------------------------------------------------------

    def restore(self, stored: StoredSnapshot) -> None:
        """Restores a conference from its snapshot. SnapshotError: the log has to be folded from its start."""
        self._folds[stored.name] = self._new_fold(restore(stored.data, self._policy), stored.offset)

    def start(self, checkpoint: Checkpoint) -> None:
        """Starts at a checkpoint. Then add what was recorded since (``add_recorded...``), then ``finish_recovery``."""
        self.processed, self._matches_end = checkpoint.log, checkpoint.matches
        self._dead_letters_end = checkpoint.dead_letters
        self.erased.update(checkpoint.erased)

    def add_recorded_outputs(self, raws: Iterable[Raw]) -> None:
        """Adds recorded outputs, from the checkpoint's offset of the matches topic on."""
        for raw in raws:
            self._matches_end = end_of(raw)
            output = decode_output(raw)
            if output is None or output.conference in self.erased:
                continue  # delivery writes dead letters for records that are no outputs
            self._add_recorded(self._fold_of(output.conference), output, raw)

    def add_recorded_dead_letters(self, raws: Iterable[Raw]) -> None:
        """Adds written dead letters, from the checkpoint's offset on; none of them is written again."""
        for raw in raws:
            dead = decode_dead_letter(raw)
            if dead is not None and dead.source == source_of(self.at) and dead.position >= self.processed:
                self._dead_lettered[dead.position] = raw.offset
            self._dead_letters_end = end_of(raw)

    def _add_recorded(self, fold: ConferenceFold, output: AnyOutput, raw: Raw) -> None:
        if fold.recorded is None:
            fold.recorded = TopicOutputs(raw.offset)
        fold.recorded.add(output, raw)

    def finish_recovery(self) -> None:
        """Everything recorded was added; discards what the snapshots already cover."""
        for fold in self._folds.values():
            fold.discard_folded()
            fold.update_due()

    def _fold_of(self, conference: str) -> ConferenceFold:
        fold = self._folds.get(conference)
        if fold is None:
            fold = self._folds[conference] = self._new_fold(Matcher(conference, self._policy))
        return fold

    def _new_fold(self, matcher: Matcher, folded: int = 0) -> ConferenceFold:
        return ConferenceFold(matcher, self._policy, folded)

    # -- folding ----------------------------------------------------------------------------------------------------

    def fold(self, records: Sequence[Raw]) -> Emitted:
        """Folds records, except those before ``processed``. The caller must write the result, in order."""
        emitted = Emitted()
        touched: dict[str, ConferenceFold] = {}
        new = [raw for raw in records if raw.offset >= self.processed]
        for raw, found in zip(new, decode_records(self._codec, new), strict=True):
            if isinstance(found, Reject):
                if (erased := erased_conference(raw)) is None:
                    self._reject(raw, found.reason, found.field, emitted)
                else:
                    self._erase(erased)
                    touched.pop(erased, None)
            elif found.event.conference is None or raw.key != found.event.conference.encode():
                self._reject(raw, WRONG_KEY, "conference", emitted)
            elif (conference := found.event.conference) not in self.erased:
                fold = touched[conference] = self._fold_of(conference)
                if raw.offset >= fold.folded:
                    self._count_unsaved(conference, fold, raw)
                    recorded = raw.timestamp if found.recorded is None else found.recorded
                    self.now = recorded if self.now is None else max(self.now, recorded)
                    emitted.outputs += self._messages(fold.fold(found.event, found.at, recorded))
            self.processed = end_of(raw)
        for fold in touched.values():
            fold.update_due()
        return emitted

    def _messages(self, emitted: conference_fold.Emitted) -> list[Message]:
        counted = (COUNT_HEADER, str(emitted.total).encode())
        return [
            typed_message(
                output.conference, encode_output(output), kind_of(output), counted, partition=self.at.partition
            )
            for output in emitted.outputs
        ]

    def _erase(self, conference: str) -> None:
        self.erased.add(conference)
        self._folds.pop(conference, None)
        self._unsaved.pop(conference, None)

    def _reject(self, raw: Raw, reason: str, field: str | None, emitted: Emitted) -> None:
        if raw.offset not in self._dead_lettered:
            self._dead_lettered[raw.offset] = self._dead_letters_end
            emitted.dead_letters.append(dead_letter_message(self.at, raw, reason, field, self.now))

    def _count_unsaved(self, conference: str, fold: ConferenceFold, raw: Raw) -> None:
        unsaved = self._unsaved.get(conference)
        if unsaved is None:
            matches = self._matches_end if fold.recorded is None else fold.recorded.first
            unsaved = self._unsaved[conference] = _Unsaved(raw.offset, matches)
        unsaved.records += 1

    def confirm_written(self, matches_end: int = 0, dead_letters_end: int = 0) -> None:
        """``fold``'s messages are written: the offsets after its outputs and its dead letters; 0: there were none."""
        self._matches_end = max(self._matches_end, matches_end)
        self._dead_letters_end = max(self._dead_letters_end, dead_letters_end)

    # -- what is safe -----------------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """The checkpoint as of now; store it before its log offset is committed."""
        first = next(iter(self._unsaved.values()), None)
        log = self.processed if first is None else first.log
        pending = [fold.recorded.first for fold in self._folds.values() if fold.recorded is not None]
        matches = min([self._matches_end, *(unsaved.matches for unsaved in self._unsaved.values()), *pending])
        self._dead_lettered = {at: end for at, end in self._dead_lettered.items() if at >= log}
        dead_letters = min([self._dead_letters_end, *self._dead_lettered.values()])
        return Checkpoint(log, matches, dead_letters, tuple(sorted(self.erased)))

    def skip(self, offset: int) -> None:
        """All records before this offset are folded."""
        self.processed = max(self.processed, offset)

    def replay_records(self) -> int:
        """How many records a restart would fold again: all from the first unsaved one on."""
        first = next(iter(self._unsaved.values()), None)
        return 0 if first is None else self.processed - first.log

    def stalest(self, max_records: int) -> str | None:
        """The conference whose snapshot holds the checkpoint back, if by more than ``max_records`` records."""
        for conference, unsaved in islice(self._unsaved.items(), 1):
            if self.processed - unsaved.log > max_records and self._folds[conference].recorded is None:
                return conference
        return None

    def unsaved(self) -> list[str]:
        """The conferences that changed since their snapshots, those with the most unsaved records first."""
        ready = [name for name in self._unsaved if self._folds[name].recorded is None]
        return sorted(ready, key=lambda name: -self._unsaved[name].records)

    def unsaved_records(self, conference: str) -> int:
        """How many records the conference has beyond its snapshot."""
        return self._unsaved[conference].records

    def size(self, conference: str) -> int:
        """How many records the conference's matcher has applied."""
        return self._folds[conference].matcher.state.applied

    def snapshot(self, conference: str) -> StoredSnapshot:
        """A conference's snapshot as of ``processed``, after its outputs are written; then ``confirm_saved``."""
        return StoredSnapshot(conference, self.processed, snapshot(self._folds[conference].matcher))

    def confirm_saved(self, stored: StoredSnapshot) -> None:
        """The snapshot is durable."""
        fold, unsaved = self._folds[stored.name], self._unsaved.get(stored.name)
        fold.folded = max(fold.folded, stored.offset)
        if unsaved is not None and stored.offset >= self.processed:
            del self._unsaved[stored.name]

    # -- time -------------------------------------------------------------------------------------------------------

    def due(self, now: int) -> list[tuple[str, int, int]]:
        """The conferences in which something is due, as (conference, due time in ms, records applied)."""
        return [
            (conference, fold.due, fold.matcher.state.applied)
            for conference, fold in self._folds.items()
            if fold.due is not None and fold.due <= now
        ]

    def now_of(self, conference: str) -> int:
        """A conference's current time, ms."""
        return self._folds[conference].matcher.state.now
