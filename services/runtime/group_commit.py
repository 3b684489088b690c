"""Group commit: one thread appends what many senders submitted in one transaction, and answers afterwards.

Responsibility: the bounded queue of submissions, the thread, ``recorded_at``.
Invariants: nothing is answered before it is on the disk. ``recorded_at`` is the clock's time, but never less than the
last one of any log: a clock that jumps back stands still here.
Why: while one commit waits for the disk, submissions gather and share the next one, so throughput grows with load.
Senders take turns, so one sender's many events do not delay another's few.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Record
from services.journal import Journal, JournalError
from services.runtime.append_plan import Plan, Planner, build_answers, build_log_records
from services.runtime.fair_queue import FairQueue
from services.runtime.known_dead_letters import KnownDeadLetters
from services.runtime.limits import Limits
from services.runtime.log_reader import LogRecord
from services.runtime.results import Answer, BusyError, StoppedError
from services.runtime.router_state import ROUTER_LOG, save_router

Outcome = list[Answer] | Exception
_MAX_SLEEP_S = 0.5  # so that a lost wake-up delays the thread at most this long
_EVENT_BYTES = 400  # an event's usual size, to check for free space before events are encoded


@dataclass(slots=True)
class Submission:
    """Events, or a tick (conference, due), to be appended together; or a conference to ``forget``, alone.

    ``waiter``: the future that gets the answers. ``sender``: who submitted it, empty for the log's owner.
    """

    records: Sequence[Record]
    dead_letters: Sequence[bytes]
    waiter: Any
    tick: tuple[str, int] | None = None
    forget: str | None = None
    sender: str = ""

    def weight(self) -> int:
        """The number of lines, which the limits count."""
        return len(self.records) + len(self.dead_letters) + 1


@dataclass(slots=True)
class GroupCommitter:
    """Call-backs, in the committer's thread: ``on_appended`` with the appended records, in order; ``on_answered`` with
    the outcomes of a commit; ``on_failed`` with the error that stopped the thread.
    """

    journal: Journal
    planner: Planner
    clock: Callable[[], int]
    limits: Limits
    on_appended: Callable[[list[tuple[str, LogRecord]]], None]
    on_answered: Callable[[list[tuple[Submission, Outcome]]], None]
    on_failed: Callable[[BaseException], None]
    counted_posts: deque[tuple[str, str]]  # ids of posts that the fold has counted
    drop_conference: Callable[[str], bool]  # drops a conference from the fold loop; False: not yet, try again
    known_dead_letters: KnownDeadLetters
    now: int = 0
    _queue: FairQueue[Submission] = field(default_factory=FairQueue)
    _stopping: bool = False
    _routed: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread."""
        self.now = self.journal.last_recorded() or 0
        self._thread = threading.Thread(target=self._run, name="hallway-committer", daemon=True)
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        """Queues a submission. BusyError, StoppedError."""
        with self._changed:
            if self._stopping or self._thread is None:
                raise StoppedError("Hallway is stopping.")
            weight, own = submission.weight(), self._queue.weight_of(submission.sender)
            too_many = self._queue and self._queue.weight + weight > self.limits.waiting_lines
            if too_many or (own and own + weight > self.limits.sender_waiting_lines):
                raise BusyError(f"{self._queue.weight:,} events wait to be written. Try again in a moment.")
            self._queue.add(submission.sender, weight, submission)
            self._changed.notify()

    def stop(self, limit_s: float) -> None:
        """Accepts no more; returns when everything queued is on the disk, or after ``limit_s``."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(limit_s)

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        batch: list[Submission] = []
        try:
            while batch := self._take():
                self._commit(batch)
        except BaseException as error:  # noqa: BLE001  # a broken invariant: fails every waiting submission and stops the runner
            self.on_failed(error)
            with self._changed:
                self._stopping = True
                left = [*batch, *self._queue.clear()]
            self.on_answered([(submission, StoppedError("Hallway has failed.")) for submission in left])

    def _take(self) -> list[Submission]:
        """The submissions that share the next commit; empty when the thread should end."""
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return []
                self._changed.wait(_MAX_SLEEP_S)
            batch: list[Submission] = []
            weight = 0
            while self._queue:
                more, submission = self._queue.first()
                if batch and (weight + more > self.limits.commit_lines or submission.forget is not None):
                    break
                batch.append(self._queue.take())
                weight += more
                if submission.forget is not None:
                    break
            return batch

    def _commit(self, batch: list[Submission]) -> None:
        if batch[0].forget is not None:
            self.on_answered([(batch[0], self._forget(batch[0].forget))])
            return
        planner, plans = self.planner, list[Plan]()
        try:
            planner.catch_up(sum(submission.weight() for submission in batch) * _EVENT_BYTES)
            while self.counted_posts:
                planner.add_counted([self.counted_posts.popleft()])
            self.now = max(self.now, self.clock())
            plans = [self._plan(submission) for submission in batch]
            offsets = self._append(plans, batch)
        except JournalError as error:
            for plan in plans:
                planner.undo(plan)
            self.on_answered([(submission, error) for submission in batch])
            return
        self._publish(batch, plans, offsets)

    def _forget(self, conference: str) -> Outcome:
        """Removes a conference, in this thread so that no record is appended meanwhile. A failure can be retried."""
        try:
            if not self.drop_conference(conference):
                return BusyError("The conference has events that are not folded yet. Try again in a moment.")
            self.journal.forget(conference)
            self.planner.forget(conference)
            self.journal.drop_snapshots(ROUTER_LOG)
        except JournalError as error:
            return error
        self.save_router()
        return []

    def _publish(self, batch: list[Submission], plans: list[Plan], offsets: list[int]) -> None:
        start = 0
        appended: list[tuple[str, LogRecord]] = []
        outcomes: list[tuple[Submission, Outcome]] = []
        for submission, plan in zip(batch, plans, strict=True):
            own = offsets[start : start + len(plan.entries)]
            start += len(own)
            appended += build_log_records(plan, own)
            outcomes.append((submission, build_answers(plan, own)))
        if appended:
            self.on_appended(appended)
        self.on_answered(outcomes)
        self._routed += len(appended)
        if self._routed >= self.limits.snapshot_records:
            self.save_router()

    def _plan(self, submission: Submission) -> Plan:
        if submission.tick is not None:
            return self.planner.tick(*submission.tick, self.now)
        return self.planner.plan(submission.records, self.now)

    def _append(self, plans: list[Plan], batch: list[Submission]) -> list[int]:
        entries = [entry for plan in plans for entry in plan.entries]
        dead_letters = self.known_dead_letters.filter_new(
            [letter for submission in batch for letter in submission.dead_letters]
        )
        if not entries and not dead_letters:
            return []
        return self.journal.append(entries, self.now, dead_letters)

    def save_router(self) -> None:
        """Saves a snapshot of the router, so that a start need not read all logs. On a full disk the older one
        stays.
        """
        self._routed = 0
        if self.planner.is_current:
            try:
                save_router(self.journal, self.planner.router)
            except JournalError:
                return
