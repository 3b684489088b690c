"""The gateway's runner on Kafka: what is submitted is appended to topics; what is asked is answered by a copy here.

Owns: the order of start and end, which topic an event goes to, what a submitter is told. May never: decide outputs for
anybody, tick, or deliver: that is the workers'.

submit --door--> appending --> Kafka: log, activity, dead letters --replica--> copy --fold--> ask

Theory: a post without a conference goes to the activity, where the router takes it from; all else to its conference's
log. Who was told that something is accepted finds it when asking: ``ask`` waits until the copy has it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from msgspec.structs import force_setattr

from schemas.codec import Record, encode, kind_of
from schemas.events import Input
from schemas.topics import CONFERENCE_ERASED
from services.journal import ReadReplica
from services.kafka.access import Access
from services.kafka.gateway.batches import Message, Spot
from services.kafka.gateway.dead_letter_sealing import Keys, sealed
from services.kafka.gateway.group_append import Appending
from services.kafka.gateway.limits import Limits
from services.kafka.gateway.read_replica import Came, Replica
from services.kafka.gateway.topics import Topics
from services.kafka.gateway.topics import topics as named
from services.runtime.deduplication import Seen, counts_for_sure
from services.runtime.event_validator import Door, Item
from services.runtime.fold_loop import Folding
from services.runtime.recovery import Progress
from services.runtime.results import DUPLICATE, Accepted, Answer, BusyError, Place, UnavailableError
from services.runtime.runner import quietly, resolve
from streams.matching import Matcher

T = TypeVar("T")
Noted = Callable[[Input, int], None]
_LOOK_S = 0.02

TO_ROUTER = Accepted((), "Kept; the router brings it to the conferences that it belongs to.")


class OnKafka:
    """``kafka``: with the cluster of that id. ``noted`` gets each event that the copy has, and its
    offset in the partition; ``ended`` each conference that the log erased. ``keys`` seal dead letters.

    The journal stays the caller's to close, after ``stop``.
    """

    def __init__(
        self,
        kafka: Access,
        cluster: str,
        journal: ReadReplica,
        keys: Keys,
        clock: Callable[[], int],
        noted: Noted,
        ended: Callable[[str], None],
        *,
        topics: Topics | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.failure: BaseException | None = None
        self._limits = limits or Limits()
        self._topics = topics or named()
        self._journal, self._noted, self._ended = journal, noted, ended
        self._door = Door(clock, self._limits.folded, keys.seal)
        self._seen = Seen(self._limits.folded.ids_kept)
        self._folding = Folding(journal, self._limits.folded, _nobody, self._fail)
        self._appending = Appending(kafka, list(self._topics), self._limits)
        self._replica = Replica(
            kafka,
            cluster,
            self._topics,
            journal,
            keys,
            self._took,
            self._folding.drop,
            self._dropped,
            lambda: self._folding.behind,
            self._limits,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._acknowledged: dict[str, Spot] = {}
        self._failed = asyncio.Event()
        self._running = False

    # -- start and end -------------------------------------------------------------------------------------------

    async def start(self, progress: Progress = quietly) -> None:
        """Recovers the copy's matchers, then begins, and waits a moment until events are taken; the broker may be away.

        ``progress`` is called by a thread.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._folding.recover, progress)
        self._folding.start()
        for work, name in ((self._appending.run(), "appending"), (self._replica.run(), "replica")):
            self._tasks.append(asyncio.create_task(self._guarded(work), name=name))
        self._running = True
        end = self._loop.time() + self._limits.start_s
        while not self.takes and self._loop.time() < end:  # noqa: ASYNC110  # two others' doing, and rarely long
            await asyncio.sleep(_LOOK_S)

    async def stop(self) -> None:
        """Ends within ``stop_s``. What was answered is in Kafka; the next start goes on where the copy ends."""
        self._running = False
        share_s = self._limits.folded.stop_s / 4
        self._appending.close()
        if self._tasks:
            await asyncio.wait(self._tasks[:1], timeout=share_s)  # what is under way is answered
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=share_s)
        await asyncio.to_thread(self._folding.stop, 2 * share_s)

    async def failed(self) -> BaseException:
        """As the port has it."""
        await self._failed.wait()
        assert self.failure is not None
        return self.failure

    @property
    def behind(self) -> int:
        """As the port has it."""
        return self._folding.behind

    @property
    def is_current(self) -> bool:
        """Whether the copy has come to the end that the log had when it was connected first."""
        return self._replica.caught_up

    @property
    def takes(self) -> bool:
        """As the port has it."""
        return self._running and self._appending.is_ready and self._replica.caught_up

    # -- taking in -----------------------------------------------------------------------------------------------

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        """As the port has it. An offset is that of the conference's partition."""
        self._door.check(len(items), running=self._running)
        if not self._replica.caught_up:
            raise UnavailableError("The log is not read to its end yet.")
        found, letters, given = await self._door.sorted(items, sender, first)
        new = [None if self._is_known(record) else self._message(record) for record in found]
        messages = [message for message in new if message is not None]
        dead = sealed(self._topics.letters, sender, letters)
        spots = iter(await self._append([*messages, *dead], sender))
        answers = iter([DUPLICATE if message is None else self._answer(message, next(spots)) for message in new])
        self._remember(found)
        await self._are_here(list(spots))
        return [next(answers) if answer is None else answer for answer in given]

    async def _are_here(self, letters: Sequence[Spot]) -> None:
        """Waits a moment for the copy to have dead letters: who is told of one looks for it next."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.copy_s):
                for spot in letters if self._replica.follows else ():
                    await self._replica.reached(self._topics.letters, spot)

    async def _append(self, messages: Sequence[Message], sender: str = "") -> list[Spot]:
        return await self._appending.append(messages, sender) if messages else []

    def _is_known(self, record: Record) -> bool:
        conference = record.event.conference
        return conference is not None and self._seen.knows(conference, record.event.id)

    def _message(self, record: Record) -> Message:
        event = record.event
        force_setattr(event, "recorded_at", None)  # the log says when it took it; the event is ours alone
        kind = kind_of(event)
        if event.conference is None:
            return Message(self._topics.activity, event.actor, kind, encode(event))
        return Message(self._topics.log, event.conference, kind, encode(event))

    def _answer(self, message: Message, spot: Spot) -> Answer:
        if message.topic != self._topics.log:
            return TO_ROUTER
        before = self._acknowledged.get(message.key)
        if before is None or before.offset < spot.offset:
            self._acknowledged[message.key] = spot
        return Accepted((Place(message.key, spot.offset),))

    def _remember(self, found: Sequence[Record]) -> None:
        for record in found:
            conference = record.event.conference
            if conference is not None and counts_for_sure(record.event):
                self._seen.add(conference, record.event.id)

    async def forget(self, conference: str) -> None:
        """Says in the log that a closed conference is no more, for whoever reads it, and waits for the copy to know.

        UnavailableError, BusyError, StoppedError, TimeoutError: ask again.
        """
        if conference in self._journal.erased():
            return
        (spot,) = await self._append([Message(self._topics.log, conference, CONFERENCE_ERASED, None)])
        async with asyncio.timeout(self._limits.copy_s + self._limits.folded.drop_s):
            await self._replica.reached(self._topics.log, spot)

    # -- asking --------------------------------------------------------------------------------------------------

    async def ask(self, conference: str, function: Callable[[Matcher | None], T]) -> T:
        """As the port has it."""
        if not self._replica.caught_up:
            raise BusyError("The log is being read.")
        answer: asyncio.Future[T] = self._loop.create_future()

        def told(said: Any) -> None:
            self._loop.call_soon_threadsafe(resolve, answer, said)

        async with asyncio.timeout(self._limits.ask_s):
            await self._caught_up_with(conference)
            self._folding.ask((conference, function, told))
            return await answer

    async def _caught_up_with(self, conference: str) -> None:
        """Waits for the copy to have what was accepted; while the broker is away the copy is shown as it is."""
        spot = self._acknowledged.get(conference)
        if spot is None or not self._replica.follows:
            return
        try:
            async with asyncio.timeout(self._limits.copy_s):
                await self._replica.reached(self._topics.log, spot)
        except TimeoutError:
            if self._appending.is_ready and self._replica.follows:
                raise
        else:
            if self._acknowledged.get(conference) == spot:
                del self._acknowledged[conference]

    # -- the copy ------------------------------------------------------------------------------------------------

    def _took(self, taken: Sequence[Came]) -> None:
        self._folding.add([(came.conference, came.kept) for came in taken])
        for came in taken:
            event = came.kept.event
            if counts_for_sure(event):
                self._seen.add(came.conference, event.id)
            self._noted(event, came.offset)

    def _dropped(self, conference: str) -> None:
        self._seen.forget_all(conference)
        self._acknowledged.pop(conference, None)
        self._ended(conference)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the runner
            self._fail_here(error)

    def _fail(self, error: BaseException) -> None:
        self._loop.call_soon_threadsafe(self._fail_here, error)

    def _fail_here(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
        self._running = False
        self._failed.set()


def _nobody(conference: str) -> None:
    """The delivery worker hands outputs on, not the gateway."""
