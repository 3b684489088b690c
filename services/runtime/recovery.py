"""The matcher of a log, at the start: newest good snapshot, then the log's end.

Owns: which of restore, recover and apply is for which part of the log. May never: decide anew what was decided: below
``decided`` the recorded outputs are applied, under any policy and any engine.

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
from services.runtime.log_reader import Kept, Unreadable, records
from streams.matching import Matcher
from streams.matching.snapshot import SnapshotError, restore

Progress = Callable[[str, int, int], None]  # conference, records done, records in all
_SAID_EVERY = 10_000  # records between two words of progress, a tenth of a second
_RECORDED_EVERY = 5_000  # records applied between two commits of outputs

decode_output = msgspec.json.Decoder(AnyOutput).decode


@dataclass(slots=True)
class Fold:
    """A log's matcher, and how far it is: ``folded`` records; the outputs of ``recorded`` are in the journal."""

    conference: str
    matcher: Matcher
    folded: int = 0
    recorded: int = 0
    snapped: int = 0
    snapped_s: float = 0.0
    snapshot_took_s: float = 0.0
    told: list[OutputLine] = field(default_factory=list)
    due: int | None = None

    def apply(self, kept: Kept) -> bool:
        """Folds one record; whether it counted."""
        before = self.matcher.state.applied
        for output in self.matcher.apply(kept.event, kept.at, kept.recorded):
            self.told.append((output.position, encode_output(output)))
        self.folded = kept.offset + 1
        return self.matcher.state.applied != before

    def record(self, journal: Journal) -> bool:
        """Records what was put out; whether there was anything."""
        journal.record(self.conference, self.folded, self.told)
        told, self.told = self.told, []
        self.recorded = self.folded
        return bool(told)


class _Recorded:
    """The recorded outputs of each record: those of a double belong to the next that counts."""

    def __init__(self, outputs: Iterator[OutputLine]) -> None:
        self._outputs = outputs
        self._next = next(outputs, None)
        self._n = -1
        self._told: list[AnyOutput] = []

    def of(self, n: int) -> list[AnyOutput]:
        """What was told with n records applied."""
        if n != self._n:
            self._n, self._told = n, []
        while self._next is not None and parse_position(self._next[0])[0] <= n:
            self._told.append(decode_output(self._next[1]))
            self._next = next(self._outputs, None)
        return self._told


def recovered(
    journal: Journal,
    conference: str,
    progress: Progress,
    unreadable: Unreadable,
    policy: dict[str, Any] | None = None,
) -> Fold:
    """The fold of a log, up to its end; outputs that were not decided are recorded."""
    end, decided = journal.length(conference), journal.decided(conference)
    matcher, start = _restored(journal, conference, decided, policy)
    fold = Fold(conference, matcher, folded=start, recorded=decided, snapped=start)
    done = 0

    def said(kept: Kept) -> None:
        nonlocal done
        done += 1
        if done % _SAID_EVERY == 0:
            progress(conference, done, end - start)

    if start < decided:
        recorded = _Recorded(journal.outputs(conference, from_n=matcher.state.applied))
        for kept in records(journal, conference, start, decided, unreadable):
            matcher.recover(kept.event, kept.at, kept.recorded, recorded.of(matcher.state.applied))
            said(kept)
        matcher.resume()
        fold.folded = decided
    for kept in records(journal, conference, decided, end, unreadable):
        fold.apply(kept)
        said(kept)
        if done % _RECORDED_EVERY == 0:
            fold.record(journal)
    fold.folded = end
    if fold.folded > fold.recorded or fold.told:
        fold.record(journal)
    fold.due = matcher.next_due()
    progress(conference, end - start, end - start)
    return fold


def _restored(journal: Journal, conference: str, most: int, policy: dict[str, Any] | None) -> tuple[Matcher, int]:
    """The newest state that can be read, and how many records it holds."""
    found = journal.latest_snapshot(conference, most)
    while found is not None:
        try:
            return restore(found.data, policy), found.offset
        except SnapshotError as error:
            journal.notices.append(f"The snapshot of {conference} at {found.offset:,} is not used: {error}")
            found = journal.latest_snapshot(conference, found.offset - 1)
    return Matcher(conference, policy), 0
