"""A worker exits without committing when something fails, and when its consumer stalls."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace

import pytest
from faust.types import TP

from streams.runtime.errors import UnavailableError
from streams.runtime.inboxes import InboxUnavailableError
from streams.workers.commits import Commits
from streams.workers.faust import app as worker_app
from streams.workers.faust.app import Settings, StalledError, WorkerApp
from streams.workers.frames import Frame, Partition
from tests.workers.simulated import Record

SETTINGS = Settings("127.0.0.1:1", "group", silent_s=0.2, maintenance_s=0.01, stop_s=0.1)


class Handler:
    """Does what it is told to do with a frame, and counts."""

    topic = "log"
    frame_records = 10

    def __init__(self, error: Exception | None = None) -> None:
        self.commits, self.error = Commits(), error
        self.frames = self.looks = 0
        self.done: dict[int, int] = {}

    async def start(self) -> None:
        await asyncio.Event().wait()

    async def assign(self, partitions: Collection[int]) -> None:
        self.done = dict.fromkeys(partitions, 0)

    def seek(self, positions: Mapping[int, int]) -> None:
        self.done.update(positions)

    async def handle(self, frame: Frame) -> None:
        self.frames += 1
        if self.error is not None:
            raise self.error
        self.done[frame.at.partition] = frame.end
        self.commits.mark_safe(frame.at, frame.end)

    async def revoke(self, partitions: Collection[int]) -> None:
        pass

    async def maintain(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error

    def positions(self) -> dict[int, int]:
        return self.done


class Reader:
    """Tells where the topic ends, or that the broker is away."""

    def __init__(self, end: int | None, *, has_records: bool = True) -> None:
        self.end, self.has_records = end, has_records

    async def ends(self, topic: str) -> dict[int, int]:
        if self.end is None:
            raise UnavailableError
        return {0: self.end, 1: self.end}

    async def read(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[list[Record]]:
        if self.has_records:
            yield [Record(begin, b"k", b"v")]


def frame(begin: int, end: int) -> Frame:
    return Frame(Partition("log", 0), begin, end, [Record(offset, b"k", b"v") for offset in range(begin, end)])


async def frames(*them: Frame) -> AsyncIterator[Frame]:
    for one in them:
        yield one


def made(handler: Handler, end: int | None = 0) -> WorkerApp:
    reader: object = Reader(end)
    return WorkerApp(SETTINGS, handler, reader)  # type: ignore[arg-type]


async def fed(worker: WorkerApp, *them: Frame) -> None:
    await worker._frames(frames(*them))


def test_an_error_stops_the_worker_and_nothing_more_is_handled_or_committed() -> None:
    async def story() -> None:
        handler = Handler(UnavailableError("not written"))
        worker = made(handler)
        await worker.assign({TP("log", 0)})
        await fed(worker, frame(0, 5), frame(5, 9))
        assert handler.frames == 1
        assert handler.commits.due_partitions() == []
        assert isinstance(worker.failure, UnavailableError)
        assert await asyncio.wait_for(worker.run(), 5) == 1

    asyncio.run(story())


def test_frames_are_retried_while_the_store_is_unavailable_and_it_is_logged_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def story() -> None:
        handler = Handler(InboxUnavailableError("the store has no room"))
        reader = Reader(9)
        worker = WorkerApp(replace(SETTINGS, retry_s=0.01, retry_max_s=0.02), handler, reader)  # type: ignore[arg-type]
        await worker.assign({TP("log", 0)})
        running = asyncio.create_task(worker.run())
        feeding = asyncio.create_task(fed(worker, frame(0, 5), frame(5, 9)))
        while handler.frames < 50:  # noqa: ASYNC110  # longer than silence may last
            await asyncio.sleep(SETTINGS.silent_s / 10)
        assert not running.done()
        assert handler.commits.due_partitions() == []
        handler.error = None
        await asyncio.wait_for(feeding, 5)
        assert handler.commits.due(Partition("log", 0)) == 9
        worker.stop()
        assert await running == 0

    asyncio.run(story())
    assert capfd.readouterr().out.count("the store has no room") == 1


def test_an_unavailable_store_does_not_delay_a_rebalance() -> None:
    async def story() -> None:
        handler = Handler(InboxUnavailableError("the store has no room"))
        reader = Reader(9)
        worker = WorkerApp(replace(SETTINGS, retry_s=0.01), handler, reader)  # type: ignore[arg-type]
        await worker.assign({TP("log", 0)})
        feeding = asyncio.create_task(fed(worker, frame(0, 5)))
        while handler.frames < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await worker.revoke({TP("log", 0)})
        await asyncio.wait_for(feeding, 5)  # the frame is left to whoever has it now
        assert handler.commits.due_partitions() == []
        assert worker.failure is None

    asyncio.run(story())


def test_frames_of_foreign_partitions_are_skipped() -> None:
    async def story() -> None:
        handler = Handler()
        worker = made(handler)
        await worker.assign({TP("log", 1)})
        await fed(worker, frame(0, 5))
        assert handler.frames == 0
        await worker.assign({TP("log", 0)})
        await fed(worker, frame(0, 5))
        assert (handler.frames, handler.commits.due(Partition("log", 0))) == (1, 5)
        await worker.revoke({TP("log", 0)})
        await fed(worker, frame(5, 6))
        assert handler.frames == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("end", "partitions", "silent"),
    [(9, {0}, True), (0, {0}, False), (None, {0}, False), (9, set(), False)],
    ids=["more to read", "all is read", "the broker is away", "no share of it"],
)
def test_a_silent_worker_ends(end: int | None, partitions: set[int], silent: bool) -> None:
    async def story() -> None:
        worker = made(Handler(), end)
        await worker.assign({TP("log", number) for number in partitions})
        running = asyncio.create_task(worker.run())
        done, _ = await asyncio.wait({running}, timeout=1.0 if not silent else 10.0)
        assert bool(done) is silent
        worker.stop()
        assert await running == int(silent)
        assert isinstance(worker.failure, StalledError) is silent

    asyncio.run(story())


def test_transaction_markers_at_the_end_are_no_lag() -> None:
    async def story() -> None:
        handler, reader = Handler(), Reader(9, has_records=False)
        worker = WorkerApp(SETTINGS, handler, reader)  # type: ignore[arg-type]
        await worker.assign({TP("log", 0)})
        running = asyncio.create_task(worker.run())
        while handler.done != {0: 9}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert handler.commits.due(Partition("log", 0)) == 9
        done, _ = await asyncio.wait({running}, timeout=2 * SETTINGS.silent_s)
        assert not done
        worker.stop()
        assert await running == 0

    asyncio.run(story())


def test_a_worker_without_an_assignment_exits() -> None:
    async def story() -> None:
        assert await asyncio.wait_for(made(Handler(), end=0).run(), 10) == 1

    asyncio.run(story())


def test_maintenance_is_retried_while_the_broker_is_unavailable() -> None:
    async def story() -> None:
        handler = Handler(UnavailableError("away"))
        worker = made(handler, end=None)
        await worker.assign({TP("log", 0)})
        running = asyncio.create_task(worker.run())
        for _ in range(500):
            await asyncio.sleep(0.01)
            if handler.looks > 3:
                break
        assert handler.looks > 3
        worker.stop()
        assert await running == 0

    asyncio.run(story())


def test_fausts_web_server_is_off() -> None:
    async def story() -> None:
        app = worker_app._app(SETTINGS, made(Handler()))
        assert list(app.boot_strategy.web_server()) == []
        assert app.conf.stream_wait_empty is False
        assert app.conf.stream_buffer_maxsize <= 4

    asyncio.run(story())
