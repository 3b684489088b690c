"""Rebuilds a log's matcher at startup: from the newest good snapshot, then the rest of the log.

Responsibility: which part of the log is restored, recovered or applied.
Invariants: what was decided is never decided again. Below ``decided`` the recorded outputs are applied, under any
policy and any version of the engine.

    snapshot     the state at its offset
    ... decided  recover() with the recorded outputs, then resume()
    ... end      apply()
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.codec import encode_output
from schemas.outputs import AnyOutput
from services.journal import Journal, OutputLine
from services.journal.port import parse_position
from services.runtime.log_reader import LogRecord, Unreadable, read_records
from streams.matching import Matcher
from streams.matching.snapshot import SnapshotError, restore

Progress = Callable[[str, int, int], None]  # conference, records done, records in all
_PROGRESS_EVERY = 10_000  # records between two progress reports, a tenth of a second
_RECORDED_EVERY = 5_000  # records applied between two commits of outputs

decode_output = msgspec.json.Decoder(AnyOutput).decode


@dataclass(slots=True)
class Fold:
    """A log's matcher and its progress: it has folded ``folded`` records, and ``recorded`` of them have their outputs
    in the journal. ``snapped``: records in the newest snapshot.
    """

    conference: str
    matcher: Matcher
    folded: int = 0
    recorded: int = 0
    snapped: int = 0
    snapped_s: float = 0.0
    snapshot_took_s: float = 0.0
    emitted: list[OutputLine] = field(default_factory=list)
    due: int | None = None

    def apply(self, record: LogRecord) -> bool:
        """Folds one record; returns whether it counted."""
        before = self.matcher.state.applied
        for output in self.matcher.apply(record.event, record.at, record.recorded):
            self.emitted.append((output.position, encode_output(output)))
        self.folded = record.offset + 1
        return self.matcher.state.applied != before

    def record(self, journal: Journal) -> bool:
        """Records the emitted outputs and the progress; returns whether there were outputs."""
        journal.record(self.conference, self.folded, self.emitted)
        emitted, self.emitted = self.emitted, []
        self.recorded = self.folded
        return bool(emitted)


class _RecordedOutputs:
    """The recorded outputs, grouped by record. A duplicate emits nothing, so its group is that of the next that
    counts.
    """

    def __init__(self, outputs: Iterator[OutputLine]) -> None:
        self._outputs = outputs
        self._next = next(outputs, None)
        self._n = -1
        self._emitted: list[AnyOutput] = []

    def of(self, n: int) -> list[AnyOutput]:
        """The outputs that were emitted with n records applied."""
        if n != self._n:
            self._n, self._emitted = n, []
        while self._next is not None and parse_position(self._next[0])[0] <= n:
            self._emitted.append(decode_output(self._next[1]))
            self._next = next(self._outputs, None)
        return self._emitted


def recover_fold(
    journal: Journal,
    conference: str,
    progress: Progress,
    unreadable: Unreadable,
    policy: dict[str, Any] | None = None,
) -> Fold:
    """Rebuilds the fold of a log up to its end, and records outputs that were not decided yet."""
    end, decided = journal.length(conference), journal.decided(conference)
    matcher, start = _restore_snapshot(journal, conference, decided, policy)
    fold = Fold(conference, matcher, folded=start, recorded=decided, snapped=start)
    done = 0

    def report(record: LogRecord) -> None:
        nonlocal done
        done += 1
        if done % _PROGRESS_EVERY == 0:
            progress(conference, done, end - start)

    if start < decided:
        recorded = _RecordedOutputs(journal.outputs(conference, from_n=matcher.state.applied))
        for record in read_records(journal, conference, start, decided, unreadable):
            matcher.recover(record.event, record.at, record.recorded, recorded.of(matcher.state.applied))
            report(record)
        matcher.resume()
        fold.folded = decided
    for record in read_records(journal, conference, decided, end, unreadable):
        fold.apply(record)
        report(record)
        if done % _RECORDED_EVERY == 0:
            fold.record(journal)
    fold.folded = end
    if fold.folded > fold.recorded or fold.emitted:
        fold.record(journal)
    fold.due = matcher.next_due()
    progress(conference, end - start, end - start)
    return fold


def _restore_snapshot(
    journal: Journal, conference: str, most: int, policy: dict[str, Any] | None
) -> tuple[Matcher, int]:
    """The newest readable snapshot's matcher, and how many records it has folded."""
    found = journal.latest_snapshot(conference, most)
    while found is not None:
        try:
            return restore(found.data, policy), found.offset
        except SnapshotError as error:
            journal.notices.append(f"The snapshot of {conference} at {found.offset:,} is not used: {error}")
            found = journal.latest_snapshot(conference, found.offset - 1)
    return Matcher(conference, policy), 0
