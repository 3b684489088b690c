"""The fold of one conference's log in a partition: decided anew, or recovered with what was told before.

Owns: what a record brings: its outputs, or those of them that are missing. May never: know of other conferences, of
offsets behind its own, or of what is safe. Theory: outputs that were recorded are facts. Only where some of a record's
outputs may be missing is it decided anew, and what is there already stays as it is.
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
from streams.workers.recorded_outputs import COUNT_HEADER, Recorded

Taken = tuple[Input, int, int]  # an event, its time, when it was recorded: ms


@dataclass(slots=True)
class ConferenceFold:
    """``folded``: records before this offset are in the matcher. ``due``: when something becomes due, ms."""

    matcher: Matcher
    partition: int
    policy: dict[str, Any] | None = None
    folded: int = 0
    recorded: Recorded | None = None
    due: int | None = None

    def remember(self, output: AnyOutput, raw: Raw) -> None:
        """Takes in a recorded output; ``let_go`` when all are there."""
        if self.recorded is None:
            self.recorded = Recorded(raw.offset)
        self.recorded.add(output, raw)

    def let_go(self) -> None:
        """Forgets what was told at records that the matcher holds already."""
        if self.recorded is not None:
            self.recorded.before(self.matcher.state.applied)
            if not self.recorded.pending(self.matcher.state.applied):
                self.recorded = None

    def look_ahead(self) -> None:
        """Works out when something becomes due: not before all that was told is recovered."""
        self.due = None if self.recorded else self.matcher.next_due()

    def take(self, record: Taken) -> list[Message]:
        """Folds a record; the messages of its outputs that are not told yet."""
        if self.recorded is not None:
            return self._recover(self.recorded, record)
        outputs = self.matcher.apply(*record)
        return self._messages(outputs, len(outputs)) if outputs else []

    def _recover(self, known: Recorded, record: Taken) -> list[Message]:
        state = self.matcher.state
        n = state.applied
        if isinstance(record[0], ConferenceOpened) and not state.opened:
            n += len(state.early)  # they are folded with it, each a record of its own
        missing: list[Message] = []
        if known.torn(n):
            missing = self._mended(known.of(n), record)
        else:
            self.matcher.recover(*record, known.of(n))
        self.let_go()
        if self.recorded is None and not missing:
            self.matcher.resume()
        return missing

    def _mended(self, there: list[AnyOutput], record: Taken) -> list[Message]:
        """Decides a record anew whose outputs were not all written; what was told stays, if need be alone."""
        self.matcher.resume()
        before = snapshot(self.matcher)
        applied = self.matcher.state.applied
        outputs = self.matcher.apply(*record)
        if self.matcher.state.applied == applied:  # a double: the outputs are those of the next record
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
