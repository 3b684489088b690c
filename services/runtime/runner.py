"""The runner of one process: it appends submitted events, folds them and delivers the outputs.

Responsibility: the threads and tasks, and the order in which they start and stop.
Invariants: an event is answered only once it is on the disk; an output is delivered only once it is recorded.

submit --validator--> queue --committer--> journal --fold loop--> outputs --recorded--> delivery |
^ +--> dead letters                ticks -+

Why: the event loop decodes and answers, one thread routes and appends (group commit), one folds. They share no mutable
state: they pass on lists that are not changed afterwards, and two bounded queues.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from services.journal import Journal
from services.runtime.append_plan import Planner
from services.runtime.delivery import Deliver, Delivery, LastDelivered, deliver_from_start
from services.runtime.event_validator import EventValidator, Item, Seal, encode_unsealed
from services.runtime.failure import Failure
from services.runtime.fold_loop import FoldLoop
from services.runtime.group_commit import GroupCommitter, Outcome, Submission
from services.runtime.known_dead_letters import KnownDeadLetters
from services.runtime.limits import Limits
from services.runtime.matcher_queries import query_matcher, resolve
from services.runtime.recovery import Progress
from services.runtime.results import Answer, BusyError, StoppedError
from services.runtime.ticks import TickScheduler
from streams.matching import Matcher

T = TypeVar("T")
_POLL_S = 0.01  # between two checks whether the fold has caught up


def ignore_progress(conference: str, done: int, total: int) -> None:
    """Ignores progress reports."""


class EmbeddedRunner:
    """``clock`` returns ms since 1970. The caller closes the journal after ``stop``.

    ``deliver(conference, outputs)`` may receive outputs more than once; ``last_delivered(conference)`` returns the
    position of its last one or None. ``seal`` encodes dead letters as lines. ``policy`` overrides what conferences set,
    for tests and comparisons.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], int],
        deliver: Deliver,
        *,
        last_delivered: LastDelivered = deliver_from_start,
        limits: Limits | None = None,
        policy: dict[str, Any] | None = None,
        seal: Seal = encode_unsealed,
    ) -> None:
        self.journal = journal
        self._failure = Failure(self._refuse)
        self._limits = limits or Limits()
        self._clock = clock
        self._validator = EventValidator(clock, self._limits, seal)
        self._planner = Planner(journal, self._limits.remembered_ids)
        self._fold_loop = FoldLoop(
            journal, self._limits, self._wake_delivery, self._failure.report_from_thread, policy=policy
        )
        self._committer = GroupCommitter(
            journal,
            self._planner,
            clock,
            self._limits,
            self._fold_loop.add,
            self._publish_answers,
            self._failure.report_from_thread,
            self._fold_loop.counted_posts,
            self._fold_loop.drop,
            KnownDeadLetters(journal),
        )
        self._delivery = Delivery(journal, deliver, last_delivered, self._limits, self._failure.report)
        self._tick_scheduler = TickScheduler(journal, self._fold_loop, self._now, self._tick, self._limits.tick_poll_s)
        self._tasks: list[asyncio.Task[None]] = []
        self._running = False

    # -- start and end -------------------------------------------------------------------------------------------

    async def start(self, progress: Progress = ignore_progress) -> None:
        """Recovers every log, then starts the threads and tasks. ``progress`` is called from another thread."""
        self._loop = asyncio.get_running_loop()
        self._failure.bind()
        await asyncio.to_thread(self._recover, progress)
        self._fold_loop.start()
        self._committer.start()
        self._running = True
        self._tasks.append(asyncio.create_task(self._run_ticks(), name="ticks"))
        for conference in self._fold_loop.folds:
            self._delivery.wake(conference)

    def _recover(self, progress: Progress) -> None:
        self._planner.learn()
        self._fold_loop.recover(progress)

    async def stop(self) -> None:
        """Stops within ``stop_s``. Everything answered is on the disk; the next start continues from there."""
        self._running = False
        share_s = self._limits.stop_s / 5
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=share_s / 2)
        await asyncio.to_thread(self._committer.stop, share_s)
        await asyncio.to_thread(self._fold_loop.stop, 2.5 * share_s)
        await asyncio.to_thread(self._committer.save_router)
        await self._delivery.stop(share_s / 2)

    @property
    def failure(self) -> BaseException | None:
        """As in the port."""
        return self._failure.error

    async def wait_for_failure(self) -> BaseException:
        """As in the port."""
        return await self._failure.wait()

    @property
    def is_accepting(self) -> bool:
        """Whether it accepts events."""
        return self._running

    @property
    def lag(self) -> int:
        """How many records are appended but not folded yet."""
        return self._fold_loop.lag

    # -- submitting ----------------------------------------------------------------------------------------------

    async def submit(self, lines: Sequence[bytes], sender: str, first: int = 1) -> list[Answer]:
        """Decodes lines, then accepts them like ``take``. ``first``: the first line's number."""
        self._check_ready(len(lines))
        return await self.take(await self._validator.decode(lines), sender, first)

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        """Returns an answer for each item, in order, once all are on the disk.

        BusyError, StoppedError, JournalFullError, JournalError: nothing was accepted. TimeoutError: unknown; the same
        lines sent again are duplicates then.
        """
        self._check_ready(len(items))
        found, dead_letters, answers = await self._validator.validate(items, sender, first)
        if not found and not dead_letters:
            return [answer for answer in answers if answer is not None]
        rest = iter(await self._commit(Submission(found, dead_letters, self._loop.create_future(), sender=sender)))
        return [next(rest) if answer is None else answer for answer in answers]

    def _check_ready(self, count: int) -> None:
        self._validator.check_size(count, running=self._running)
        if self.lag > self._limits.unfolded_records:
            raise BusyError(f"{self.lag:,} events wait to be matched. Try again in a moment.")

    async def _commit(self, submission: Submission) -> list[Answer]:
        self._committer.submit(submission)
        async with asyncio.timeout(self._limits.answer_s):
            answers: list[Answer] = await submission.waiter
            return answers

    async def forget(self, conference: str) -> None:
        """Removes a closed conference: its matcher, its log, and what the router knows of it.

        Submit no event of it meanwhile. BusyError, JournalError, TimeoutError: try again.
        """
        await self._commit(Submission((), (), self._loop.create_future(), forget=conference))
        await self._delivery.forget(conference, self._limits.stop_s)

    async def wait_until_folded(self, limit_s: float = 60.0) -> None:
        """Waits until everything accepted is folded and its outputs are recorded. TimeoutError after ``limit_s``."""
        for _ in range(round(limit_s / _POLL_S)):
            if self._fold_loop.is_caught_up():
                return
            await asyncio.sleep(_POLL_S)
        raise TimeoutError("The fold lags behind.")

    async def ask(self, conference: str, function: Callable[[Matcher | None], T]) -> T:
        """Applies ``function`` to a conference's matcher (None: unknown), in the fold's thread between two slices."""
        async with asyncio.timeout(self._limits.answer_s):
            return await query_matcher(self._fold_loop, conference, function)

    # -- call-backs of the threads ---------------------------------------------------------------------------------

    def _refuse(self) -> None:
        self._running = False

    def _publish_answers(self, outcomes: list[tuple[Submission, Outcome]]) -> None:
        self._loop.call_soon_threadsafe(_resolve_all, outcomes)

    def _wake_delivery(self, conference: str) -> None:
        self._loop.call_soon_threadsafe(self._delivery.wake, conference)

    # -- ticks ---------------------------------------------------------------------------------------------------

    def _now(self) -> int:
        return max(self._clock(), self._committer.now)

    async def _tick(self, conference: str, due: int) -> None:
        await self._commit(Submission((), (), self._loop.create_future(), tick=(conference, due)))

    async def _run_ticks(self) -> None:
        try:
            await self._tick_scheduler.run()
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the runner
            self._failure.report(error)


def _resolve_all(outcomes: list[tuple[Submission, Outcome]]) -> None:
    for submission, outcome in outcomes:
        resolve(submission.waiter, outcome)
