"""Rebuilds a log's matcher at startup: from the newest good snapshot, then the rest of the log.

Responsibility: which part of the log is restored, recovered or applied.
Invariants: what was decided is never decided again. Below ``decided`` the recorded outputs are applied, under any
policy and any version of the engine.

    snapshot     the state at its offset
    ... decided  recover() with the recorded outputs, then resume()
    ... end      apply()
"""

from collections.abc import Callable
from typing import Any

from services.journal import Journal
from services.runtime.journal_fold import JournalFold, JournalOutputs
from services.runtime.log_reader import Unreadable, read_records
from streams.matching import Matcher
from streams.matching.snapshot import SnapshotError, restore

Progress = Callable[[str, int, int], None]  # conference, records done, records in all
_PROGRESS_EVERY = 10_000  # records between two progress reports, a tenth of a second
_RECORDED_EVERY = 5_000  # records applied between two commits of outputs


def recover_fold(
    journal: Journal,
    conference: str,
    progress: Progress,
    unreadable: Unreadable,
    policy: dict[str, Any] | None = None,
) -> JournalFold:
    """Rebuilds the fold of a log up to its end, and records outputs that were not decided yet."""
    end, decided = journal.length(conference), journal.decided(conference)
    matcher, start = _restore_snapshot(journal, conference, decided, policy)
    fold = JournalFold(matcher, policy, folded=start, decided=decided, snapped=start)
    done = 0

    def apply(from_offset: int, to: int) -> None:
        nonlocal done
        for record in read_records(journal, conference, from_offset, to, unreadable):
            fold.apply(record)
            done += 1
            if done % _PROGRESS_EVERY == 0:
                progress(conference, done, end - start)
            if fold.recorded is None and done % _RECORDED_EVERY == 0:
                fold.record(journal)
        fold.folded = to

    if start < decided:
        fold.recorded = JournalOutputs(journal.outputs(conference, from_n=matcher.state.applied))
        apply(start, decided)
        fold.finish_recovery()
    apply(decided, end)
    if fold.folded > fold.decided or fold.emitted:
        fold.record(journal)
    fold.update_due()
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
