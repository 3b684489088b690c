"""A worker as a process: a Faust app with one agent that handles one frame at a time and stops within a bound.

Responsibility: startup, shutdown, the watchdog and the exit code.
Invariants: no exception leaves the agent (Faust would count the frame as done), and nothing is committed after one.
Why: a worker that cannot continue exits with code 1, without committing; its supervisor restarts it, and it reads again
what it had not finished. So every failure is handled in one way. A stalled consumer is a failure too: if the broker has
more records and nothing was done for a while, the worker exits. Only an unavailable inbox store is waited for, since
somebody has to repair it: the frame is retried, and meanwhile partitions may move to other workers.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from faust.types import TP

from streams.runtime.errors import UnavailableError
from streams.runtime.inboxes import InboxUnavailableError
from streams.runtime.retries import retry
from streams.workers.commits import Commits
from streams.workers.faust.credentials import credentials
from streams.workers.faust.transport import FramedApp, FrameSchema, topics_of
from streams.workers.frames import QUEUED_FRAMES, Frame, Partition
from streams.workers.handler import Handler
from streams.workers.ports import Reader

_log = structlog.get_logger("hallway.worker")


class FaustError(Exception):
    """Faust has crashed."""


class StalledError(Exception):
    """There are more records to read, or no partitions were assigned, and nothing happened for too long."""

    def __init__(self, silent_s: float) -> None:
        super().__init__(f"The consumer has stalled: there is more to read, but nothing was done for {silent_s:.0f} s.")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a worker joins its group. ``instance``: the static member name, which keeps its partitions after a restart.

    ``tls`` and ``login``: as in ``credentials``.
    """

    kafka: str
    group: str
    instance: str | None = None
    session_s: float = 10.0  # without a heartbeat for so long, its partitions move to others
    commit_s: float = 0.5
    maintenance_s: float = 0.1
    silent_s: float = 60.0  # more to read and nothing done for so long: the worker exits
    retry_s: float = 0.2  # the pause before a frame is retried, doubled each time
    retry_max_s: float = 5.0
    idle_s: float = 5.0  # nothing done for so long: checks whether only transaction markers are left
    revoke_s: float = 4.0  # to finish when partitions are revoked
    stop_s: float = 4.0  # for Faust to stop
    tls: ssl.SSLContext | None = None
    login: tuple[str, str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was handled so far; ``positions``: the offset of each partition's next record."""

    frames: int
    records: int
    seconds: float
    positions: dict[int, int]


class WorkerApp:
    """``run`` returns 0 after ``stop``, or 1 after a failure."""

    def __init__(self, settings: Settings, handler: Handler, reader: Reader) -> None:
        self.settings = settings
        self.commits: Commits = handler.commits
        self.frame_records = handler.frame_records
        self.failure: BaseException | None = None
        self._handler, self._reader = handler, reader
        self._app: FramedApp | None = None
        self._stopping = asyncio.Event()
        self._lock = asyncio.Lock()  # frames, maintenance and assignments: one at a time
        self._mine: set[int] = set()
        self._assigned = False  # whether the group has assigned our share; it may be empty
        self._frames_done = self._records_done = 0
        self._frames_s = 0.0
        self._done: dict[int, int] = {}
        self._done_at = time.monotonic()
        self._retries: dict[str, str] = {}  # why a frame, or maintenance, is retried; as logged

    # -- startup and shutdown ---------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Works until ``stop`` is called or something fails. Returns the exit code."""
        tasks = [asyncio.create_task(self._start(), name="worker")]
        tasks += [asyncio.create_task(self._guard(part), name=part.__name__) for part in (self._maintain, self._watch)]
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=1.0)
        await self._shut_down()
        if self.failure is not None:
            _log.error("worker failed", error=type(self.failure).__name__, reason=str(self.failure))
        return 0 if self.failure is None else 1

    def stop(self) -> None:
        """Stops the worker. Work in progress is finished if that does not take long."""
        self._stopping.set()

    def fail(self, error: BaseException) -> None:
        """Stops the worker because of an error. Nothing more is handled or committed."""
        if self.failure is None:
            self.failure = error
        self._stopping.set()

    async def _start(self) -> None:
        try:
            await self._handler.start()
            self._app = _app(self.settings, self)
            topic = self._app.topic(self._handler.topic, schema=FrameSchema())
            frames: Any = self._frames
            self._app.agent(topic, name="frames")(frames)
            await self._app.start()
        except Exception as error:  # noqa: BLE001  # whatever it is, the worker cannot continue
            self.fail(error)

    async def _shut_down(self) -> None:
        if self._app is None:
            return
        if self.failure is None:
            await self.revoke({TP(self._handler.topic, partition) for partition in self._mine})
        self._mine = set()
        with suppress(TimeoutError, Exception):  # the process exits in any case
            async with asyncio.timeout(self.settings.stop_s):
                await self._app.stop()

    async def _guard(self, part: Any) -> None:
        try:
            await part()
        except Exception as error:  # noqa: BLE001  # a broken invariant stops the worker
            self.fail(error)

    # -- frames -----------------------------------------------------------------------------------------------------

    async def _frames(self, stream: AsyncIterator[Frame]) -> None:
        async for frame in stream:
            try:
                await self._handle_with_retry(frame)
            except Exception as error:  # noqa: BLE001  # it must not leave the agent
                self.fail(error)

    async def _handle_with_retry(self, frame: Frame) -> None:
        """Handles a frame of an own partition; retries while the inbox store is unavailable."""
        async for attempt in retry(
            InboxUnavailableError, first_s=self.settings.retry_s, max_s=self.settings.retry_max_s
        ):
            with attempt:
                try:
                    async with self._lock:
                        if self.failure is None and frame.at.partition in self._mine:
                            await self._handle(frame)
                except InboxUnavailableError as error:
                    self._log_retry("frame", error)
                    raise
        self._retries.pop("frame", None)

    def _log_retry(self, what: str, error: UnavailableError) -> None:
        """Logs a reason once, however often it is retried."""
        if str(error) not in self._retries.values():
            _log.warning("unavailable, retrying", reason=str(error))
        self._retries[what] = str(error)

    async def _handle(self, frame: Frame) -> None:
        begun = time.perf_counter()
        await self._handler.handle(frame)
        self._frames_s += time.perf_counter() - begun
        self._frames_done += 1
        self._records_done += len(frame.records)

    def metrics(self) -> Metrics:
        """The current counts."""
        return Metrics(self._frames_done, self._records_done, self._frames_s, dict(self._handler.positions()))

    async def _maintain(self) -> None:
        """Runs the handler's periodic work; retries while the broker or the store is unavailable."""
        while True:
            await asyncio.sleep(self.settings.maintenance_s)
            if self._mine:
                try:
                    async with self._lock:
                        await self._handler.maintain()
                    self._retries.pop("maintenance", None)
                except UnavailableError as error:
                    self._log_retry("maintenance", error)

    # -- partitions -------------------------------------------------------------------------------------------------

    def seek(self, positions: Mapping[TP, int]) -> None:
        """Faust reads from these offsets on."""
        topic = self._handler.topic
        self._handler.seek({tp.partition: offset for tp, offset in positions.items() if tp.topic == topic})

    async def assign(self, partitions: set[TP]) -> None:
        """The worker now owns exactly these partitions."""
        async with self._lock:
            self.commits.reset()
            self._mine = topics_of(partitions, self._handler.topic)
            await self._handler.assign(self._mine)
            self._assigned = True
        self._note_progress()
        _log.info("partitions assigned", partitions=sorted(self._mine))

    async def revoke(self, partitions: set[TP]) -> None:
        """Saves state and commits, within a bound; the next owner repeats what was not done in time."""
        lost = topics_of(partitions, self._handler.topic)
        try:
            async with asyncio.timeout(self.settings.revoke_s):
                async with self._lock:
                    await self._handler.revoke(lost)
                if self._app is not None and self.failure is None:
                    await self._app.consumer.commit()
        except (TimeoutError, UnavailableError) as error:
            _log.warning("partitions revoked before their state was saved", error=type(error).__name__)
        self._mine -= lost
        self._assigned = False

    # -- watchdog ---------------------------------------------------------------------------------------------------

    def _note_progress(self) -> bool:
        done = self._handler.positions()
        moved = done != self._done
        if moved:
            self._done, self._done_at = dict(done), time.monotonic()
        return moved

    async def _watch(self) -> None:
        """Stops the worker when there is more to read and nothing is done, or when Faust has crashed."""
        while True:
            await asyncio.sleep(min(1.0, self.settings.silent_s / 4))
            app = self._app
            if app is not None and app.crashed:
                raise FaustError(repr(app.crash_reason))
            silent_s = time.monotonic() - self._done_at
            if self._note_progress() or "frame" in self._retries:
                continue
            is_too_long = silent_s > self.settings.silent_s
            is_idle = silent_s > min(self.settings.idle_s, self.settings.silent_s / 2) and not self._lock.locked()
            if (is_too_long or is_idle) and await self._has_lag() and is_too_long:
                raise StalledError(silent_s)

    async def _has_lag(self) -> bool:
        if not self._assigned:
            return True
        try:
            return any([await self._has_more(partition) for partition in sorted(self._mine)])
        except UnavailableError:
            return False  # the broker is unavailable: a restart would not help

    async def _has_more(self, number: int) -> bool:
        """Whether a partition has more records for us. Skips what a transaction leaves at the end of a log: its markers
        and aborted records are returned by no fetch, so they would look like lag."""
        at = Partition(self._handler.topic, number)
        begin = self._handler.positions().get(number, 0)
        end = (await self._reader.ends(at.topic))[number]
        if begin >= end:
            return False
        async for records in self._reader.read(*at, begin, end):
            if records:
                return True
        async with self._lock:
            if number in self._mine:
                await self._handle(Frame(at, begin, end, ()))
        return False


def _app(settings: Settings, worker: WorkerApp) -> FramedApp:
    app = FramedApp(
        settings.group,
        broker=f"kafka://{settings.kafka}",
        broker_credentials=credentials(settings.tls, settings.login),
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance,
        broker_session_timeout=settings.session_s,
        broker_heartbeat_interval=settings.session_s / 4,
        broker_request_timeout=max(20.0, settings.session_s),
        broker_commit_interval=settings.commit_s,
        broker_max_poll_records=20_000,
        broker_max_poll_interval=300.0,
        stream_buffer_maxsize=QUEUED_FRAMES,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
    )
    app.worker = worker
    return app
