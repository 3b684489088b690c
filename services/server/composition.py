"""The composition root of ``hallway serve``: journal, directory, inboxes, runner, gateway, server.

Owns: what is made, in which order, and its end within 5 seconds. May never: decide anything about people or events.
Order: the folder's lock (with the journal) first, so that two processes never share anything; the server's socket is
bound before, so that a port in use is said at once. Ending: streams, requests, runner, inboxes, journal.
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
from services.admission.returning_attendees import ErasurePreparation, ReturningAttendees
from services.api.dead_letters.index import DeadLetterIndex
from services.api.operator.inbox_rebuild import InboxRebuild
from services.api.organizer.overview import Overviews
from services.api.shared.bounds import Bounds
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.server_sent_events import StreamRegistry
from services.api.transport.connections import config_of
from services.api.transport.middleware import Edge
from services.directory.port import PostReader
from services.directory.sqlite import SqliteDirectory
from services.erasure.conference_erasure import ConferenceErasure
from services.erasure.person_erasure import Erasures
from services.inbox.port import InboxForeignError
from services.inbox.redis.embedded_valkey import EmbeddedValkey, ValkeyError
from services.inbox.redis.inboxes import RedisInboxes
from services.journal import Journal, JournalError
from services.kafka.access import Access
from services.kafka.gateway.read_replica import ForeignLogError
from services.server.api import api_of
from services.server.background_tasks import Background
from services.server.event_followups import Following
from services.server.file_limits import make_room
from services.server.log_backends import Backing, InFile, InKafka, Stores, clock
from services.server.parts import Parts
from services.tools.processes import garbage_collection as collecting
from services.usage_errors import UnusableError

STATIC = Path(__file__).parents[1] / "web" / "static"
ORGANIZER = "organizer"
REQUESTS_S = 1.0  # for those under way when the server ends
_log = structlog.get_logger("hallway.serving")


@dataclass(frozen=True)
class Settings:
    """What is told on the command line; the last four are for tests and other composition roots.

    ``trusted_proxies``: addresses and networks whose ``X-Forwarded-For`` is believed; nobody's unless it is said, for
    on this machine too whoever is no proxy could invent an address with every request.
    ``kafka``: where the log is; None: it is in the data folder. ``kafka_prefix``: of its topics.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    redis_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    kafka: Access | None = None
    kafka_prefix: str = ""
    reader: PostReader | None = None
    bounds: Bounds = field(default_factory=Bounds)
    static: Path = STATIC
    clock: Callable[[], int] = clock

    def backing(self) -> Backing:
        """What its log stands on."""
        return (
            InKafka(self.data, self.kafka, self.kafka_prefix, self.clock)
            if self.kafka
            else InFile(self.data, self.clock)
        )

    def address(self, port: int) -> str:
        """Where people find it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{port}").rstrip("/")


@dataclass(frozen=True)
class Running:
    """What a server consists of. ``is_new``: the data folder was empty. ``redis_url``: where its inboxes are."""

    app: Edge
    parts: Parts
    background: Background
    is_new: bool
    redis_url: str

    def organizer_key(self) -> str:
        """A new key for the organizer of this server, to be shown once."""
        return self.parts.directory.keys.issue_key("organizer", ORGANIZER)


@asynccontextmanager
async def running(settings: Settings, address: str) -> AsyncIterator[Running]:
    """Everything but the socket: ready to serve, and ended in order. JournalError, ValkeyError: plain sentences."""
    async with AsyncExitStack() as stack:
        opened = await (backing := settings.backing()).open(stack)
        for notice in opened.journal.notices:
            _log.warning("the journal was mended", notice=notice)
        directory = await asyncio.to_thread(SqliteDirectory, settings.data / "directory", settings.clock)
        stack.callback(directory.close)
        server = None if settings.redis_url else EmbeddedValkey(settings.data / "valkey")
        if server is not None:
            await stack.enter_async_context(server)
        url = settings.redis_url or (server.url if server else "")
        inboxes = await stack.enter_async_context(RedisInboxes(url, opened.epoch))
        parts = await composed(stack, settings, address, backing, opened.journal, Stores(directory, inboxes))
        await parts.runner.start()
        stack.push_async_callback(parts.runner.stop)
        background = Background(parts, server)
        stack.push_async_callback(background.stop)
        yield Running(api_of(parts), parts, background, opened.is_new, url)


async def composed(
    stack: AsyncExitStack, settings: Settings, address: str, backing: Backing, journal: Journal, stores: Stores
) -> Parts:
    """The parts over these stores; the runner is to be started."""
    (directory, inboxes), clock, bounds = stores, settings.clock, settings.bounds
    conferences, streams = (
        ConferenceRegistry(bounds.open_conferences, bounds.stored_conferences),
        StreamRegistry(bounds),
    )
    await asyncio.to_thread(conferences.load, journal)
    runner, readiness = backing.runner(stack, stores, conferences)
    letter_index = DeadLetterIndex(journal)
    overviews = Overviews(
        journal,
        runner,
        directory,
        clock,
        conferences,
        bounds.overview_s,
        lambda: inboxes.trouble,
        letter_index.count,
    )
    lock, limits = asyncio.Lock(), RateLimits(bounds.rates)
    erasures = Erasures(directory, inboxes, runner, journal, conferences, lock, streams.end_attendee)
    following, leaving = Following(erasures, readiness), ErasurePreparation(directory, runner, conferences)
    posts = PostIndexWriter(directory.index_posts)
    admission = EventAdmission(runner, directory, conferences, clock, following, leaving, posts, limits.charge, lock)
    log, end_streams = backing.forgetting(), streams.end_conference
    erasures.conference = ConferenceErasure(
        directory, journal, inboxes, log, conferences, end_streams, overviews.forget, admission
    )
    returning = ReturningAttendees(admission)
    return Parts(
        runner=runner,
        journal=journal,
        directory=directory,
        inboxes=inboxes,
        readiness=readiness,
        conferences=conferences,
        admission=admission,
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
    """Without uvicorn's own signals: ``serve`` ends the streams first."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield


