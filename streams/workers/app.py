"""A worker as a process: a Faust app with one agent, its frames handled one at a time, its end within a bound.

Owns: the order of beginning and ending, the watchdog, the exit code. May never: let an exception leave the agent (Faust
would take the frame for done), or commit after one.
Theory: a worker that cannot go on ends, uncommitted, with exit code 1, and is started again by whoever runs it; what
it had not finished comes again. So every trouble has one answer. A consumer that has fallen silent is a trouble too:
if the broker says that there is more, and nothing was done for a while, the worker ends. Only a store that is away is
waited for, for whoever runs it has to mend it: the frame is tried again, and partitions may go to others meanwhile.
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

from streams.workers.commits import Commits
from streams.workers.credentials import credentials
from streams.workers.frames import QUEUED_FRAMES, Frame, Partition
from streams.workers.handler import Handler
from streams.workers.ports import Reader, StoreUnavailableError, UnavailableError
from streams.workers.transport import FramedApp, FrameSchema, topics_of

_log = structlog.get_logger("hallway.worker")


class FaustError(Exception):
    """Faust ended by itself."""


class StalledError(Exception):
    """There is more to read, or partitions are to be had, and nothing came."""

    def __init__(self, silent_s: float) -> None:
        super().__init__(f"There is more to read, and nothing was done for {silent_s:.0f} s.")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a worker takes part. ``instance``: the name under which it comes back to its partitions after a restart.

    ``tls`` and ``login``: as ``credentials`` takes them.
    """

    kafka: str
    group: str
    instance: str | None = None
    session_s: float = 10.0  # after so long without a sign its partitions go to others
    commit_s: float = 0.5
    look_s: float = 0.1
    silent_s: float = 60.0  # more to read and nothing done for so long: the worker ends
    again_s: float = 0.2  # the pause before a frame is tried again, doubled each time
    again_most_s: float = 5.0
    idle_s: float = 5.0  # nothing done for so long: it is looked whether only a transaction's markers are left
    part_s: float = 4.0  # for what is under way when partitions are given up
    stop_s: float = 4.0  # for Faust to end
    tls: ssl.SSLContext | None = None
    login: tuple[str, str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was handled so far, and the offset of each partition's next record."""

    frames: int
    records: int
    seconds: float
    positions: dict[int, int]


class WorkerApp:
    """``run`` ends when ``stop`` was called (0), or when something broke (1)."""

    def __init__(self, settings: Settings, handler: Handler, reader: Reader) -> None:
        self.settings = settings
        self.commits: Commits = handler.commits
        self.frame_records = handler.frame_records
        self.failure: BaseException | None = None
        self._handler, self._reader = handler, reader
        self._app: FramedApp | None = None
        self._ending = asyncio.Event()
        self._one = asyncio.Lock()  # frames, looks and assignments: one at a time
        self._mine: set[int] = set()
        self._assigned = False  # whether the group has given us our share; it may be empty
        self._frames_done = self._records_done = 0
        self._frames_s = 0.0
        self._done: dict[int, int] = {}
        self._done_at = time.monotonic()
        self._away: dict[str, str] = {}  # why a frame, or a look, is tried again, as it was told

    # -- from beginning to end --------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Works until told to stop, or until something breaks."""
        tasks = [asyncio.create_task(self._begun(), name="worker")]
        tasks += [asyncio.create_task(self._guarded(part), name=part.__name__) for part in (self._looks, self._watch)]
        await self._ending.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=1.0)
        await self._ended()
        if self.failure is not None:
            _log.error("the worker ends", error=type(self.failure).__name__, reason=str(self.failure))
        return 0 if self.failure is None else 1

    def stop(self) -> None:
        """Ends the worker; what is under way is finished if it does not take long."""
        self._ending.set()

    def fail(self, error: BaseException) -> None:
        """Ends the worker because of this. Nothing more is handled or committed."""
        if self.failure is None:
            self.failure = error
        self._ending.set()

    async def _begun(self) -> None:
        try:
            await self._handler.begin()
            self._app = _app(self.settings, self)
            topic = self._app.topic(self._handler.topic, schema=FrameSchema())
            frames: Any = self._frames
            self._app.agent(topic, name="frames")(frames)
            await self._app.start()
        except Exception as error:  # noqa: BLE001  # whatever it is, the worker cannot go on
            self.fail(error)

    async def _ended(self) -> None:
        if self._app is None:
            return
        if self.failure is None:
            await self.give_up({TP(self._handler.topic, partition) for partition in self._mine})
        self._mine = set()
        with suppress(TimeoutError, Exception):  # the process ends in any case
            async with asyncio.timeout(self.settings.stop_s):
                await self._app.stop()

    async def _guarded(self, part: Any) -> None:
        try:
            await part()
        except Exception as error:  # noqa: BLE001  # a broken invariant ends the worker
            self.fail(error)

    # -- frames -----------------------------------------------------------------------------------------------------

    async def _frames(self, stream: AsyncIterator[Frame]) -> None:
        async for frame in stream:
            try:
                await self._patiently(frame)
            except Exception as error:  # noqa: BLE001  # it must not leave the agent
                self.fail(error)

    async def _patiently(self, frame: Frame) -> None:
        """Handles a frame of our own; while the store is away it is tried again."""
        pause_s = self.settings.again_s
        while True:
            try:
                async with self._one:
                    if self.failure is None and frame.at.partition in self._mine:
                        await self._handled(frame)
                self._away.pop("frame", None)
                return
            except StoreUnavailableError as error:
                self._not_now("frame", error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self.settings.again_most_s)

    def _not_now(self, what: str, error: UnavailableError) -> None:
        """Tells it once, however often it is tried."""
        if str(error) not in self._away.values():
            _log.warning("not now", reason=str(error))
        self._away[what] = str(error)

    async def _handled(self, frame: Frame) -> None:
        begun = time.perf_counter()
        await self._handler.frame(frame)
        self._frames_s += time.perf_counter() - begun
        self._frames_done += 1
        self._records_done += len(frame.records)

    def numbers(self) -> Numbers:
        """As they are now."""
        return Numbers(self._frames_done, self._records_done, self._frames_s, dict(self._handler.positions()))

    async def _looks(self) -> None:
        """What is to be done between frames; while the broker or the store is away it is tried again."""
        while True:
            await asyncio.sleep(self.settings.look_s)
            if self._mine:
                try:
                    async with self._one:
                        await self._handler.look()
                    self._away.pop("look", None)
                except UnavailableError as error:
                    self._not_now("look", error)

    # -- partitions -------------------------------------------------------------------------------------------------

    def sought(self, positions: Mapping[TP, int]) -> None:
        """Faust reads from here on."""
        topic = self._handler.topic
        self._handler.sought({tp.partition: offset for tp, offset in positions.items() if tp.topic == topic})

    async def take_over(self, partitions: set[TP]) -> None:
        """These partitions are ours now, and no others."""
        async with self._one:
            self.commits.forget()
            self._mine = topics_of(partitions, self._handler.topic)
            await self._handler.assigned(self._mine)
            self._assigned = True
        self._progressed()
        _log.info("partitions", mine=sorted(self._mine))

    async def give_up(self, partitions: set[TP]) -> None:
        """Makes safe what is worth it and commits, within a bound; what is not done in time comes again elsewhere."""
        gone = topics_of(partitions, self._handler.topic)
        try:
            async with asyncio.timeout(self.settings.part_s):
                async with self._one:
                    await self._handler.revoked(gone)
                if self._app is not None and self.failure is None:
                    await self._app.consumer.commit()
        except (TimeoutError, UnavailableError) as error:
            _log.warning("partitions were given up in a hurry", error=type(error).__name__)
        self._mine -= gone
        self._assigned = False

    # -- watching ---------------------------------------------------------------------------------------------------

    def _progressed(self) -> bool:
        done = self._handler.positions()
        moved = done != self._done
        if moved:
            self._done, self._done_at = dict(done), time.monotonic()
        return moved

    async def _watch(self) -> None:
        """Ends the worker when there is more to read and nothing is done, or when Faust broke."""
        while True:
            await asyncio.sleep(min(1.0, self.settings.silent_s / 4))
            app = self._app
            if app is not None and app.crashed:
                raise FaustError(repr(app.crash_reason))
            silent_s = time.monotonic() - self._done_at
            if self._progressed() or "frame" in self._away:
                continue
            is_too_long = silent_s > self.settings.silent_s
            is_idle = silent_s > min(self.settings.idle_s, self.settings.silent_s / 2) and not self._one.locked()
            if (is_too_long or is_idle) and await self._lags() and is_too_long:
                raise StalledError(silent_s)

    async def _lags(self) -> bool:
        if not self._assigned:
            return True
        try:
            return any([await self._has_more(partition) for partition in sorted(self._mine)])
        except UnavailableError:
            return False  # the broker is away: nobody can do anything

    async def _has_more(self, number: int) -> bool:
        """Whether records of a partition wait for us. What only a transaction left at its end is passed over: its
        markers, and records that were taken back, come with no fetch."""
        at = Partition(self._handler.topic, number)
        begin = self._handler.positions().get(number, 0)
        end = (await self._reader.ends(at.topic))[number]
        if begin >= end:
            return False
        async for records in self._reader.read(*at, begin, end):
            if records:
                return True
        async with self._one:
            if number in self._mine:
                await self._handled(Frame(at, begin, end, ()))
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
