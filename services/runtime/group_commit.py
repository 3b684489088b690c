"""Group commit: one thread appends what many have submitted, in one transaction, and answers after it.

Owns: the bounded queue of submissions, the thread, ``recorded_at``. May never: answer before the disk has it.
Theory: while one commit waits for the disk, submissions gather; they share the next one. So the more come, the more
share; of the senders each has a turn, so that nobody's many keep another's few from the next commit. ``recorded_at``
is the clock's, but never below the last one of any log: a clock that jumps back stands still here.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Record
from services.journal import Journal, JournalError
from services.runtime.append_plan import Plan, Planner, answers, appended
from services.runtime.fair_queue import FairQueue
from services.runtime.known_dead_letters import Lettered
from services.runtime.limits import Limits
from services.runtime.log_reader import Kept
from services.runtime.results import Answer, BusyError, StoppedError
from services.runtime.router_state import ROUTER_LOG, save

Outcome = list[Answer] | Exception
_WAKE_S = 0.5  # the longest sleep of a thread: nothing rests on a lost wake-up
_EVENT_BYTES = 400  # an event's usual size, to look for room before there are lines


@dataclass(slots=True)
class Submission:
    """Events, or a tick (conference, due), to be appended together; or a conference to ``forget``, alone. ``waiter``
    is whoever asked for it; ``sender`` brought it, empty for the log's owner."""

    found: Sequence[Record]
    letters: Sequence[bytes]
    waiter: Any
    tick: tuple[str, int] | None = None
    forget: str | None = None
    sender: str = ""

    def weight(self) -> int:
        """Lines, for bounds."""
        return len(self.found) + len(self.letters) + 1


@dataclass(slots=True)
class Committer:
    """Call-backs, in the thread: ``took`` with what was appended, in order; ``answered`` with the outcomes of a commit;
    ``failed`` with what broke it."""

    journal: Journal
    planner: Planner
    clock: Callable[[], int]
    limits: Limits
    took: Callable[[list[tuple[str, Kept]]], None]
    answered: Callable[[list[tuple[Submission, Outcome]]], None]
    failed: Callable[[BaseException], None]
    counted: deque[tuple[str, str]]  # of posts of which the fold found that they count
    dropped: Callable[[str], bool]  # has the fold let go of a conference, after all that it has to fold
    lettered: Lettered
    now: int = 0
    _queue: FairQueue[Submission] = field(default_factory=FairQueue)
    _stopping: bool = False
    _routed: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to append."""
        self.now = self.journal.last_recorded() or 0
        self._thread = threading.Thread(target=self._run, name="hallway-committer", daemon=True)
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        """Queues it. BusyError or StoppedError when it cannot be."""
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
        """Takes no more, and ends when all that is queued is on the disk, or after ``limit_s``."""
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
        except BaseException as error:  # noqa: BLE001  # a broken invariant: told to everybody who waits, and ends the runner
            self.failed(error)
            with self._changed:
                self._stopping = True
                left = [*batch, *self._queue.clear()]
            self.answered([(submission, StoppedError("Hallway has failed.")) for submission in left])

    def _take(self) -> list[Submission]:
        """The next submissions to share a commit; none at the end."""
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return []
                self._changed.wait(_WAKE_S)
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
            self.answered([(batch[0], self._forgotten(batch[0].forget))])
            return
        planner, plans = self.planner, list[Plan]()
        try:
            planner.catch_up(sum(submission.weight() for submission in batch) * _EVENT_BYTES)
            while self.counted:
                planner.counted([self.counted.popleft()])
            self.now = max(self.now, self.clock())
            plans = [self._plan(submission) for submission in batch]
            offsets = self._append(plans, batch)
        except JournalError as error:
            for plan in plans:
                planner.undo(plan)
            self.answered([(submission, error) for submission in batch])
            return
        self._tell(batch, plans, offsets)

    def _forgotten(self, conference: str) -> Outcome:
        """In this thread, so that no record comes in between. Whatever fails may be asked for again."""
        try:
            if not self.dropped(conference):
                return BusyError("The fold has not come to the end of that conference. Try again in a moment.")
            self.journal.forget(conference)
            self.planner.forget(conference)
            self.journal.drop_snapshots(ROUTER_LOG)
        except JournalError as error:
            return error
        self.save_router()
        return []

    def _tell(self, batch: list[Submission], plans: list[Plan], offsets: list[int]) -> None:
        start = 0
        taken: list[tuple[str, Kept]] = []
        outcomes: list[tuple[Submission, Outcome]] = []
        for submission, plan in zip(batch, plans, strict=True):
            own = offsets[start : start + len(plan.entries)]
            start += len(own)
            taken += appended(plan, own)
            outcomes.append((submission, answers(plan, own)))
        if taken:
            self.took(taken)
        self.answered(outcomes)
        self._routed += len(taken)
        if self._routed >= self.limits.snapshot_records:
            self.save_router()

    def _plan(self, submission: Submission) -> Plan:
        if submission.tick is not None:
            return self.planner.tick(*submission.tick, self.now)
        return self.planner.plan(submission.found, self.now)

    def _append(self, plans: list[Plan], batch: list[Submission]) -> list[int]:
        entries = [entry for plan in plans for entry in plan.entries]
        letters = self.lettered.new([letter for submission in batch for letter in submission.letters])
        if not entries and not letters:
            return []
        return self.journal.append(entries, self.now, letters)

    def save_router(self) -> None:
        """Keeps the router, so that a start need not read all logs. A full disk leaves the older one."""
        self._routed = 0
        if self.planner.is_current:
            try:
                save(self.journal, self.planner.router)
            except JournalError:
                return
