"""The composition root of ``hallway work``: one router, matcher or delivery as a process.

Responsibility: what is created, in which order, and stopping it within 10 seconds. While no broker answers at the
start, or no store accepts writes, it waits and retries; the log says so once.
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

from services.kafka import topics
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.cluster import cluster_id
from services.kafka.partitioner import partition_of
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.processes import garbage_collection
from services.usage_errors import UnusableError
from services.worker.backfill import BackfillLoop, run_backfill
from services.worker.metrics import serve_metrics
from services.worker.snapshots import TopicRows, TopicSnapshots
from streams.runtime.errors import UnavailableError
from streams.runtime.inboxes import InboxForeignError, InboxStoreError
from streams.workers.delivery import DeliveryHandler
from streams.workers.faust import unreadable_batches
from streams.workers.faust.app import Settings as AppSettings
from streams.workers.faust.app import WorkerApp
from streams.workers.handler import Handler
from streams.workers.matcher import MatcherHandler
from streams.workers.ports import SnapshotStore
from streams.workers.router import RouterHandler

Kind = Literal["router", "matcher", "delivery"]
SHUTDOWN_S = 9.0  # from the signal to the end, even if something hangs
BACKFILL_STOP_S = 1.0  # for a reader and a writer to close; the process ends anyway
RETRY_S = 1.0  # between two attempts to reach the broker or store at the start
_log = structlog.get_logger("hallway.worker")


@dataclass(frozen=True, slots=True)
class Settings:
    """The command line's settings."""

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
    """Works until SIGTERM or SIGINT (0), or until a failure (1). ``ready`` is called once the broker has answered."""
    stop_event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _request_stop, stop_event)
    partitions = await _wait_for_kafka(stop_event, settings)
    if partitions is None or not await _wait_for_store(stop_event, settings):
        return 0
    try:
        async with _open_worker(settings, partitions) as worker:
            ready()
            waiting = asyncio.create_task(_stop_on(stop_event, worker))
            code = await worker.run()
            waiting.cancel()
            _start_exit_timer()
    except UnavailableError as error:
        _log.error("the worker stops", error=type(error).__name__, reason=str(error))
        return 1
    if isinstance(worker.failure, InboxForeignError):
        raise UnusableError(str(worker.failure))
    return code


async def _wait_for_kafka(stop_event: asyncio.Event, settings: Settings) -> int | None:
    """Waits until a broker answers with the declared topics; returns the number of partitions. None: stopped before."""
    is_logged = False
    while not stop_event.is_set():
        try:
            return await topics.check(settings.kafka, settings.prefix)
        except KafkaRefusedError as error:
            raise UnusableError(str(error)) from None
        except UnavailableError as error:
            if not is_logged:
                _log.warning("waiting for Kafka", reason=str(error))
                is_logged = True
        await _pause(stop_event)
    return None


async def _wait_for_store(stop_event: asyncio.Event, settings: Settings) -> bool:
    """Waits until the store, if one is needed, accepts a write; False: stopped before. Its refusals are in the log."""
    if settings.kind != "delivery":
        return True
    from services.inbox.redis.connection import (  # half a second of CPU time that no other worker needs
        Limits,
        RedisConnection,
    )

    link = RedisConnection(settings.redis, Limits())
    try:
        while not stop_event.is_set():
            with suppress(InboxStoreError):
                await link.check()
                return True
            await _pause(stop_event)
    finally:
        await link.aclose()
    return False


async def _pause(stop_event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(RETRY_S):
            await stop_event.wait()


async def _stop_on(stop_event: asyncio.Event, worker: WorkerApp) -> None:
    await stop_event.wait()
    worker.stop()


def _request_stop(stop_event: asyncio.Event) -> None:
    stop_event.set()
    _start_exit_timer()


def _start_exit_timer() -> None:
    """Kills the process after SHUTDOWN_S: a client that waits for a broker must not delay the end."""
    timer = threading.Timer(SHUTDOWN_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


@asynccontextmanager
async def _open_worker(settings: Settings, partitions: int) -> AsyncIterator[WorkerApp]:
    unreadable_batches.install()
    garbage_collection.collect_rarely()
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(TopicWriter(settings.kafka))
        reader = await stack.enter_async_context(TopicReader(settings.kafka))
        owner = f"{settings.kind}-{settings.instance or secrets.token_hex(6)}"
        snapshots = TopicSnapshots(producer, reader, owner, settings.prefix)
        handler = await _create_handler(stack, settings, partitions, (producer, reader, snapshots))
        security = settings.kafka.security
        app = AppSettings(
            settings.kafka.address,
            f"{settings.prefix}hallway.{settings.kind}",
            settings.instance,
            session_s=settings.session_s,
            silent_s=settings.silent_s,
            tls=security.tls,
            login=None if security.login is None else security.login.faust_credentials(),
        )
        worker = WorkerApp(app, handler, reader)
        stack.enter_context(serve_metrics(worker, settings.kind, settings.metrics_port))
        if isinstance(handler, RouterHandler):
            stack.push_async_callback(
                _cancel, asyncio.create_task(_run_backfills(settings, worker, handler, snapshots, partitions))
            )
        yield worker


async def _run_backfills(
    settings: Settings, worker: WorkerApp, router: RouterHandler, snapshots: SnapshotStore, partitions: int
) -> None:
    """Backfills the conferences in this router's partitions."""

    def mine() -> list[str]:
        own = router.positions()
        return [name for name in router.open_conferences() if partition_of(name.encode(), partitions) in own]

    async def fill(conference: str) -> str:
        return await run_backfill(settings.kafka.address, conference, settings.prefix)

    try:
        await BackfillLoop(mine, fill, snapshots).run()
    except Exception as error:  # noqa: BLE001  # a broken invariant ends the worker
        worker.fail(error)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task], timeout=BACKFILL_STOP_S)


_Ports = tuple[TopicWriter, TopicReader, TopicSnapshots]


async def _create_handler(stack: AsyncExitStack, settings: Settings, partitions: int, ports: _Ports) -> Handler:
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
        store,
        lambda conference: partition_of(conference.encode(), partitions),
        time.monotonic,
        prefix=settings.prefix,
    )
