"""Faust's transport with frames and exact commits: all that is overridden of Faust, in one place.

Owns: the subclasses of Faust 0.15.3's consumer. May never: hold state of a worker. What is overridden here, and what
is relied on, is held fast by ``tests/workers/test_faust_contract.py``: another version of Faust, mode or aiokafka that
differs in it fails there first.

    getmany              one message for each frame, instead of one for each record; and a partition whose queue was
                         full is read again soon: Faust waits a second for the others, or where all were full
    ack                  Faust's acknowledgement means nothing: it comes after errors too
    _new_offset, ...     what is committed is what the worker says is safe, and again if the commit failed
    _create_worker_...   only committed transactions are read
    seek_to_committed    a partition without a committed offset is read from its start again, not from where it was
    on_partitions_...    the worker gives up and gets partitions while Faust's streams stand still
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Protocol

import faust
from faust.app.base import BootStrategy
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message

from streams.workers.commits import Commits
from streams.workers.frames import Frame, Partition, frames

_LOOK_S = 0.05  # for records of the partitions that have room
_FULL_S = 0.005


class Worker(Protocol):
    """What the consumer tells the worker, and asks it."""

    commits: Commits
    frame_records: int

    async def give_up(self, partitions: set[TP]) -> None: ...
    async def take_over(self, partitions: set[TP]) -> None: ...
    def sought(self, positions: Mapping[TP, int]) -> None: ...


class FramedThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread: heartbeats go on while a frame is folded."""

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        """Faust's, which reads what was taken back unless Faust itself writes in transactions."""
        made = super()._create_worker_consumer(transport)
        made._isolation_level = "read_committed"
        return made

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seeks every partition; one without a committed offset to its start, which aiokafka leaves where it is."""
        found: Mapping[TP, int | None] = await super().seek_to_committed()
        new = [tp for tp, offset in found.items() if not offset]
        if new:
            await self.seek_to_beginning(*new)
        positions = {TP(tp.topic, tp.partition): offset or 0 for tp, offset in found.items()}
        worker_of(self.app).sought(positions)
        return positions


class FramedConsumer(driver.Consumer):
    """Yields frames, commits what is safe."""

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return FramedThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _commits(self) -> Commits:
        return worker_of(self.app).commits

    # -- reading ----------------------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  # as in Faust
        """A message for each frame of what a fetch brought."""
        while self._buffered_partitions and not self._get_active_partitions() and self.flow_active:  # noqa: ASYNC110
            await asyncio.sleep(_FULL_S)  # Faust tells of room by a call, not by an event
        records, _ = await self._wait_next_records(min(timeout, _LOOK_S))
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            return  # between two assignments; all partitions are sought anew before the flow goes on
        generation = self.app.consumer_generation_id
        for tp, raws in records.items():
            for frame in frames(Partition(*tp), raws, worker_of(self.app).frame_records):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                yield TP(*tp), self._framed(TP(*tp), frame)

    def _framed(self, tp: TP, frame: Frame) -> Any:
        last = frame.records[-1]
        value: Any = frame  # Faust says bytes, and hands on whatever it is
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            frame.end - 1,
            last.timestamp / 1000.0,
            0,
            [],
            None,
            value,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    # -- committing -------------------------------------------------------------------------------------------------

    def ack(self, message: Any) -> bool:
        """Lets go of a message; says nothing of what may be committed."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Faust's own tracking is not used."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for at in self._commits.partitions():
            tp = TP(*at)
            if topics is None or tp in topics or tp.topic in topics:
                yield tp

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return True

    def _new_offset(self, tp: TP) -> int | None:
        return self._commits.due(Partition(*tp))

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        did = await super()._commit_offsets(offsets, start_new_transaction=start_new_transaction)
        if did:
            mine = self.assignment()
            for tp, offset in offsets.items():
                if tp in mine:
                    self._commits.committed(Partition(*tp), offset)
        return bool(did)

    # -- partitions -------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The streams are stopped; then the worker gives up, and what it made safe is committed."""
        await super().on_partitions_revoked(revoked)
        await worker_of(self.app).give_up(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """The worker knows what is its own before the streams start."""
        await worker_of(self.app).take_over(assigned)
        await super().on_partitions_assigned(assigned, generation_id)


class FramedTransport(driver.Transport):
    """Faust's transport over aiokafka, with framed consumers."""

    Consumer = FramedConsumer


class FrameSchema(faust.Schema[Any, Any]):
    """A message's value is the frame itself."""

    def loads_key(self, app: Any, message: Any, **options: Any) -> None:
        """A frame has no key."""

    def loads_value(self, app: Any, message: Any, **options: Any) -> Frame:
        """The frame as it came."""
        frame: Frame = message.value
        return frame


class _WithoutWeb(BootStrategy):
    """Faust's web server would listen at every address."""

    enable_web = False


class FramedApp(faust.App):
    """A Faust app with framed transport, without a web server or a folder; ``worker`` is set before it starts."""

    worker: Worker

    BootStrategy = _WithoutWeb

    def _new_transport(self) -> FramedTransport:
        return FramedTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """They are for tables, and there are none; a killed worker would leave them behind."""


def worker_of(app: Any) -> Worker:
    """The worker of a framed app."""
    worker: Worker = app.worker
    return worker


def topics_of(partitions: Iterable[TP], topic: str) -> set[int]:
    """The partitions of one topic."""
    return {tp.partition for tp in partitions if tp.topic == topic}
