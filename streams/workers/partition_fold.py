"""The fold of one partition of the log: the matchers of its conferences, and what is decided, told and safe.

Owns: which record is skipped and which is taken, and the frontier: behind it everything lies in snapshots.
May never: await, read a clock, write. Theory:

    of a conference that was erased    skipped
    before a conference's snapshot     skipped
    ... the end                        taken by the conference's own fold (``conference``)

``fold`` gives messages; when they are in the broker's hands, ``told`` says so, and only then snapshots are taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from schemas.codec import Codec, Reject
from streams.matching import Matcher
from streams.matching.snapshot import restore, snapshot
from streams.workers.conference import ConferenceFold
from streams.workers.conference_end import erased_by
from streams.workers.dead_letters import dead_letter, letter, source_of
from streams.workers.frame_decoding import decoded
from streams.workers.frames import Partition, Raw, end_of
from streams.workers.ports import Checkpoint, Message, StoredSnapshot
from streams.workers.recorded_outputs import output_of

ASTRAY = "The record's key is not its conference."


@dataclass(slots=True)
class Told:
    """What a slice of records brings: outputs and dead letters, in order."""

    outputs: list[Message] = field(default_factory=list)
    letters: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class _Unsafe:
    """What a conference has beyond its snapshot: first record, first output, how many records."""

    log: int
    matches: int
    records: int = 0


class PartitionFold:
    """``processed``: the offset of the next record. ``policy`` overrides what conferences set, for comparisons."""

    def __init__(self, at: Partition, policy: dict[str, Any] | None = None) -> None:
        self.at = at
        self.processed = 0
        self.now: int | None = None
        self.erased: set[str] = set()
        self._policy = policy
        self._codec = Codec()
        self._folds: dict[str, ConferenceFold] = {}
        self._unsafe: dict[str, _Unsafe] = {}  # in the order of their first records
        self._matches_end = self._letters_end = 0
        self._lettered: dict[int, int] = {}  # offset of the log -> of the topic of dead letters, or before it

    # -- from what was kept -----------------------------------------------------------------------------------------

    def restore(self, kept: StoredSnapshot) -> None:
        """Takes a conference's snapshot. SnapshotError: the log has to be folded from its start."""
        self._folds[kept.name] = self._made(restore(kept.data, self._policy), kept.offset)

    def begin(self, mark: Checkpoint) -> None:
        """Folds from here on; ``remember`` what was told since, then ``opened``."""
        self.processed, self._matches_end, self._letters_end = mark.log, mark.matches, mark.letters
        self.erased.update(mark.erased)

    def remember(self, raws: Iterable[Raw]) -> None:
        """Takes in recorded outputs, from the mark's on."""
        for raw in raws:
            self._matches_end = end_of(raw)
            output = output_of(raw)
            if output is None or output.conference in self.erased:
                continue  # what is not a matcher's, delivery puts to the dead letters
            self._fold_of(output.conference).remember(output, raw)

    def remember_letters(self, raws: Iterable[Raw]) -> None:
        """Takes in dead letters, from the mark's on: what is among them is not written again."""
        for raw in raws:
            dead = dead_letter(raw)
            if dead is not None and dead.source == source_of(self.at) and dead.position >= self.processed:
                self._lettered[dead.position] = raw.offset
            self._letters_end = end_of(raw)

    def opened(self) -> None:
        """All that was recorded is known: what the snapshots hold already is let go of."""
        for fold in self._folds.values():
            fold.let_go()
            fold.look_ahead()

    def _fold_of(self, conference: str) -> ConferenceFold:
        fold = self._folds.get(conference)
        if fold is None:
            fold = self._folds[conference] = self._made(Matcher(conference, self._policy))
        return fold

    def _made(self, matcher: Matcher, folded: int = 0) -> ConferenceFold:
        return ConferenceFold(matcher, self.at.partition, self._policy, folded)

    # -- folding ----------------------------------------------------------------------------------------------------

    def fold(self, records: Sequence[Raw]) -> Told:
        """Folds records; those before ``processed`` are skipped. What it gives must be written in order."""
        told = Told()
        touched: dict[str, ConferenceFold] = {}
        new = [raw for raw in records if raw.offset >= self.processed]
        for raw, found in zip(new, decoded(self._codec, new), strict=True):
            if isinstance(found, Reject):
                if (gone := erased_by(raw)) is None:
                    self._reject(raw, found.reason, found.field, told)
                else:
                    self._erase(gone)
                    touched.pop(gone, None)
            elif found.event.conference is None or raw.key != found.event.conference.encode():
                self._reject(raw, ASTRAY, "conference", told)
            elif (conference := found.event.conference) not in self.erased:
                fold = touched[conference] = self._fold_of(conference)
                if raw.offset >= fold.folded:
                    self._note(conference, fold, raw)
                    recorded = raw.timestamp if found.recorded is None else found.recorded
                    self.now = recorded if self.now is None else max(self.now, recorded)
                    told.outputs += fold.take((found.event, found.at, recorded))
            self.processed = end_of(raw)
        for fold in touched.values():
            fold.look_ahead()
        return told

    def _erase(self, conference: str) -> None:
        self.erased.add(conference)
        self._folds.pop(conference, None)
        self._unsafe.pop(conference, None)

    def _reject(self, raw: Raw, reason: str, field: str | None, told: Told) -> None:
        if raw.offset not in self._lettered:
            self._lettered[raw.offset] = self._letters_end
            told.letters.append(letter(self.at, raw, reason, field, self.now))

    def _note(self, conference: str, fold: ConferenceFold, raw: Raw) -> None:
        unsafe = self._unsafe.get(conference)
        if unsafe is None:
            matches = self._matches_end if fold.recorded is None else fold.recorded.first
            unsafe = self._unsafe[conference] = _Unsafe(raw.offset, matches)
        unsafe.records += 1

    def told(self, matches_end: int = 0, letters_end: int = 0) -> None:
        """What ``fold`` gave is written: the offsets behind its outputs and its dead letters, where there were some."""
        self._matches_end = max(self._matches_end, matches_end)
        self._letters_end = max(self._letters_end, letters_end)

    # -- what is safe -----------------------------------------------------------------------------------------------

    def frontier(self) -> Checkpoint:
        """The mark as of now: to be kept before its offset of the log is committed."""
        first = next(iter(self._unsafe.values()), None)
        log = self.processed if first is None else first.log
        pending = [fold.recorded.first for fold in self._folds.values() if fold.recorded is not None]
        matches = min([self._matches_end, *(unsafe.matches for unsafe in self._unsafe.values()), *pending])
        self._lettered = {at: letter for at, letter in self._lettered.items() if at >= log}
        letters = min([self._letters_end, *self._lettered.values()])
        return Checkpoint(log, matches, letters, tuple(sorted(self.erased)))

    def skip(self, offset: int) -> None:
        """There is no record before this offset that was not folded."""
        self.processed = max(self.processed, offset)

    def behind(self) -> int:
        """How many records are not in snapshots, those of other conferences between them included."""
        first = next(iter(self._unsafe.values()), None)
        return 0 if first is None else self.processed - first.log

    def stale(self, most_records: int) -> str | None:
        """The conference whose snapshot holds the frontier back, if it does so by more than that many records."""
        for conference, unsafe in islice(self._unsafe.items(), 1):
            if self.processed - unsafe.log > most_records and self._folds[conference].recorded is None:
                return conference
        return None

    def unsafe(self) -> list[str]:
        """The conferences that changed since their snapshots, those with the most records first."""
        ready = [name for name in self._unsafe if self._folds[name].recorded is None]
        return sorted(ready, key=lambda name: -self._unsafe[name].records)

    def unsafe_records(self, conference: str) -> int:
        """How many records it has beyond its snapshot."""
        return self._unsafe[conference].records

    def size(self, conference: str) -> int:
        """How many records a conference holds."""
        return self._folds[conference].matcher.state.applied

    def snapshot(self, conference: str) -> StoredSnapshot:
        """A conference as of ``processed``; all that it told must be written. When it is kept, say ``kept``."""
        return StoredSnapshot(conference, self.processed, snapshot(self._folds[conference].matcher))

    def kept(self, kept: StoredSnapshot) -> None:
        """The snapshot would be found again."""
        fold, unsafe = self._folds[kept.name], self._unsafe.get(kept.name)
        fold.folded = max(fold.folded, kept.offset)
        if unsafe is not None and kept.offset >= self.processed:
            del self._unsafe[kept.name]

    # -- time -------------------------------------------------------------------------------------------------------

    def due(self, now: int) -> list[tuple[str, int, int]]:
        """The conferences in which something is due: conference, due time, records applied."""
        return [
            (conference, fold.due, fold.matcher.state.applied)
            for conference, fold in self._folds.items()
            if fold.due is not None and fold.due <= now
        ]

    def now_of(self, conference: str) -> int:
        """The now of a conference, ms."""
        return self._folds[conference].matcher.state.now
