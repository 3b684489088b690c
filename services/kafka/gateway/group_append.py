"""Group commit over Kafka: what many have asked to append shares a batch and its acknowledgement.

Owns: the bounded queue, one producer at a time, what is said when it fails. May never: answer before all replicas that
are in sync have it, or write what nobody waits for any more.
Theory: while one acknowledgement is awaited, what is asked for gathers; so the more come, the more share. Of the
senders each has a turn, so that nobody's many keep another's few from the next acknowledgement. What one
caller appends to one partition goes in one batch as long as a batch holds it, and a batch is written whole or not at
all. Over several partitions some may be written and others not: then the caller is told TimeoutError.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.kafka.access import Access
from services.kafka.client_shutdown import thrown_away
from services.kafka.clients import producer as made
from services.kafka.gateway.batches import Message, Spot, batched
from services.kafka.gateway.limits import Limits
from services.kafka.partitioner import partition_of
from services.runtime.fair_queue import FairQueue
from services.runtime.results import BusyError, StoppedError, UnavailableError

_BROKEN = (KafkaError, OSError, asyncio.InvalidStateError)  # a time limit is an OSError
_log = structlog.get_logger("hallway.appending")


@dataclass(slots=True)
class _Asked:
    messages: Sequence[Message]
    size: int
    answer: "asyncio.Future[list[Spot]]"


@dataclass(slots=True)
class Appending:
    """Used on the event loop."""

    kafka: Access
    topics: Sequence[str]
    limits: Limits
    partitions: dict[str, int] = field(default_factory=dict)
    _ready: bool = False
    _stopping: bool = False
    _queue: FairQueue[_Asked] = field(default_factory=FairQueue)
    _bytes: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_ready(self) -> bool:
        """Whether the broker was there when it was last needed."""
        return self._ready

    def close(self) -> None:
        """Takes no more; ``run`` ends when what it has is written."""
        self._stopping = True
        self._news.set()

    async def append(self, messages: Sequence[Message], sender: str = "") -> list[Spot]:
        """Where each stands. UnavailableError, BusyError, StoppedError: nothing was written. TimeoutError: perhaps."""
        size = sum(message.size for message in messages)
        self._check(len(messages), size, self._queue.weight_of(sender))
        asked = _Asked(messages, size, asyncio.get_running_loop().create_future())
        self._queue.add(sender, len(messages), asked)
        self._bytes += size
        self._news.set()
        return await asked.answer  # each turn of the task has a time limit, and tells all whom it took

    def _check(self, count: int, size: int, own: int) -> None:
        if self._stopping:
            raise StoppedError("Hallway is stopping.")
        if not self._ready:
            raise UnavailableError("The broker is away.")
        waiting = self._queue.weight
        too_many = waiting + count > self.limits.waiting_messages or self._bytes + size > self.limits.waiting_bytes
        if (self._queue and too_many) or (own and own + count > self.limits.sender_waiting_messages):
            raise BusyError(f"{waiting:,} events wait to be written. Try again in a moment.")

    # -- the task ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connects, appends, and connects again when something is in doubt; until ``close``, or it is cancelled."""
        while not self._stopping:
            producer = await self._connected()
            self._ready = True
            try:
                await self._append_on(producer)
            except _BROKEN as error:
                _log.warning("appending begins anew", error=type(error).__name__)
            finally:
                self._ready = False
                self._fail(UnavailableError("The broker went away."))
                await thrown_away(producer, self.limits.close_s)

    async def _connected(self) -> AIOKafkaProducer:
        pause_s, said = self.limits.again_s, False
        while True:
            try:
                producer, self.partitions = await connected(self.kafka, self.topics, self.limits)
            except _BROKEN as error:
                if not said:
                    _log.warning("the broker is away", error=type(error).__name__)
                said = True
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, self.limits.again_most_s)
            else:
                if said:
                    _log.warning("the broker is back")
                return producer

    async def _append_on(self, producer: AIOKafkaProducer) -> None:
        while True:
            if not self._queue:
                if self._stopping:
                    return
                self._news.clear()
                await self._news.wait()  # until there is something; ``stop`` sets it
                continue
            taken = self._take()
            try:
                await self._commit(producer, taken)
            finally:
                for asked in taken:  # all that was not answered is in doubt
                    _tell(asked, TimeoutError("The broker has not answered in time."))

    def _take(self) -> list[_Asked]:
        taken: list[_Asked] = []
        count = 0
        while self._queue and (not taken or count + self._queue.first()[0] <= self.limits.commit_messages):
            asked = self._queue.take()
            count += len(asked.messages)
            self._bytes -= asked.size
            taken.append(asked)
        return taken

    async def _commit(self, producer: AIOKafkaProducer, taken: Sequence[_Asked]) -> None:
        spots: list[list[Spot]] = [[Spot(-1, -1)] * len(asked.messages) for asked in taken]
        batches = batched([asked.messages for asked in taken], self._partition_of, producer, self.limits.batch_bytes)
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
                batch.stands_at(result.offset, spots)
        for number, asked in enumerate(taken):
            if number not in doubtful:
                _tell(asked, spots[number])
        for error in doubtful.values():
            raise error

    def _partition_of(self, topic: str, key: bytes) -> int:
        return partition_of(key, self.partitions[topic])

    def _fail(self, error: Exception) -> None:
        for asked in self._queue.clear():
            _tell(asked, error)
        self._bytes = 0


def _tell(asked: _Asked, outcome: list[Spot] | Exception) -> None:
    if asked.answer.done():
        return
    if isinstance(outcome, Exception):
        asked.answer.set_exception(outcome)
    else:
        asked.answer.set_result(outcome)


async def connected(kafka: Access, topics: Sequence[str], limits: Limits) -> tuple[AIOKafkaProducer, dict[str, int]]:
    """A producer that is ready, and the number of partitions of each topic. KafkaError, TimeoutError."""
    producer = made(kafka, batch_bytes=limits.batch_bytes, request_ms=round(limits.request_s * 1_000))
    try:
        async with asyncio.timeout(limits.connect_s):
            await producer.start()
            return producer, {topic: len(await producer.partitions_for(topic)) for topic in topics}
    except BaseException:
        await thrown_away(producer, limits.close_s)
        raise
