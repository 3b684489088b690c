"""The fold of one log in a journal: it collects the outputs until they are recorded."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.codec import encode_output
from schemas.outputs import AnyOutput
from schemas.position import Position
from services.journal import Journal, OutputLine
from services.runtime.log_reader import LogRecord
from streams.runtime.conference_fold import ConferenceFold
from streams.runtime.recorded_outputs import decode_output


class JournalOutputs:
    """The recorded outputs of a log (the port ``RecordedOutputs``), read as they are needed.

    Why: the journal records outputs together with how far they are decided, so those of a record are there or not. A
    record without outputs was decided too, and only the journal knows up to where: ``has_pending`` says yes, until the
    recovery is finished.
    """

    def __init__(self, outputs: Iterator[OutputLine]) -> None:
        self._outputs = outputs
        self._next = next(outputs, None)
        self._ready: list[AnyOutput] = []

    def up_to(self, n: int) -> list[AnyOutput]:
        """As in the port."""
        while self._next is not None and Position.parse(self._next[0]).applied <= n:
            self._ready.append(decode_output(self._next[1]))
            self._next = next(self._outputs, None)
        return self._ready

    def discard_before(self, n: int) -> None:
        """As in the port."""
        if self._ready and Position.parse(self._ready[0].position).applied < n:
            self._ready = [output for output in self._ready if Position.parse(output.position).applied >= n]

    def is_incomplete(self, n: int) -> bool:
        """As in the port."""
        return False

    def has_pending(self, n: int) -> bool:
        """As in the port."""
        return True


@dataclass(slots=True)
class JournalFold(ConferenceFold[JournalOutputs]):
    """``decided``: the number of records whose outputs are in the journal. ``snapped``: records in the newest snapshot,
    which was made at ``snapped_s``.
    """

    decided: int = 0
    snapped: int = 0
    snapped_s: float = 0.0
    snapshot_took_s: float = 0.0
    emitted: list[OutputLine] = field(default_factory=list)

    @property
    def conference(self) -> str:
        """The name of the log."""
        return self.matcher.state.conference

    def apply(self, record: LogRecord) -> bool:
        """Folds one record; returns whether it counted."""
        before = self.matcher.state.applied
        for output in self.fold(record.event, record.at, record.recorded).outputs:
            self.emitted.append((output.position, encode_output(output)))
        self.folded = record.offset + 1
        return self.matcher.state.applied != before

    def record(self, journal: Journal) -> bool:
        """Records the emitted outputs and the progress; returns whether there were outputs."""
        journal.record(self.conference, self.folded, self.emitted)
        emitted, self.emitted = self.emitted, []
        self.decided = self.folded
        return bool(emitted)
