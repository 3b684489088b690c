"""The fold: one thread applies what was appended, in slices, and records what it brings.

Owns: the matchers, the thread, when outputs are recorded and snapshots made. May never: hand on what is not recorded.
Theory: a slice is at most 50 ms, then outputs are recorded with the mark up to where they are decided, and only then
handed on. Whoever wants to look at a matcher asks, and is answered between two slices. Snapshots are made in this
thread between two slices, when everything folded is recorded: the state stands still then. The bytes are made in one
call after the other, and Python's lock is free between two pieces of them.
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
from services.runtime.deduplication import counts_for_sure
from services.runtime.limits import Limits
from services.runtime.log_reader import Kept
from services.runtime.recovery import Fold, Progress, recovered
from services.runtime.results import BusyError, StoppedError
from services.runtime.router_state import ROUTER_LOG
from streams.matching import Matcher
from streams.matching.snapshot import snapshot

_LOOK_S = 0.005  # between two looks whether all is folded
_LOOK_EVERY = 32  # records between two looks at the clock, less than a ms

Ask = tuple[str, Callable[[Matcher | None], Any], Callable[[Any], None]]


@dataclass(slots=True)
class Folding:
    """``recorded`` is called, in this thread, with a conference that has new outputs; ``failed`` with what broke it."""

    journal: Journal
    limits: Limits
    recorded: Callable[[str], None]
    failed: Callable[[BaseException], None]
    counted: deque[tuple[str, str]] = field(default_factory=deque)
    folds: dict[str, Fold] = field(default_factory=dict)
    policy: dict[str, Any] | None = None
    _queue: deque[tuple[str, Kept]] = field(default_factory=deque)
    _asks: deque[Ask] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False
    _until: float = float("inf")  # folds on till then
    _end: float = float("inf")
    _thread: threading.Thread | None = None

    def recover(self, progress: Progress) -> None:
        """Before ``start``: every log's matcher, from snapshot and log."""
        on = gc.isenabled()
        gc.disable()  # millions of objects are made and none is let go
        try:
            for conference in self.journal.conferences():
                if conference != ROUTER_LOG:
                    unreadable = self._unreadable(conference)
                    self.folds[conference] = recovered(self.journal, conference, progress, unreadable, self.policy)
            gc.freeze()  # what was made stays; the collector need not walk it again and again
        finally:
            if on:
                gc.enable()

    def _unreadable(self, conference: str) -> Callable[[int, Reject], None]:
        def told(offset: int, reject: Reject) -> None:
            self.journal.notices.append(
                f"The record at offset {offset:,} of {conference} is not read any more ({reject.reason}) and left out."
            )

        return told

    def start(self) -> None:
        """Begins to fold what is added."""
        now = time.monotonic()
        for fold in self.folds.values():
            fold.snapped_s = now
        self._thread = threading.Thread(target=self._run, name="hallway-fold", daemon=True)
        self._thread.start()

    def add(self, taken: list[tuple[str, Kept]]) -> None:
        """Takes over what was appended; in the order of the logs."""
        with self._changed:
            self._queue.extend(taken)
            self._changed.notify()

    @property
    def behind(self) -> int:
        """How many records wait."""
        return len(self._queue)

    def has_all(self) -> bool:
        """Whether every log is folded to its end and what it brought is recorded."""
        logs = [log for log in self.journal.conferences() if log != ROUTER_LOG]
        folds = [self.folds.get(log) for log in logs]
        return all(fold and fold.folded == self.journal.length(fold.conference) and not fold.told for fold in folds)

    def drop(self, conference: str) -> bool:
        """Lets go of a conference once all that was added is folded; False when that takes too long. Called by the one
        that adds, so that nothing comes after it."""
        until = time.monotonic() + self.limits.drop_s
        while self._queue:
            if self._stopping or time.monotonic() > until:
                return False
            time.sleep(_LOOK_S)
        done = threading.Event()

        def without(matcher: Matcher | None) -> None:
            self.folds = {name: fold for name, fold in self.folds.items() if name != conference}

        try:
            self.ask((conference, without, lambda said: done.set()))
        except (BusyError, StoppedError):
            return False
        return done.wait(max(0.0, until - time.monotonic()))

    def ask(self, ask: Ask) -> None:
        """Has a function called with a conference's matcher (None where there is none), then what it gave passed on."""
        with self._changed:
            if self._stopping:
                raise StoppedError("Hallway is stopping.")
            if len(self._asks) >= self.limits.asked_at_once:
                raise BusyError("Too many ask at once. Try again in a moment.")
            self._asks.append(ask)
            self._changed.notify()

    def stop(self, limit_s: float) -> None:
        """Folds what is left as far as the time goes (a start folds the rest), makes snapshots, and ends."""
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
                touched = self._slice()
                self._record(self.folds.values() if idle else touched, everything=idle)
                self._answer()
                self._snapshots()
            self._record(self.folds.values(), everything=True)
            self._answer()
            self._last_snapshots()
        except BaseException as error:  # noqa: BLE001  # a broken invariant ends the runner; the log has everything
            self.failed(error)

    def _wait(self) -> bool:
        """Waits for work; whether none came for a while."""
        with self._changed:
            if self._queue or self._asks or self._stopping:
                return False
            return not self._changed.wait(self.limits.idle_s)

    def _slice(self) -> list[Fold]:
        until = time.perf_counter() + self.limits.slice_s
        touched: dict[str, Fold] = {}
        queue, count = self._queue, 0
        while queue:
            conference, kept = queue.popleft()
            fold = touched.get(conference)
            if fold is None:
                fold = touched[conference] = self._fold_of(conference)
            if fold.apply(kept) and not counts_for_sure(kept.event):
                self.counted.append((conference, kept.event.id))
            count += 1
            if count % _LOOK_EVERY == 0 and time.perf_counter() > until:
                break
        return list(touched.values())

    def _fold_of(self, conference: str) -> Fold:
        fold = self.folds.get(conference)
        if fold is None:
            fold = Fold(conference, Matcher(conference, self.policy), snapped_s=time.monotonic())
            self.folds = {**self.folds, conference: fold}  # whoever goes through the old one is not disturbed
        return fold

    def _record(self, folds: Any, *, everything: bool) -> None:
        """Records outputs at once; that there were none, when it is worth a commit."""
        for fold in list(folds):
            behind = fold.folded - fold.recorded
            if fold.told or behind >= self.limits.undecided_records or (everything and behind):
                self._record_one(fold)
            fold.due = fold.matcher.next_due()

    def _record_one(self, fold: Fold) -> None:
        while True:
            try:
                if fold.record(self.journal):
                    self.recorded(fold.conference)
                return
            except JournalError:  # no room: nothing is folded on until there is; a start decides it again, the same
                if self._stopping:
                    return
            self._refuse()
            with self._changed:
                self._changed.wait(self.limits.full_pause_s)

    def _refuse(self) -> None:
        """Whoever asks is not kept waiting for room; nor answered, for the state knows what is not recorded yet."""
        while self._asks:
            self._asks.popleft()[2](BusyError("The disk is full; what follows from the last events is not kept yet."))

    def _answer(self) -> None:
        while self._asks:
            conference, function, done = self._asks.popleft()
            fold = self.folds.get(conference)
            try:
                done(function(None if fold is None else fold.matcher))
            except Exception as error:  # noqa: BLE001  # the asker's fault, told to the asker
                done(error)

    # -- snapshots -----------------------------------------------------------------------------------------------

    def _snapshots(self) -> None:
        for fold in self.folds.values():
            new = fold.folded - fold.snapped
            old_s = time.monotonic() - fold.snapped_s
            # A tenth of the log at least: else a long one would be written again and again.
            many = max(self.limits.snapshot_records, fold.folded // 10)
            if new >= many or (new and old_s >= self.limits.snapshot_s):
                self._record([fold], everything=True)
                self._snapshot(fold)

    def _last_snapshots(self) -> None:
        for fold in sorted(self.folds.values(), key=lambda fold: fold.snapped - fold.folded):
            # One that would not be done in time is left to the next start, which folds the end of the log instead.
            if fold.folded > fold.snapped and time.monotonic() + fold.snapshot_took_s < self._end:
                self._snapshot(fold)

    def _snapshot(self, fold: Fold) -> None:
        if fold.recorded != fold.folded:
            return  # the disk was full
        fold.snapped, fold.snapped_s = fold.folded, time.monotonic()
        try:
            self.journal.save_snapshot(fold.conference, fold.folded, snapshot(fold.matcher))
            fold.snapshot_took_s = time.monotonic() - fold.snapped_s
        except JournalError:
            return  # the older one stays; the next is tried after as many records
