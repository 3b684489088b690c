"""The composition root of ``hallway serve``: journal, directory, inboxes, runner, API, HTTP server.

Responsibility: what is created, in which order, and stopping it within 5 seconds.
Why: the socket is bound first, so that a port in use is reported at once; then the journal locks the folder, so that
two processes never share anything. Stop order: streams, requests, runner, inboxes, journal.
"""

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.ownership_proofs import OwnershipProofs
from services.admission.post_index_writer import PostIndexWriter
from services.admission.registration.returning_attendees import ErasurePreparation, ReturningAttendees
from services.api.dead_letters.index import DeadLetterIndex
from services.api.operator.inbox_rebuild import InboxRebuild
from services.api.organizer.attendee_import import AttendeeImport
from services.api.organizer.overview import Overviews
from services.api.shared.bounds import Bounds
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.server_sent_events import StreamRegistry
from services.api.transport.connections import config_of
from services.api.transport.middleware import Edge
from services.connectors.bluesky.repository import CAR_BYTES
from services.connectors.bluesky.repository_source import PLC, RepositorySource
from services.connectors.source_client import SourceClient
from services.directory.port import PostReader
from services.directory.sqlite import SqliteDirectory
from services.erasure.conference_erasure import ConferenceErasure
from services.erasure.person_erasure import Erasures
from services.inbox.redis.embedded_valkey import EmbeddedValkey, ValkeyError
from services.inbox.redis.inboxes import RedisInboxes
from services.journal import Journal, JournalError
from services.kafka.access import Access
from services.kafka.gateway.read_replica import ForeignLogError
from services.processes import garbage_collection
from services.server.api import build_api
from services.server.background_tasks import BackgroundTasks
from services.server.connector_ports import supervise_connectors
from services.server.event_followups import EventFollowUps
from services.server.file_limits import raise_file_limit
from services.server.log_backends import FileLogBackend, KafkaLogBackend, LogBackend, Stores, clock
from services.server.parts import Parts
from services.usage_errors import UnusableError

STATIC = Path(__file__).parents[1] / "web" / "static"
ORGANIZER = "organizer"
REPOSITORY_S = 60.0  # for a person's repository from their own server
REQUESTS_S = 1.0  # for requests in flight when the server stops
_log = structlog.get_logger("hallway.serving")


@dataclass(frozen=True)
class Settings:
    """The command line's settings; the last five are for tests and other composition roots.

    ``trusted_proxies``: addresses and networks whose ``X-Forwarded-For`` is trusted; none by default, because any
    client that is not a proxy could invent an address with every request.
    ``private_hosts``: ``HOST:PORT`` in private networks that connectors may read.
    ``kafka``: where the log is; None: in the data folder. ``kafka_prefix``: of its topics.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    redis_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    kafka: Access | None = None
    kafka_prefix: str = ""
    private_hosts: tuple[str, ...] = ()
    reader: PostReader | None = None
    plc: str = PLC
    bounds: Bounds = field(default_factory=Bounds)
    static: Path = STATIC
    clock: Callable[[], int] = clock

    def log_backend(self) -> LogBackend:
        """The backend of the log."""
        return (
            KafkaLogBackend(self.data, self.kafka, self.kafka_prefix, self.clock)
            if self.kafka
            else FileLogBackend(self.data, self.clock)
        )

    def address(self, port: int) -> str:
        """The server's public address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{port}").rstrip("/")


@dataclass(frozen=True)
class RunningServer:
    """A server without its socket. ``is_new``: the data folder was empty. ``redis_url``: where the inboxes are."""

    app: Edge
    parts: Parts
    background: BackgroundTasks
    is_new: bool
    redis_url: str

    def organizer_key(self) -> str:
        """Issues a key for the organizer of this server, to be shown once."""
        return self.parts.directory.keys.issue_key("organizer", ORGANIZER)


@asynccontextmanager
async def open_server(settings: Settings, address: str) -> AsyncIterator[RunningServer]:
    """Starts everything but the socket, and stops it in order. JournalError, ValkeyError: the text is for a person."""
    async with AsyncExitStack() as stack:
        opened = await (log_backend := settings.log_backend()).open(stack)
        for notice in opened.journal.notices:
            _log.warning("the journal was repaired", notice=notice)
        directory = await asyncio.to_thread(SqliteDirectory, settings.data / "directory", settings.clock)
        stack.callback(directory.close)
        server = None if settings.redis_url else EmbeddedValkey(settings.data / "valkey")
        if server is not None:
            await stack.enter_async_context(server)
        url = settings.redis_url or (server.url if server else "")
        inboxes = await stack.enter_async_context(RedisInboxes(url, opened.epoch))
        parts = await compose_parts(stack, settings, address, log_backend, opened.journal, Stores(directory, inboxes))
        await parts.runner.start()
        stack.push_async_callback(parts.runner.stop)
        background = BackgroundTasks(parts, server)
        stack.push_async_callback(background.stop)
        yield RunningServer(build_api(parts), parts, background, opened.is_new, url)


