"""The runner of one process: what is submitted is kept, then folded, then handed on.

Owns: the threads and tasks, and the order of their start and end. May never: answer before the disk has an event, or
hand on an output that is not recorded.

submit --door--> queue --committer--> journal --fold--> outputs --recorded--> deliver |
^ +--> dead letters               ticks -+

Theory: the event loop decodes and answers; one thread routes and appends (group commit); one folds. What is shared
between them is handed over whole: lists that are not touched again, and two queues with a bound.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from services.journal import Journal
from services.runtime.append_plan import Planner
from services.runtime.delivery import Deliver, Delivered, Delivery, from_the_start
from services.runtime.event_validator import Door, Item, Seal, unsealed
from services.runtime.fold_loop import Folding
from services.runtime.group_commit import Committer, Outcome, Submission
from services.runtime.known_dead_letters import Lettered
from services.runtime.limits import Limits
from services.runtime.recovery import Progress
from services.runtime.results import Answer, BusyError, StoppedError
from services.runtime.ticks import Ticking
from streams.matching import Matcher

T = TypeVar("T")
_LOOK_S = 0.01  # between two looks whether the fold has caught up


def quietly(conference: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class Embedded:
    """``clock`` gives ms since 1970. The journal stays the caller's to close, after ``stop``.

    ``deliver(conference, outputs)`` may get outputs again; ``delivered(conference)`` gives its last one or None.
    ``seal`` makes lines of dead letters. ``policy`` overrides what conferences set: for tests and comparisons.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], int],
        deliver: Deliver,
        *,
        delivered: Delivered = from_the_start,
        limits: Limits | None = None,
        policy: dict[str, Any] | None = None,
        seal: Seal = unsealed,
    ) -> None:
        self.journal = journal
        self.failure: BaseException | None = None
        self._limits = limits or Limits()
        self._clock = clock
        self._door = Door(clock, self._limits, seal)
        self._planner = Planner(journal, self._limits.ids_kept)
        self._folding = Folding(journal, self._limits, self._recorded, self._fail, policy=policy)
        self._committer = Committer(
            journal,
            self._planner,
            clock,
            self._limits,
            self._folding.add,
            self._answered,
            self._fail,
            self._folding.counted,
            self._folding.drop,
            Lettered(journal),
        )
        self._delivery = Delivery(journal, deliver, delivered, self._limits, self._fail_here)
        self._ticking = Ticking(journal, self._folding, self._now, self._tick, self._limits.tick_look_s)
        self._tasks: list[asyncio.Task[None]] = []
        self._failed = asyncio.Event()
        self._running = False

    # -- start and end -------------------------------------------------------------------------------------------

    async def start(self, progress: Progress = quietly) -> None:
        """Recovers every log, then begins. ``progress`` is called from another thread."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._recover, progress)
        self._folding.start()
        self._committer.start()
        self._running = True
        self._tasks.append(asyncio.create_task(self._guarded_ticks(), name="ticks"))
        for conference in self._folding.folds:
            self._delivery.wake(conference)

    def _recover(self, progress: Progress) -> None:
        self._planner.learn()
        self._folding.recover(progress)

    async def stop(self) -> None:
        """Ends within ``stop_s``. All that was answered is on the disk; the next start goes on where this ends."""
        self._running = False
        share_s = self._limits.stop_s / 5
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=share_s / 2)
        await asyncio.to_thread(self._committer.stop, share_s)
        await asyncio.to_thread(self._folding.stop, 2.5 * share_s)
        await asyncio.to_thread(self._committer.save_router)
        await self._delivery.stop(share_s / 2)

    async def failed(self) -> BaseException:
        """Waits, for ever if all is well, until something broke that must not; then the process should end."""
        await self._failed.wait()
        assert self.failure is not None
        return self.failure

    @property
    def takes(self) -> bool:
        """Whether it takes events."""
        return self._running

    @property
    def behind(self) -> int:
        """How many records are in the log and wait to be folded."""
        return self._folding.behind

    # -- taking in -----------------------------------------------------------------------------------------------

    async def submit(self, lines: Sequence[bytes], sender: str, first: int = 1) -> list[Answer]:
        """Takes lines as ``take`` takes what is in them. ``first``: the first one's line number."""
        self._ready_for(len(lines))
        return await self.take(await self._door.read(lines), sender, first)

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        """An answer for each item, in order, once all are on the disk. Their events are the runner's own from here on.

        BusyError, StoppedError, JournalFullError, JournalError: nothing was taken. TimeoutError: it may have been; then
        the same lines again are doubles.
        """
        self._ready_for(len(items))
        found, letters, given = await self._door.sorted(items, sender, first)
        if not found and not letters:
            return [answer for answer in given if answer is not None]
        rest = iter(await self._commit(Submission(found, letters, self._loop.create_future(), sender=sender)))
        return [next(rest) if answer is None else answer for answer in given]

    def _ready_for(self, count: int) -> None:
        self._door.check(count, running=self._running)
        if self.behind > self._limits.unfolded_records:
            raise BusyError(f"{self.behind:,} events wait to be matched. Try again in a moment.")

    async def _commit(self, submission: Submission) -> list[Answer]:
        self._committer.submit(submission)
        async with asyncio.timeout(self._limits.answer_s):
            answers: list[Answer] = await submission.waiter
            return answers

    async def forget(self, conference: str) -> None:
        """Removes a closed conference: its matcher, its log under its name, what the router knows of it.

        BusyError, JournalError, TimeoutError: ask again. No event of it may be submitted meanwhile.
        """
        await self._commit(Submission((), (), self._loop.create_future(), forget=conference))
        await self._delivery.forget(conference, self._limits.stop_s)

    async def folded(self, limit_s: float = 60.0) -> None:
        """Waits until all that was accepted is folded and its outputs recorded. TimeoutError after the limit."""
        for _ in range(round(limit_s / _LOOK_S)):
            if self._folding.has_all():
                return
            await asyncio.sleep(_LOOK_S)
        raise TimeoutError("The fold lags behind.")

    async def ask(self, conference: str, function: Callable[[Matcher | None], T]) -> T:
        """What ``function`` says of a conference's matcher (None: unknown), asked by the fold between two slices."""
        answer: asyncio.Future[T] = self._loop.create_future()

        def told(said: Any) -> None:
            self._loop.call_soon_threadsafe(resolve, answer, said)

        self._folding.ask((conference, function, told))
        async with asyncio.timeout(self._limits.answer_s):
            return await answer

    # -- call-backs of the threads ---------------------------------------------------------------------------------

    def _answered(self, outcomes: list[tuple[Submission, Outcome]]) -> None:
        self._loop.call_soon_threadsafe(_resolve_all, outcomes)

    def _recorded(self, conference: str) -> None:
        self._loop.call_soon_threadsafe(self._delivery.wake, conference)

    def _fail(self, error: BaseException) -> None:
        with suppress(RuntimeError):  # the event loop has ended: nobody is left to be told
            self._loop.call_soon_threadsafe(self._fail_here, error)

    def _fail_here(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
        self._running = False
        self._failed.set()

    # -- ticks ---------------------------------------------------------------------------------------------------

    def _now(self) -> int:
        return max(self._clock(), self._committer.now)

    async def _tick(self, conference: str, due: int) -> None:
        await self._commit(Submission((), (), self._loop.create_future(), tick=(conference, due)))

    async def _guarded_ticks(self) -> None:
        try:
            await self._ticking.run()
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the runner
            self._fail_here(error)


def resolve(waiter: asyncio.Future[Any], outcome: Any) -> None:
    """Tells whoever waits what came of it."""
    if waiter.done():
        return  # it waited no longer
    if isinstance(outcome, Exception):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)


def _resolve_all(outcomes: list[tuple[Submission, Outcome]]) -> None:
    for submission, outcome in outcomes:
        resolve(submission.waiter, outcome)
