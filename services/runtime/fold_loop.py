"""The fold loop: one thread folds appended records in slices and records the outputs.

Responsibility: the matchers, the thread, when outputs are recorded and snapshots saved.
Invariants: outputs are delivered only after they are recorded, together with the offset up to which they are decided.
Why: a slice takes at most 50 ms. Between two slices the thread answers queries about matchers and saves snapshots: the
state does not change then, and everything folded is recorded. A snapshot's bytes are produced in many small calls, so
other threads get the interpreter lock in between.
"""

import gc
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Reject
from services.journal import Journal, JournalError
from services.runtime.deduplication import is_sure_to_count
from services.runtime.journal_fold import JournalFold
from services.runtime.limits import Limits
from services.runtime.log_reader import LogRecord
from services.runtime.recovery import Progress, recover_fold
from services.runtime.results import BusyError, StoppedError
from services.runtime.router_state import ROUTER_LOG
from streams.matching import Matcher
from streams.matching.snapshot import snapshot

_POLL_S = 0.005  # between two checks whether everything is folded
_CLOCK_CHECK_RECORDS = 32  # records between two reads of the clock, less than a ms

MatcherQuery = tuple[str, Callable[[Matcher | None], Any], Callable[[Any], None]]


@dataclass(slots=True)
class FoldLoop:
    """Call-backs, in the loop's thread: ``on_recorded`` with a conference that has new outputs, ``on_failed`` with the
    error that stopped the loop.
    """

    journal: Journal
    limits: Limits
    on_recorded: Callable[[str], None]
    on_failed: Callable[[BaseException], None]
    counted_posts: deque[tuple[str, str]] = field(default_factory=deque)
    folds: dict[str, JournalFold] = field(default_factory=dict)
    policy: dict[str, Any] | None = None
    _queue: deque[tuple[str, LogRecord]] = field(default_factory=deque)
    _queries: deque[MatcherQuery] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False
    _until: float = float("inf")  # keeps folding until then
    _end: float = float("inf")
    _thread: threading.Thread | None = None

    def recover(self, progress: Progress) -> None:
        """Rebuilds every log's matcher from its snapshot and log; call it before ``start``."""
        on = gc.isenabled()
        gc.disable()  # millions of objects are created and none is freed
        try:
            for conference in self.journal.conferences():
                if conference != ROUTER_LOG:
                    unreadable = self._report_unreadable(conference)
                    self.folds[conference] = recover_fold(self.journal, conference, progress, unreadable, self.policy)
            gc.freeze()  # these objects stay, so the collector can skip them
        finally:
            if on:
                gc.enable()

    def _report_unreadable(self, conference: str) -> Callable[[int, Reject], None]:
        def report(offset: int, reject: Reject) -> None:
            self.journal.notices.append(
                f"The record at offset {offset:,} of {conference} can no longer be read ({reject.reason}). "
                "It is skipped."
            )

        return report

    def start(self) -> None:
        """Starts the thread."""
        now = time.monotonic()
        for fold in self.folds.values():
            fold.snapped_s = now
        self._thread = threading.Thread(target=self._run, name="hallway-fold", daemon=True)
        self._thread.start()

    def add(self, appended: list[tuple[str, LogRecord]]) -> None:
        """Queues appended records, in log order."""
        with self._changed:
            self._queue.extend(appended)
            self._changed.notify()

    @property
    def lag(self) -> int:
        """How many records are not folded yet."""
        return len(self._queue)

    def is_caught_up(self) -> bool:
        """Whether every log is folded to its end and all outputs are recorded."""
        logs = [log for log in self.journal.conferences() if log != ROUTER_LOG]
        folds = [self.folds.get(log) for log in logs]
        return all(fold and fold.folded == self.journal.length(fold.conference) and not fold.emitted for fold in folds)

    def drop(self, conference: str) -> bool:
        """Drops a conference's matcher once everything queued is folded; False if that takes too long.

        Call it from the thread that calls ``add``, so that no record follows.
        """
        until = time.monotonic() + self.limits.drop_s
        while self._queue:
            if self._stopping or time.monotonic() > until:
                return False
            time.sleep(_POLL_S)
        done = threading.Event()

        def remove(matcher: Matcher | None) -> None:
            self.folds = {name: fold for name, fold in self.folds.items() if name != conference}

        try:
            self.ask((conference, remove, lambda said: done.set()))
        except (BusyError, StoppedError):
            return False
        return done.wait(max(0.0, until - time.monotonic()))

    def ask(self, query: MatcherQuery) -> None:
        """Queues a query: the loop calls its function with the matcher (None: unknown) and passes the result on.

        BusyError, StoppedError.
        """
        with self._changed:
            if self._stopping:
                raise StoppedError("Hallway is stopping.")
            if len(self._queries) >= self.limits.waiting_queries:
                raise BusyError("Too many queries are waiting. Try again in a moment.")
            self._queries.append(query)
            self._changed.notify()

    def stop(self, limit_s: float) -> None:
        """Folds what it can in the time (the next start folds the rest), saves snapshots and stops."""
        with self._changed:
            self._until, self._end = time.monotonic() + limit_s / 2, time.monotonic() + 0.9 * limit_s
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(limit_s)

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping or (self._queue and time.monotonic() < self._until):
                idle = self._wait()
                touched = self._fold_slice()
                self._record(self.folds.values() if idle else touched, everything=idle)
                self._answer_queries()
                self._save_due_snapshots()
            self._record(self.folds.values(), everything=True)
            self._answer_queries()
            self._save_last_snapshots()
        except BaseException as error:  # noqa: BLE001  # a broken invariant ends the runner; the log has everything
            self.on_failed(error)

    def _wait(self) -> bool:
        """Waits for work; True if none arrived within ``idle_s``."""
        with self._changed:
            if self._queue or self._queries or self._stopping:
                return False
            return not self._changed.wait(self.limits.idle_s)

    def _fold_slice(self) -> list[JournalFold]:
        until = time.perf_counter() + self.limits.slice_s
        touched: dict[str, JournalFold] = {}
        queue, count = self._queue, 0
        while queue:
            conference, record = queue.popleft()
            fold = touched.get(conference)
            if fold is None:
                fold = touched[conference] = self._fold_of(conference)
            if fold.apply(record) and not is_sure_to_count(record.event):
                self.counted_posts.append((conference, record.event.id))
            count += 1
            if count % _CLOCK_CHECK_RECORDS == 0 and time.perf_counter() > until:
                break
        return list(touched.values())

    def _fold_of(self, conference: str) -> JournalFold:
        fold = self.folds.get(conference)
        if fold is None:
            fold = JournalFold(Matcher(conference, self.policy), self.policy, snapped_s=time.monotonic())
            self.folds = {**self.folds, conference: fold}  # a new dict, so that iterations over the old one stay valid
        return fold

    def _record(self, folds: Any, *, everything: bool) -> None:
        """Records outputs at once; progress without outputs only when it is worth a commit."""
        for fold in list(folds):
            behind = fold.folded - fold.decided
            if fold.emitted or behind >= self.limits.undecided_records or (everything and behind):
                self._record_until_done(fold)
            fold.update_due()

    def _record_until_done(self, fold: JournalFold) -> None:
        while True:
            try:
                if fold.record(self.journal):
                    self.on_recorded(fold.conference)
                return
            except (
                JournalError
            ):  # disk full: folding stops until there is space; a restart decides the same outputs again
                if self._stopping:
                    return
            self._refuse_queries()
            with self._changed:
                self._changed.wait(self.limits.full_pause_s)

    def _refuse_queries(self) -> None:
        """Fails waiting queries while the disk is full: the state is ahead of what is recorded, so no query may
        see it.
        """
        while self._queries:
            self._queries.popleft()[2](
                BusyError("The disk is full: the outputs of the last events are not stored yet.")
            )

    def _answer_queries(self) -> None:
        while self._queries:
            conference, function, done = self._queries.popleft()
            fold = self.folds.get(conference)
            try:
                done(function(None if fold is None else fold.matcher))
            except Exception as error:  # noqa: BLE001  # an error in the query's function goes to the caller
                done(error)

    # -- snapshots -----------------------------------------------------------------------------------------------

    def _save_due_snapshots(self) -> None:
        for fold in self.folds.values():
            new = fold.folded - fold.snapped
            old_s = time.monotonic() - fold.snapped_s
            # At least a tenth of the log, or a long log would be snapshotted too often.
            many = max(self.limits.snapshot_records, fold.folded // 10)
            if new >= many or (new and old_s >= self.limits.snapshot_s):
                self._record([fold], everything=True)
                self._save_snapshot(fold)

    def _save_last_snapshots(self) -> None:
        for fold in sorted(self.folds.values(), key=lambda fold: fold.snapped - fold.folded):
            # A snapshot that would not finish in time is skipped: the next start folds the end of the log instead.
            if fold.folded > fold.snapped and time.monotonic() + fold.snapshot_took_s < self._end:
                self._save_snapshot(fold)

    def _save_snapshot(self, fold: JournalFold) -> None:
        if fold.decided != fold.folded:
            return  # the disk was full
        fold.snapped, fold.snapped_s = fold.folded, time.monotonic()
        try:
            self.journal.save_snapshot(fold.conference, fold.folded, snapshot(fold.matcher))
            fold.snapshot_took_s = time.monotonic() - fold.snapped_s
        except JournalError:
            return  # the older snapshot stays; the next attempt comes after as many records
