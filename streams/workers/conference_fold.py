"""Folds one conference's records, and recovers the outputs that were already recorded for them.

Invariants: a recorded output is a fact and is never decided again. Only a record with missing outputs is decided anew,
and the outputs that exist stay as they are. This module knows nothing of other conferences or of what is safe to
commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.codec import encode_output, kind_of
from schemas.events import ConferenceOpened, Input
from schemas.outputs import AnyOutput
from streams.matching import Matcher
from streams.matching.snapshot import restore, snapshot
from streams.workers.frames import Raw
from streams.workers.ports import Message, typed_message
from streams.workers.recorded_outputs import COUNT_HEADER, RecordedOutputs

LogEntry = tuple[Input, int, int]  # event, its time, when it was recorded (ms)


@dataclass(slots=True)
class ConferenceFold:
    """``folded``: the matcher has all records before this offset. ``due``: when something becomes due, ms."""

    matcher: Matcher
    partition: int
    policy: dict[str, Any] | None = None
    folded: int = 0
    recorded: RecordedOutputs | None = None
    due: int | None = None

    def add_recorded(self, output: AnyOutput, raw: Raw) -> None:
        """Adds a recorded output; call ``discard_folded`` when all are added."""
        if self.recorded is None:
            self.recorded = RecordedOutputs(raw.offset)
        self.recorded.add(output, raw)

    def discard_folded(self) -> None:
        """Discards recorded outputs of records that the matcher has already folded."""
        if self.recorded is not None:
            self.recorded.discard_before(self.matcher.state.applied)
            if not self.recorded.has_pending(self.matcher.state.applied):
                self.recorded = None

    def update_due(self) -> None:
        """Updates ``due``; nothing is due until all recorded outputs are recovered."""
        self.due = None if self.recorded else self.matcher.next_due()

    def fold(self, record: LogEntry) -> list[Message]:
        """Folds a record. Returns the messages of those of its outputs that are not written yet."""
        if self.recorded is not None:
            return self._recover(self.recorded, record)
        outputs = self.matcher.apply(*record)
        return self._messages(outputs, len(outputs)) if outputs else []

    def _recover(self, known: RecordedOutputs, record: LogEntry) -> list[Message]:
        state = self.matcher.state
        n = state.applied
        if isinstance(record[0], ConferenceOpened) and not state.opened:
            n += len(state.early)  # early records are folded with the opening, and each counts as a record
        missing: list[Message] = []
        if known.is_incomplete(n):
            missing = self._complete(known.up_to(n), record)
        else:
            self.matcher.recover(*record, known.up_to(n))
        self.discard_folded()
        if self.recorded is None and not missing:
            self.matcher.resume()
        return missing

    def _complete(self, there: list[AnyOutput], record: LogEntry) -> list[Message]:
        """Decides a record again whose outputs were not all written.

        If the result differs from the recorded outputs, those alone stand.
        """
        self.matcher.resume()
        before = snapshot(self.matcher)
        applied = self.matcher.state.applied
        outputs = self.matcher.apply(*record)
        if self.matcher.state.applied == applied:  # a duplicate: the outputs belong to the next record
            self.matcher = restore(before, self.policy)
            return []
        same = [encode_output(output) for output in outputs[: len(there)]] == [encode_output(o) for o in there]
        if same:
            return self._messages(outputs[len(there) :], len(outputs))
        self.matcher = restore(before, self.policy)
        self.matcher.recover(*record, there)
        return []

    def _messages(self, outputs: Sequence[AnyOutput], count: int) -> list[Message]:
        counted = (COUNT_HEADER, str(count).encode())
        return [
            typed_message(output.conference, encode_output(output), kind_of(output), counted, partition=self.partition)
            for output in outputs
        ]
