"""Group commit over Kafka: many callers' messages share a batch and its acknowledgement.

Responsibility: the bounded queue, one producer at a time, the errors when it fails.
Invariants: nothing is answered before all in-sync replicas have it; nothing is written that no caller waits for.
Why: while one acknowledgement is awaited, messages gather and share the next one, so throughput grows with load.
Senders take turns, so one sender's many messages do not delay another's few. One caller's messages to one partition go
in one batch if they fit, and a batch is atomic. Over several partitions some may be written and others not: then the
caller gets TimeoutError.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.kafka.access import Access
from services.kafka.client_shutdown import discard_producer
from services.kafka.clients import make_producer
from services.kafka.gateway.batches import Message, TopicPosition, build_batches
from services.kafka.gateway.limits import Limits
from services.kafka.partitioner import partition_of
from services.runtime.fair_queue import FairQueue
from services.runtime.results import BusyError, LogUnavailableError, StoppedError
from streams.runtime.retries import retry

_BROKEN = (KafkaError, OSError, asyncio.InvalidStateError)  # a time limit is an OSError
_log = structlog.get_logger("hallway.appending")


@dataclass(slots=True)
class _PendingAppend:
    messages: Sequence[Message]
    size: int
    answer: "asyncio.Future[list[TopicPosition]]"


@dataclass(slots=True)
class GroupAppender:
    """Use it on the event loop."""

    kafka: Access
    topics: Sequence[str]
    limits: Limits
    partitions: dict[str, int] = field(default_factory=dict)
    _ready: bool = False
    _stopping: bool = False
    _queue: FairQueue[_PendingAppend] = field(default_factory=FairQueue)
    _bytes: int = 0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_ready(self) -> bool:
        """Whether the broker was reachable when it was last needed."""
        return self._ready

    def close(self) -> None:
        """Accepts no more; ``run`` returns once everything queued is written."""
        self._stopping = True
        self._wake.set()

    async def append(self, messages: Sequence[Message], sender: str = "") -> list[TopicPosition]:
        """Appends messages; returns their positions.

        LogUnavailableError, BusyError, StoppedError: nothing was written. TimeoutError: unknown.
        """
        size = sum(message.size for message in messages)
        self._check(len(messages), size, self._queue.weight_of(sender))
        pending = _PendingAppend(messages, size, asyncio.get_running_loop().create_future())
        self._queue.add(sender, len(messages), pending)
        self._bytes += size
        self._wake.set()
        return await pending.answer  # every commit has a time limit, and resolves all its callers

    def _check(self, count: int, size: int, own: int) -> None:
        if self._stopping:
            raise StoppedError("Hallway is stopping.")
        if not self._ready:
            raise LogUnavailableError("The broker is unreachable.")
        waiting = self._queue.weight
        too_many = waiting + count > self.limits.waiting_messages or self._bytes + size > self.limits.waiting_bytes
        if (self._queue and too_many) or (own and own + count > self.limits.sender_waiting_messages):
            raise BusyError(f"{waiting:,} events wait to be written. Try again in a moment.")

    # -- the task ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connects and appends, and reconnects after any failure; until ``close`` or cancelled."""
        while not self._stopping:
            producer = await self._connect()
            self._ready = True
            try:
                await self._append_on(producer)
            except _BROKEN as error:
                _log.warning("appending failed; reconnecting", error=type(error).__name__)
            finally:
                self._ready = False
                self._fail(LogUnavailableError("The connection to the broker was lost."))
                await discard_producer(producer, self.limits.close_s)

    async def _connect(self) -> AIOKafkaProducer:
        async for attempt in retry(_BROKEN, first_s=self.limits.retry_s, max_s=self.limits.retry_max_s):
            with attempt:
                try:
                    producer, self.partitions = await connect_producer(self.kafka, self.topics, self.limits)
                except _BROKEN as error:
                    if attempt.num == 1:
                        _log.warning("the broker is unreachable", error=type(error).__name__)
                    raise
                if attempt.num > 1:
                    _log.warning("the broker is reachable again")
                return producer
        raise AssertionError("the attempts have no end")

    async def _append_on(self, producer: AIOKafkaProducer) -> None:
        while True:
            if not self._queue:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()  # ``close`` sets it too
                continue
            appends = self._take()
            try:
                await self._commit(producer, appends)
            finally:
                for pending in appends:  # whatever was not answered is in doubt
                    _resolve(pending, TimeoutError("The broker has not answered in time."))

    def _take(self) -> list[_PendingAppend]:
        appends: list[_PendingAppend] = []
        count = 0
        while self._queue and (not appends or count + self._queue.first()[0] <= self.limits.commit_messages):
            pending = self._queue.take()
            count += len(pending.messages)
            self._bytes -= pending.size
            appends.append(pending)
        return appends

    async def _commit(self, producer: AIOKafkaProducer, appends: Sequence[_PendingAppend]) -> None:
        positions: list[list[TopicPosition]] = [[TopicPosition(-1, -1)] * len(pending.messages) for pending in appends]
        batches = build_batches(
            [pending.messages for pending in appends], self._partition_of, producer, self.limits.batch_bytes
        )
        async with asyncio.timeout(self.limits.answer_s):
            waiting = [
                (batch, await producer.send_batch(batch.builder, batch.topic, partition=batch.partition))
                for batch in batches
            ]
            results = await asyncio.gather(*[future for _, future in waiting], return_exceptions=True)
        doubtful: dict[int, BaseException] = {}
        for batch, result in zip(batches, results, strict=True):
            if isinstance(result, BaseException):
                doubtful.update(dict.fromkeys(batch.callers(), result))
            else:
                batch.assign_positions(result.offset, positions)
        for number, pending in enumerate(appends):
            if number not in doubtful:
                _resolve(pending, positions[number])
        for error in doubtful.values():
            raise error

    def _partition_of(self, topic: str, key: bytes) -> int:
        return partition_of(key, self.partitions[topic])

    def _fail(self, error: Exception) -> None:
        for pending in self._queue.clear():
            _resolve(pending, error)
        self._bytes = 0


def _resolve(pending: _PendingAppend, outcome: list[TopicPosition] | Exception) -> None:
    if pending.answer.done():
        return
    if isinstance(outcome, Exception):
        pending.answer.set_exception(outcome)
    else:
        pending.answer.set_result(outcome)


async def connect_producer(
    kafka: Access, topics: Sequence[str], limits: Limits
) -> tuple[AIOKafkaProducer, dict[str, int]]:
    """Starts a producer; returns it and the number of partitions of each topic. KafkaError, TimeoutError."""
    producer = make_producer(kafka, batch_bytes=limits.batch_bytes, request_ms=round(limits.request_s * 1_000))
    try:
        async with asyncio.timeout(limits.connect_s):
            await producer.start()
            return producer, {topic: len(await producer.partitions_for(topic)) for topic in topics}
    except BaseException:
        await discard_producer(producer, limits.close_s)
        raise
