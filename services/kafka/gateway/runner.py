"""The gateway's runner on Kafka: submitted events are appended to topics; queries are answered from a read replica.

Responsibility: the order of start and stop, which topic an event goes to, the answers to submitters.
Invariants: it never decides outputs for others, ticks, or delivers: the workers do.

submit --validator--> appender --> Kafka: log, activity, dead letters --> replica --fold loop--> ask

Why: a post without a conference goes to the activity topic, where the router takes it from; everything else to its
conference's log. A caller whose event was accepted finds it in the next query: ``ask`` waits until the replica has it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from msgspec.structs import replace

from schemas.codec import Record, encode, kind_of
from schemas.events import Input
from schemas.topics import CONFERENCE_ERASED
from services.journal import ReadReplica
from services.kafka.access import Access
from services.kafka.gateway.batches import Message, TopicPosition
from services.kafka.gateway.dead_letter_sealing import SealingKeys, seal_messages
from services.kafka.gateway.group_append import GroupAppender
from services.kafka.gateway.limits import Limits
from services.kafka.gateway.read_replica import ReplicaConsumer, ReplicatedEvent
from services.kafka.gateway.topics import Topics, topic_names
from services.runtime.deduplication import RecentIds, is_sure_to_count
from services.runtime.event_validator import EventValidator, Item
from services.runtime.failure import Failure
from services.runtime.fold_loop import FoldLoop
from services.runtime.matcher_queries import query_matcher
from services.runtime.recovery import Progress
from services.runtime.results import DUPLICATE, Accepted, Answer, BusyError, LogUnavailableError, Place
from services.runtime.runner import ignore_progress
from streams.matching import Matcher

T = TypeVar("T")
OnEvent = Callable[[Input, int], None]
_POLL_S = 0.02

STORED_FOR_ROUTER = Accepted((), "Stored; the router forwards it to the conferences that it belongs to.")


class KafkaRunner:
    """``cluster``: the id that the cluster must have. ``keys`` seal dead letters.

    ``on_event`` gets each replicated event and its offset in the partition; ``on_erased`` each erased conference. The
    caller closes the journal after ``stop``.
    """

    def __init__(
        self,
        kafka: Access,
        cluster: str,
        journal: ReadReplica,
        keys: SealingKeys,
        clock: Callable[[], int],
        on_event: OnEvent,
        on_erased: Callable[[str], None],
        *,
        topics: Topics | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._failure = Failure(self._refuse)
        self._limits = limits or Limits()
        self._topics = topics or topic_names()
        self._journal, self._on_event, self._on_erased = journal, on_event, on_erased
        self._validator = EventValidator(clock, self._limits.fold, keys.seal)
        self._recent_ids = RecentIds(self._limits.fold.remembered_ids)
        self._fold_loop = FoldLoop(journal, self._limits.fold, _ignore, self._failure.report_from_thread)
        self._appender = GroupAppender(kafka, list(self._topics), self._limits)
        self._replica = ReplicaConsumer(
            kafka,
            cluster,
            self._topics,
            journal,
            keys,
            self._handle_replicated,
            self._fold_loop.drop,
            self._handle_erased,
            lambda: self._fold_loop.lag,
            self._limits,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._acknowledged: dict[str, TopicPosition] = {}
        self._running = False

    # -- start and end -------------------------------------------------------------------------------------------

    async def start(self, progress: Progress = ignore_progress) -> None:
        """Recovers the matchers, starts, and waits up to ``start_s`` to accept events; the broker may be unreachable.

        ``progress`` is called from another thread.
        """
        self._failure.bind()
        await asyncio.to_thread(self._fold_loop.recover, progress)
        self._fold_loop.start()
        for work, name in ((self._appender.run(), "appending"), (self._replica.run(), "replica")):
            self._tasks.append(asyncio.create_task(self._run_guarded(work), name=name))
        self._running = True
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.start_s
        while not self.is_accepting and loop.time() < end:  # noqa: ASYNC110  # two tasks set it, and it rarely takes long
            await asyncio.sleep(_POLL_S)

    async def stop(self) -> None:
        """Stops within ``stop_s``. Everything answered is in Kafka; the next start continues where the replica ends."""
        self._running = False
        share_s = self._limits.fold.stop_s / 4
        self._appender.close()
        if self._tasks:
            await asyncio.wait(self._tasks[:1], timeout=share_s)  # what is in flight is answered
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=share_s)
        await asyncio.to_thread(self._fold_loop.stop, 2 * share_s)

    @property
    def failure(self) -> BaseException | None:
        """As in the port."""
        return self._failure.error

    async def wait_for_failure(self) -> BaseException:
        """As in the port."""
        return await self._failure.wait()

    @property
    def lag(self) -> int:
        """As in the port."""
        return self._fold_loop.lag

    @property
    def is_current(self) -> bool:
        """Whether the replica has reached the end that the log had at the first connection."""
        return self._replica.is_caught_up

    @property
    def is_accepting(self) -> bool:
        """As in the port."""
        return self._running and self._appender.is_ready and self._replica.is_caught_up

    # -- submitting ----------------------------------------------------------------------------------------------

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        """As in the port. Offsets are those of the conference's partition."""
        self._validator.check_size(len(items), running=self._running)
        if not self._replica.is_caught_up:
            raise LogUnavailableError("The log is still being read.")
        found, dead_letters, answered = await self._validator.validate(items, sender, first)
        new = [None if self._is_known(record) else self._message(record) for record in found]
        messages = [message for message in new if message is not None]
        dead = seal_messages(self._topics.dead_letters, sender, dead_letters)
        positions = iter(await self._append([*messages, *dead], sender))
        answers = iter([DUPLICATE if message is None else self._answer(message, next(positions)) for message in new])
        self._remember(found)
        await self._wait_for_replica(list(positions))
        return [next(answers) if answer is None else answer for answer in answered]

    async def _wait_for_replica(self, dead_letters: Sequence[TopicPosition]) -> None:
        """Waits briefly until the replica has these dead letters: a sender looks for them next."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.replica_s):
                for position in dead_letters if self._replica.is_connected else ():
                    await self._replica.wait_for(self._topics.dead_letters, position)

    async def _append(self, messages: Sequence[Message], sender: str = "") -> list[TopicPosition]:
        return await self._appender.append(messages, sender) if messages else []

    def _is_known(self, record: Record) -> bool:
        conference = record.event.conference
        return conference is not None and self._recent_ids.contains(conference, record.event.id)

    def _message(self, record: Record) -> Message:
        event = record.event
        if event.recorded_at is not None:
            event = replace(event, recorded_at=None)  # the log sets it
        kind = kind_of(event)
        if event.conference is None:
            return Message(self._topics.activity, event.actor, kind, encode(event))
        return Message(self._topics.log, event.conference, kind, encode(event))

    def _answer(self, message: Message, position: TopicPosition) -> Answer:
        if message.topic != self._topics.log:
            return STORED_FOR_ROUTER
        before = self._acknowledged.get(message.key)
        if before is None or before.offset < position.offset:
            self._acknowledged[message.key] = position
        return Accepted((Place(message.key, position.offset),))

    def _remember(self, found: Sequence[Record]) -> None:
        for record in found:
            conference = record.event.conference
            if conference is not None and is_sure_to_count(record.event):
                self._recent_ids.add(conference, record.event.id)

    async def forget(self, conference: str) -> None:
        """Records in the log that a closed conference is erased, and waits until the replica has it.

        LogUnavailableError, BusyError, StoppedError, TimeoutError: try again.
        """
        if conference in self._journal.erased():
            return
        (position,) = await self._append([Message(self._topics.log, conference, CONFERENCE_ERASED, None)])
        async with asyncio.timeout(self._limits.replica_s + self._limits.fold.drop_s):
            await self._replica.wait_for(self._topics.log, position)

    # -- queries -------------------------------------------------------------------------------------------------

    async def ask(self, conference: str, function: Callable[[Matcher | None], T]) -> T:
        """As in the port."""
        if not self._replica.is_caught_up:
            raise BusyError("The log is being read.")
        async with asyncio.timeout(self._limits.ask_s):
            await self._wait_for_acknowledged(conference)
            return await query_matcher(self._fold_loop, conference, function)

    async def _wait_for_acknowledged(self, conference: str) -> None:
        """Waits until the replica has what was accepted; while the broker is unreachable, it answers from what
        it has.
        """
        position = self._acknowledged.get(conference)
        if position is None or not self._replica.is_connected:
            return
        try:
            async with asyncio.timeout(self._limits.replica_s):
                await self._replica.wait_for(self._topics.log, position)
        except TimeoutError:
            if self._appender.is_ready and self._replica.is_connected:
                raise
        else:
            if self._acknowledged.get(conference) == position:
                del self._acknowledged[conference]

    # -- the replica -----------------------------------------------------------------------------------------------

    def _handle_replicated(self, taken: Sequence[ReplicatedEvent]) -> None:
        self._fold_loop.add([(replicated.conference, replicated.record) for replicated in taken])
        for replicated in taken:
            event = replicated.record.event
            if is_sure_to_count(event):
                self._recent_ids.add(replicated.conference, event.id)
            self._on_event(event, replicated.offset)

    def _handle_erased(self, conference: str) -> None:
        self._recent_ids.forget_conference(conference)
        self._acknowledged.pop(conference, None)
        self._on_erased(conference)

    async def _run_guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the runner
            self._failure.report(error)

    def _refuse(self) -> None:
        self._running = False


def _ignore(conference: str) -> None:
    """Ignores new outputs: the delivery worker delivers them."""
