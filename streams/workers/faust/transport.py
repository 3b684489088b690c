"""Faust's transport with frames and exact commits: all overrides of Faust in one place.

Invariants: these subclasses of Faust 0.15.3's consumer hold no worker state. ``tests/workers/test_faust_contract.py``
pins what is overridden and what is relied on: another version of Faust, mode or aiokafka that differs fails there
first.

    getmany              one message per frame instead of one per record; a partition whose queue was full is read again
                         soon (Faust waits a second for the others, or if all were full)
    ack                  Faust's acknowledgement counts for nothing: it also comes after errors
    _new_offset, ...     commits what the worker says is safe, and again if a commit failed
    _create_worker_...   reads committed transactions only
    seek_to_committed    reads a partition without a committed offset from its start, not from where it was
    on_partitions_...    the worker loses and gets partitions while Faust's streams are stopped
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

_LOOK_S = 0.05  # to wait for records of partitions whose queue has space
_FULL_S = 0.005


class Worker(Protocol):
    """The worker, as the consumer sees it."""

    commits: Commits
    frame_records: int

    async def revoke(self, partitions: set[TP]) -> None: ...
    async def assign(self, partitions: set[TP]) -> None: ...
    def seek(self, positions: Mapping[TP, int]) -> None: ...


class FramedThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread; heartbeats continue while a frame is folded."""

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        """Faust's consumer reads aborted transactions unless Faust itself uses transactions; this one does not."""
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seeks every partition; one without a committed offset to its start (aiokafka would leave it where it is)."""
        found: Mapping[TP, int | None] = await super().seek_to_committed()
        new = [tp for tp, offset in found.items() if not offset]
        if new:
            await self.seek_to_beginning(*new)
        positions = {TP(tp.topic, tp.partition): offset or 0 for tp, offset in found.items()}
        worker_of(self.app).seek(positions)
        return positions


class FramedConsumer(driver.Consumer):
    """Yields frames and commits safe offsets."""

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return FramedThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _commits(self) -> Commits:
        return worker_of(self.app).commits

    # -- reading ----------------------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  # as in Faust
        """A message for each frame of the fetched records."""
        while self._buffered_partitions and not self._get_active_partitions() and self.flow_active:  # noqa: ASYNC110
            await asyncio.sleep(_FULL_S)  # Faust reports free space by a call, not by an event
        records, _ = await self._wait_next_records(min(timeout, _LOOK_S))
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            return  # between two assignments; all partitions are sought again before the flow continues
        generation = self.app.consumer_generation_id
        for tp, raws in records.items():
            for frame in frames(Partition(*tp), raws, worker_of(self.app).frame_records):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                yield TP(*tp), self._message_of(TP(*tp), frame)

    def _message_of(self, tp: TP, frame: Frame) -> Any:
        last = frame.records[-1]
        value: Any = frame  # Faust declares bytes, and passes on any object
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
        """Releases a message; that says nothing about what may be committed."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Faust's own offset tracking is not used."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for at in self._commits.due_partitions():
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
                    self._commits.mark_committed(Partition(*tp), offset)
        return bool(did)

    # -- partitions -------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stops the streams, then lets the worker save and commit."""
        await super().on_partitions_revoked(revoked)
        await worker_of(self.app).revoke(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tells the worker its partitions before the streams start."""
        await worker_of(self.app).assign(assigned)
        await super().on_partitions_assigned(assigned, generation_id)


class FramedTransport(driver.Transport):
    """Faust's transport over aiokafka, with framed consumers."""

    Consumer = FramedConsumer


class FrameSchema(faust.Schema[Any, Any]):
    """A schema whose message value is the frame itself."""

    def loads_key(self, app: Any, message: Any, **options: Any) -> None:
        """A frame has no key."""

    def loads_value(self, app: Any, message: Any, **options: Any) -> Frame:
        """The frame, unchanged."""
        frame: Frame = message.value
        return frame


class _WithoutWeb(BootStrategy):
    """No web server: Faust's would listen on every address."""

    enable_web = False


class FramedApp(faust.App):
    """A Faust app with framed transport, without a web server or a folder; ``worker`` is set before it starts."""

    worker: Worker

    BootStrategy = _WithoutWeb

    def _new_transport(self) -> FramedTransport:
        return FramedTransport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """None: they are for tables, which are not used, and a killed worker would leave them behind."""


def worker_of(app: Any) -> Worker:
    """The worker of a framed app."""
    worker: Worker = app.worker
    return worker


def topics_of(partitions: Iterable[TP], topic: str) -> set[int]:
    """The partitions of one topic."""
    return {tp.partition for tp in partitions if tp.topic == topic}