def bound(settings: Settings) -> socket.socket:
    """The listening socket; UnusableError when it is not to be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle's algorithm on: then answers are 40 ms late.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
        sock.listen(1_024)
    except (OSError, OverflowError) as error:
        sock.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            said = f"Port {settings.port} of {settings.host} is in use. End what uses it, or choose another: --port."
        else:
            said = f"{settings.host}:{settings.port} cannot be used ({error}). Choose another --host or --port."
        raise UnusableError(said) from None
    return sock


Ready = Callable[[Running, str], asyncio.Task[None] | None]
_Beside = Callable[[], asyncio.Task[None] | None]


async def serve(settings: Settings, ready: Ready) -> int:
    """Serves until SIGTERM or SIGINT (0), or until something broke (1). ``ready`` is called with the address.

    The task that it may give goes on beside the server: each ends with the other.
    """
    make_room(settings.bounds.streams)
    collecting.seldom()
    sock = bound(settings)
    try:
        address = settings.address(sock.getsockname()[1])
        async with running(settings, address) as server:
            return await _served(server, sock, settings.trusted_proxies, lambda: ready(server, address))
    except (JournalError, ValkeyError) as error:
        raise UnusableError(str(error)) from None
    finally:
        sock.close()


async def _served(running: Running, sock: socket.socket, trusted: Sequence[str], ready: _Beside) -> int:
    server = _Server(config_of(running.app, running.parts.bounds, trusted, REQUESTS_S))
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    serving = asyncio.create_task(server.serve(sockets=[sock]), name="server")
    failed = asyncio.create_task(running.parts.runner.failed(), name="failed")
    stopped = asyncio.create_task(told.wait(), name="told to stop")
    beside: asyncio.Future[Any] = ready() or stopped
    ends: set[asyncio.Future[Any]] = {serving, failed, stopped, beside, running.background.broken}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        _log.info("stopping")
        beside.cancel()
        running.parts.streams.close()
        server.should_exit = True
        await asyncio.wait({serving, beside}, timeout=REQUESTS_S + 1.0)
    finally:
        for task in (serving, failed, stopped, beside):
            task.cancel()
    return _code(running, failed)


def _code(running: Running, failed: asyncio.Task[BaseException]) -> int:
    """1 where something broke; what a person must decide is said in its own words."""
    broken = running.background.broken
    error = (broken.result() if broken.done() and not broken.cancelled() else None) or running.parts.runner.failure
    if isinstance(error, InboxForeignError | ForeignLogError | ValkeyError):
        raise UnusableError(str(error))
    if error is not None:
        _log.error("hallway failed", error=type(error).__name__)
    return 1 if error is not None else 0
