"""Folds one conference's records, and recovers the outputs that were already recorded for them.

Invariants: a recorded output is a fact and is never decided again. Only a record with missing outputs is decided anew,
and the outputs that exist stay as they are. This module knows nothing of other conferences, of storage, or of what is
safe to commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.codec import encode_output
from schemas.events import ConferenceOpened, Input
from schemas.outputs import AnyOutput
from streams.matching import Matcher
from streams.matching.snapshot import restore, snapshot
from streams.runtime.recorded_outputs import RecordedOutputs


class Emitted(NamedTuple):
    """The outputs of a record that are not recorded yet, and how many it has in all."""

    outputs: Sequence[AnyOutput]
    total: int


NOTHING = Emitted((), 0)
R = TypeVar("R", bound=RecordedOutputs)


@dataclass(slots=True)
class ConferenceFold(Generic[R]):
    """``folded``: the matcher has all records before this offset. ``due``: when something becomes due, ms.

    ``recorded``: what was recorded of records that it has not folded; None: it decides.
    """

    matcher: Matcher
    policy: dict[str, Any] | None = None
    folded: int = 0
    recorded: R | None = None
    due: int | None = None

    def discard_folded(self) -> None:
        """Discards recorded outputs of records that the matcher has already folded."""
        if self.recorded is not None:
            applied = self.matcher.state.applied
            self.recorded.discard_before(applied)
            if not self.recorded.has_pending(applied):
                self.recorded = None

    def update_due(self) -> None:
        """Updates ``due``; nothing is due until all recorded outputs are recovered."""
        self.due = None if self.recorded else self.matcher.next_due()

    def fold(self, event: Input, at: int, recorded_at: int) -> Emitted:
        """Folds a record. ``at``, ``recorded_at``: ms."""
        if self.recorded is not None:
            return self._recover(self.recorded, event, at, recorded_at)
        outputs = self.matcher.apply(event, at, recorded_at)
        return Emitted(outputs, len(outputs)) if outputs else NOTHING

    def finish_recovery(self) -> None:
        """Nothing more is recorded: from the next record on, it decides."""
        self.recorded = None
        self.matcher.resume()

    def _recover(self, known: RecordedOutputs, event: Input, at: int, recorded_at: int) -> Emitted:
        state = self.matcher.state
        n = state.applied
        if isinstance(event, ConferenceOpened) and not state.opened:
            n += len(state.early)  # early records are folded with the opening, and each counts as a record
        missing = NOTHING
        if known.is_incomplete(n):
            missing = self._complete(known.up_to(n), event, at, recorded_at)
        else:
            self.matcher.recover(event, at, recorded_at, known.up_to(n))
        self.discard_folded()
        if self.recorded is None and not missing.outputs:
            self.matcher.resume()
        return missing

    def _complete(self, there: list[AnyOutput], event: Input, at: int, recorded_at: int) -> Emitted:
        """Decides a record again whose outputs were not all written.

        If the result differs from the recorded outputs, those alone stand.
        """
        self.matcher.resume()
        before = snapshot(self.matcher)
        applied = self.matcher.state.applied
        outputs = self.matcher.apply(event, at, recorded_at)
        if self.matcher.state.applied == applied:  # a duplicate: the outputs belong to the next record
            self.matcher = restore(before, self.policy)
            return NOTHING
        same = [encode_output(output) for output in outputs[: len(there)]] == [encode_output(o) for o in there]
        if same:
            return Emitted(outputs[len(there) :], len(outputs))
        self.matcher = restore(before, self.policy)
        self.matcher.recover(event, at, recorded_at, there)
        return NOTHING
