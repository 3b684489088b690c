"""The composition root of ``hallway work``: one router, matcher or delivery as a process.

Owns: what is made, in which order, and its end within 10 seconds of being told. May never: decide anything about
people or events. While no broker answers at the start, or no store that takes writes, it waits and tries again; a
person is told once.
"""

import asyncio
import os
import secrets
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import structlog

from services.inbox.port import InboxForeignError, InboxStoreError
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.cluster import cluster_id
from services.kafka.partitioner import partition_of
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.tools.processes import garbage_collection as collecting
from services.usage_errors import UnusableError
from services.worker.backfill import Past, brought
from services.worker.inboxes import StoreInboxes
from services.worker.metrics import told
from services.worker.snapshots import TopicRows, TopicSnapshots
from streams.workers import unreadable_batches
from streams.workers.app import Settings as AppSettings
from streams.workers.app import WorkerApp
from streams.workers.delivery import DeliveryHandler
from streams.workers.handler import Handler
from streams.workers.matcher import MatcherHandler
from streams.workers.ports import SnapshotStore, UnavailableError
from streams.workers.router import RouterHandler

Kind = Literal["router", "matcher", "delivery"]
END_S = 9.0  # from the signal to the end, whatever hangs
PAST_STOP_S = 1.0  # for a reader and a writer to close; the process ends in any case
WAIT_S = 1.0  # between two looks for a broker, or for a store, at the start
_log = structlog.get_logger("hallway.worker")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is told on the command line."""

    kind: Kind
    kafka: Access
    redis: str = ""
    instance: str | None = None
    prefix: str = ""
    ticks: bool = True
    session_s: float = 10.0
    silent_s: float = 60.0
    metrics_port: int | None = None


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


async def work(settings: Settings, ready: Callable[[], None]) -> int:
    """Works until SIGTERM or SIGINT (0), or until something broke (1). ``ready``: the broker answered."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _told_to_end, ending)
    partitions = await _until(ending, settings)
    if partitions is None or not await _until_store(ending, settings):
        return 0
    try:
        async with _made(settings, partitions) as worker:
            ready()
            waiting = asyncio.create_task(_stop_when(ending, worker))
            code = await worker.run()
            waiting.cancel()
            _begin_to_end()
    except UnavailableError as error:
        _log.error("the worker ends", error=type(error).__name__, reason=str(error))
        return 1
    if isinstance(worker.failure, InboxForeignError):
        raise UnusableError(str(worker.failure))
    return code


async def _until(ending: asyncio.Event, settings: Settings) -> int | None:
    """The number of partitions, once a broker answers and its topics are as declared; None: told to end before."""
    said = False
    while not ending.is_set():
        try:
            return await topics.check(settings.kafka, settings.prefix)
        except KafkaRefusedError as error:
            raise UnusableError(str(error)) from None
        except UnavailableError as error:
            if not said:
                _log.warning("waiting for Kafka", reason=str(error))
                said = True
        await _pause(ending)
    return None


async def _until_store(ending: asyncio.Event, settings: Settings) -> bool:
    """Whether the store took a write, or none is needed; False: told to end before. What it refuses is in the log."""
    if settings.kind != "delivery":
        return True
    from services.inbox.redis.connection import (  # half a second of processor time that no other worker needs
        Limits,
        Link,
    )

    link = Link(settings.redis, Limits())
    try:
        while not ending.is_set():
            with suppress(InboxStoreError):
                await link.check()
                return True
            await _pause(ending)
    finally:
        await link.aclose()
    return False


async def _pause(ending: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_S):
            await ending.wait()


async def _stop_when(ending: asyncio.Event, worker: WorkerApp) -> None:
    await ending.wait()
    worker.stop()


def _told_to_end(ending: asyncio.Event) -> None:
    ending.set()
    _begin_to_end()


def _begin_to_end() -> None:
    """From here on the process has so long: a client that waits for a broker may not hold it up."""
    timer = threading.Timer(END_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


@asynccontextmanager
async def _made(settings: Settings, partitions: int) -> AsyncIterator[WorkerApp]:
    unreadable_batches.install()
    collecting.seldom()
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(TopicWriter(settings.kafka))
        reader = await stack.enter_async_context(TopicReader(settings.kafka))
        owner = f"{settings.kind}-{settings.instance or secrets.token_hex(6)}"
        snapshots = TopicSnapshots(producer, reader, owner, settings.prefix)
        handler = await _handler(stack, settings, partitions, (producer, reader, snapshots))
        security = settings.kafka.security
        app = AppSettings(
            settings.kafka.address,
            f"{settings.prefix}hallway.{settings.kind}",
            settings.instance,
            session_s=settings.session_s,
            silent_s=settings.silent_s,
            tls=security.tls,
            login=None if security.login is None else security.login.of_faust(),
        )
        worker = WorkerApp(app, handler, reader)
        stack.enter_context(told(worker, settings.kind, settings.metrics_port))
        if isinstance(handler, RouterHandler):
            stack.push_async_callback(
                _ended, asyncio.create_task(_pasts(settings, worker, handler, snapshots, partitions))
            )
        yield worker


async def _pasts(
    settings: Settings, worker: WorkerApp, router: RouterHandler, snapshots: SnapshotStore, number: int
) -> None:
    """Brings the past of the conferences that are in this router's partitions."""

    def mine() -> list[str]:
        own = router.positions()
        return [name for name in router.open_conferences() if partition_of(name.encode(), number) in own]

    async def fill(conference: str) -> str:
        return await brought(settings.kafka.address, conference, settings.prefix)

    try:
        await Past(mine, fill, snapshots).run()
    except Exception as error:  # noqa: BLE001  # a broken invariant ends the worker
        worker.fail(error)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task], timeout=PAST_STOP_S)


_Ports = tuple[TopicWriter, TopicReader, TopicSnapshots]


async def _handler(stack: AsyncExitStack, settings: Settings, partitions: int, ports: _Ports) -> Handler:
    producer, reader, snapshots = ports
    if settings.kind == "router":
        return RouterHandler(producer, reader, snapshots, TopicRows(snapshots, producer), prefix=settings.prefix)
    if settings.kind == "matcher":
        return MatcherHandler(
            producer, reader, snapshots, clock, time.monotonic, ticks=settings.ticks, prefix=settings.prefix
        )
    from services.inbox.redis.inboxes import RedisInboxes  # as above

    epoch = await cluster_id(settings.kafka)
    store = await stack.enter_async_context(RedisInboxes(settings.redis, epoch))
    return DeliveryHandler(
        producer,
        reader,
        snapshots,
        StoreInboxes(store),
        lambda conference: partition_of(conference.encode(), partitions),
        time.monotonic,
        prefix=settings.prefix,
    )
