"""The outputs of a conference that were recorded after its snapshot: facts for the fold that comes after a restart.

Owns: which outputs were told at which record, once each. May never: decide anything.
Theory: outputs go out in order, so only those of the last record with any can be incomplete (a batch is whole, but a
record's outputs may take several). Each carries how many its record has; only when some are missing is the record
folded anew and what comes of it compared with what is there.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush

import msgspec

from schemas.outputs import AnyOutput
from streams.workers.frames import Raw, header

COUNT_HEADER = "count"  # how many outputs the record has in all

_decoder = msgspec.json.Decoder(AnyOutput)


def output_of(raw: Raw) -> AnyOutput | None:
    """An output in the topic of matches; None for what is none, or has another key than its conference."""
    try:
        output: AnyOutput | None = _decoder.decode(raw.value) if isinstance(raw.value, bytes) else None
        if output is None or raw.key != output.conference.encode():
            return None
        parts(output.position)
        return output
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None


def parts(position: str) -> tuple[int, int]:
    """A position as numbers: records applied before, index."""
    n, _, index = position.partition("-")
    return int(n), int(index)


@dataclass(slots=True)
class _Told:
    outputs: dict[int, AnyOutput] = field(default_factory=dict)
    count: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.count is not None and len(self.outputs) >= self.count


@dataclass(slots=True)
class Recorded:
    """``first``: the offset of the first of them in the topic of matches; ``last``: the last record with any."""

    first: int
    last: int = -1
    _told: dict[int, _Told] = field(default_factory=dict)
    _order: list[int] = field(default_factory=list)  # a heap of them: each record asks for the first ones alone

    def add(self, output: AnyOutput, raw: Raw) -> None:
        """Takes in an output of the topic of matches; one that is there already changes nothing."""
        n, index = parts(output.position)
        if n not in self._told:
            heappush(self._order, n)
        told = self._told.setdefault(n, _Told())
        told.outputs.setdefault(index, output)
        count = header(raw, COUNT_HEADER)
        if count is not None:
            told.count = int(count)
        self.last = max(self.last, n)

    def before(self, n: int) -> None:
        """Lets go of what was told at records that the fold holds already."""
        while self._order and self._order[0] < n:
            del self._told[heappop(self._order)]

    def pending(self, n: int) -> bool:
        """Whether there are outputs of the n-th record or a later one."""
        return self.last >= n and bool(self._told)

    def torn(self, n: int) -> bool:
        """Whether some of the outputs of this record may be missing."""
        return self.last <= n and not self._told[self.last].is_whole

    def of(self, n: int) -> list[AnyOutput]:
        """What was told up to the n-th record and was not asked for before, in order."""
        ready: list[int] = []
        while self._order and self._order[0] <= n:
            ready.append(heappop(self._order))
        for known in ready:  # few: ``before`` lets go of them
            heappush(self._order, known)
        return [output for known in ready for _, output in sorted(self._told[known].outputs.items())]