async def compose_parts(
    stack: AsyncExitStack, settings: Settings, address: str, log_backend: LogBackend, journal: Journal, stores: Stores
) -> Parts:
    """Creates the parts on top of the stores; the caller starts the runner."""
    (directory, inboxes), clock, bounds = stores, settings.clock, settings.bounds
    conferences, streams = (
        ConferenceRegistry(bounds.open_conferences, bounds.stored_conferences),
        StreamRegistry(bounds),
    )
    await asyncio.to_thread(conferences.load, journal)
    runner, readiness = log_backend.runner(stack, stores, conferences)
    letter_index = DeadLetterIndex(journal)
    overviews = Overviews(
        journal,
        runner,
        directory,
        clock,
        conferences,
        bounds.overview_s,
        lambda conference: inboxes.trouble or readiness.troubles.get(conference),
        letter_index.count,
    )
    lock, limits = asyncio.Lock(), RateLimits(bounds.rates)
    erasures = Erasures(directory, inboxes, runner, journal, conferences, lock, streams.end_attendee)
    follow_ups, leaving = EventFollowUps(erasures, readiness), ErasurePreparation(directory, runner, conferences)
    posts = PostIndexWriter(directory.index_posts)
    admission = EventAdmission(runner, directory, conferences, clock, follow_ups, leaving, posts, limits.charge, lock)
    log, end_streams = log_backend.conference_erasure(), streams.end_conference
    erasures.conference = ConferenceErasure(
        directory, journal, inboxes, log, conferences, end_streams, overviews.forget, admission
    )
    returning, attendee_import = ReturningAttendees(admission), AttendeeImport(admission, directory)
    source_client = SourceClient(settings.private_hosts)
    return Parts(
        runner=runner,
        journal=journal,
        directory=directory,
        inboxes=inboxes,
        readiness=readiness,
        conferences=conferences,
        admission=admission,
        attendee_import=attendee_import,
        connectors=supervise_connectors(admission, attendee_import, directory, conferences, source_client),
        source_client=source_client,
        repositories=RepositorySource(
            SourceClient(settings.private_hosts, request_s=REPOSITORY_S, most_bytes=CAR_BYTES), settings.plc
        ),
        returning=returning,
        proofs=OwnershipProofs(directory.codes, admission, returning),
        erasures=erasures,
        inbox_rebuild=InboxRebuild(inboxes, readiness),
        letter_index=letter_index,
        overviews=overviews,
        streams=streams,
        limits=limits,
        bounds=bounds,
        address=PublicAddress(address),
        reader=settings.reader,
        clock=clock,
        static=settings.static,
    )


# -- the server ------------------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """Without uvicorn's signal handlers: ``serve`` closes the streams first."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Installs no signal handlers."""
        yield


def bind_socket(settings: Settings) -> socket.socket:
    """Binds the listening socket. UnusableError: it cannot be bound."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With an explicit protocol asyncio turns Nagle's algorithm off; otherwise answers are 40 ms late.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
        sock.listen(1_024)
    except (OSError, OverflowError) as error:
        sock.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            reason = f"Port {settings.port} of {settings.host} is in use. Stop what uses it, or choose another --port."
        else:
            reason = f"{settings.host}:{settings.port} cannot be used ({error}). Choose another --host or --port."
        raise UnusableError(reason) from None
    return sock


Ready = Callable[[RunningServer, str], asyncio.Task[None] | None]
_StartTask = Callable[[], asyncio.Task[None] | None]


async def serve(settings: Settings, ready: Ready) -> int:
    """Serves until SIGTERM or SIGINT (0), or until a failure (1). ``ready`` is called with the address.

    ``ready`` may return a task that runs beside the server: each ends with the other.
    """
    raise_file_limit(settings.bounds.streams)
    garbage_collection.collect_rarely()
    sock = bind_socket(settings)
    try:
        address = settings.address(sock.getsockname()[1])
        async with open_server(settings, address) as server:
            return await _run_until_stopped(server, sock, settings.trusted_proxies, lambda: ready(server, address))
    except (JournalError, ValkeyError) as error:
        raise UnusableError(str(error)) from None
    finally:
        sock.close()


async def _run_until_stopped(
    running: RunningServer, sock: socket.socket, trusted: Sequence[str], ready: _StartTask
) -> int:
    server = _Server(config_of(running.app, running.parts.bounds, trusted, REQUESTS_S))
    stop_requested = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_requested.set)
    serving = asyncio.create_task(server.serve(sockets=[sock]), name="server")
    failed = asyncio.create_task(running.parts.runner.wait_for_failure(), name="failed")
    stopped = asyncio.create_task(stop_requested.wait(), name="stop requested")
    companion: asyncio.Future[Any] = ready() or stopped
    ends: set[asyncio.Future[Any]] = {serving, failed, stopped, companion, running.background.broken}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        _log.info("stopping")
        companion.cancel()
        running.parts.streams.close()
        server.should_exit = True
        await asyncio.wait({serving, companion}, timeout=REQUESTS_S + 1.0)
    finally:
        for task in (serving, failed, stopped, companion):
            task.cancel()
    return _exit_code(running, failed)


def _exit_code(running: RunningServer, failed: asyncio.Task[BaseException]) -> int:
    """1 after a failure, else 0. UnusableError: a person must decide."""
    broken = running.background.broken
    error = (broken.result() if broken.done() and not broken.cancelled() else None) or running.parts.runner.failure
    if isinstance(error, ForeignLogError | ValkeyError):
        raise UnusableError(str(error))
    if error is not None:
        _log.error("hallway failed", error=type(error).__name__)
    return 1 if error is not None else 0
