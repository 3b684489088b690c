"""The outputs of a conference in the matches topic, since its snapshot.

Why: outputs are written in order, so only the last record that has outputs can be incomplete (a batch is atomic, but a
record's outputs may need several). Each output carries its record's number of outputs. Only when some are missing is
the record folded again and its outputs compared with those that were recorded.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush

import msgspec

from schemas.outputs import AnyOutput
from schemas.position import Position
from streams.runtime import recorded_outputs
from streams.workers.frames import Raw, header

COUNT_HEADER = "count"  # how many outputs the record has in all


def decode_output(raw: Raw) -> AnyOutput | None:
    """Decodes a record of the matches topic; None if it is not an output, or its key is not its conference."""
    try:
        if not isinstance(raw.value, bytes):
            return None
        output: AnyOutput = recorded_outputs.decode_output(raw.value)
        if raw.key != output.conference.encode():
            return None
        Position.parse(output.position)
        return output
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None


@dataclass(slots=True)
class _RecordOutputs:
    outputs: dict[int, AnyOutput] = field(default_factory=dict)
    count: int | None = None

    @property
    def is_complete(self) -> bool:
        return self.count is not None and len(self.outputs) >= self.count


@dataclass(slots=True)
class TopicOutputs:
    """Recorded outputs by the number of their record (the port ``RecordedOutputs``).

    ``first``: the offset of the first one in the matches topic; ``last``: the last record with outputs.
    """

    first: int
    last: int = -1
    _by_record: dict[int, _RecordOutputs] = field(default_factory=dict)
    _order: list[int] = field(default_factory=list)  # a heap of record numbers; each look-up needs only the lowest

    def add(self, output: AnyOutput, raw: Raw) -> None:
        """Adds an output of the matches topic; a duplicate changes nothing."""
        n, index = Position.parse(output.position)
        if n not in self._by_record:
            heappush(self._order, n)
        outputs = self._by_record.setdefault(n, _RecordOutputs())
        outputs.outputs.setdefault(index, output)
        count = header(raw, COUNT_HEADER)
        if count is not None:
            outputs.count = int(count)
        self.last = max(self.last, n)

    def discard_before(self, n: int) -> None:
        """As in the port."""
        while self._order and self._order[0] < n:
            del self._by_record[heappop(self._order)]

    def has_pending(self, n: int) -> bool:
        """As in the port."""
        return self.last >= n and bool(self._by_record)

    def is_incomplete(self, n: int) -> bool:
        """As in the port."""
        return self.last <= n and not self._by_record[self.last].is_complete

    def up_to(self, n: int) -> list[AnyOutput]:
        """As in the port."""
        ready: list[int] = []
        while self._order and self._order[0] <= n:
            ready.append(heappop(self._order))
        for known in ready:  # few: ``discard_before`` removes them
            heappush(self._order, known)
        return [output for known in ready for _, output in sorted(self._by_record[known].outputs.items())]
