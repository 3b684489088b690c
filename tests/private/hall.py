"""A small conference behind the gateway, asked over HTTP in this process; its clock and its ids are the test's.

Responsibility: making it, requests, streams, and waiting until all that was said has come to the inboxes.
Invariants: nothing is patched: the parts are those that serve, put together by the same composition root, over a
journal, a directory and inboxes in memory.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import convert

from schemas.events import AccountVerified
from schemas.position import Position
from schemas.times import DAY_MS, format_time, millis
from services.admission.conference_registry import ConferenceRegistry
from services.admission.rate_limits import Rate
from services.admission.sender import VERIFIER
from services.api.shared.bounds import Bounds
from services.api.transport.middleware import Edge
from services.directory.port import Person
from services.directory.server_secret import Secret
from services.directory.sqlite import SqliteDirectory
from services.inbox.memory import MemoryInboxes
from services.journal.memory import MemoryJournal
from services.runtime import EmbeddedRunner
from services.runtime import Limits as RunnerLimits
from services.runtime.inbox_delivery import InboxDelivery
from services.runtime.ports import Readiness
from services.server.api import build_api
from services.server.composition import Settings, compose_parts
from services.server.log_backends import FileLogBackend, StartableRunner, Stores
from services.server.parts import Parts

CONFERENCE = "himss"
ORGANIZER, CONNECTOR = "~organizer", "~connector"
BEGINS = millis("2026-03-10T09:00:00.000Z")
PLACES = ("hall-a", "hall-b")
BEAT_S = 0.05
WIDE = Rate(burst=1_000_000, per_minute=10_000_000)
BOUNDS = Bounds(
    beat_s=BEAT_S,
    streams_a_session=1_000,
    streams_an_attendee=1_000,
    open_conferences=1_000,
    stored_conferences=1_000,
    rates=dict.fromkeys(Bounds().rates, WIDE),
)
QUICK = RunnerLimits(tick_poll_s=0.002, deliver_pause_s=0.01, deliver_rest_s=0.05)
LIMIT_S = 60.0
OPENING: dict[str, Any] = {
    "name": "HIMSS",
    "hashtags": ["hitsm"],
    "starts_at": "2026-03-01T00:00:00Z",
    "ends_at": "2026-04-01T00:00:00Z",
    "time_zone": "UTC",
    "places": [{"place": place, "name": place} for place in PLACES],
    "chats": [],
    "matching": {"per_hour": 50, "per_day": 50, "presence_hours": 2},
}
ALL = {"matching": True, "chats": True, "share_place": True}


@dataclass(frozen=True)
class Answer:
    """What came back of a request, as bytes; of a header's time nothing is kept."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hall:
    """``now``: the clock of a hall in memory, in ms; None where time is the log's. ``lag_ms``: how far behind the log
    the gateway's clock is."""

    parts: Parts
    app: Edge
    now: list[int] | None
    conference: str = CONFERENCE
    tokens: dict[str, str] = field(default_factory=dict)  # of sessions, and keys, by who has them
    posts: int = 0  # that were brought

    @property
    def accounts(self) -> Callable[[str], str]:
        """The account of somebody here: in every conference another."""
        return lambda who: f"x:{who}" if self.conference == CONFERENCE else f"x:{who}.{self.conference}"

    @property
    def hashtags(self) -> list[str]:
        """Those of this conference alone: what is said in others does not come here."""
        return ["hitsm"] if self.conference == CONFERENCE else [f"hitsm{self.conference}"]

    # -- requests ------------------------------------------------------------------------------------------------

    def _scope(self, who: str, method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
        said = {"x-hallway": "1", "content-type": "application/json"} | headers
        token = self.tokens.get(who, "")
        if token.startswith("hw.key."):
            said["authorization"] = f"Bearer {token}"
        elif token:
            said["cookie"] = f"hallway_session={token}"
        pairs = [(name.encode(), value.encode()) for name, value in said.items()]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method,
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": pairs,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip

    async def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request by an attendee, ``ORGANIZER``, ``CONNECTOR``, or somebody without a session."""
        sent: list[Any] = [{"type": "http.request", "body": json.dumps(body).encode() if body is not None else b""}]
        got: list[Any] = []

        async def receive() -> Any:
            if sent:
                return sent.pop()
            return await asyncio.Event().wait()

        async def send(event: Any) -> None:
            got.append(event)

        await self.app(self._scope(who, method, path, headers), receive, send)
        body_bytes = b"".join(event.get("body", b"") for event in got[1:])
        return Answer(got[0]["status"], tuple((name, value) for name, value in got[0]["headers"]), body_bytes)

    async def good(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that must be good."""
        answer = await self.ask(who, method, path, body)
        assert answer.status < 300, answer
        return answer.json() if answer.body else None

    async def bring(self, *events: dict[str, Any], who: str = ORGANIZER) -> list[Any]:
        """Events, and what became of them."""
        results: list[Any] = (await self.good(who, "POST", "/v1/events", list(events)))["results"]
        return results

    @asynccontextmanager
    async def stream(self, who: str, last: str | None = None) -> AsyncIterator["Listening"]:
        """The attendee's stream, as long as the context lasts."""
        found = Listening()
        gone = asyncio.Event()
        first = [{"type": "http.request", "body": b""}]

        async def receive() -> Any:
            if first:
                return first.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(event: Any) -> None:
            found.hear(event)

        headers = {} if last is None else {"last-event-id": last}
        scope = self._scope(who, "GET", "/v1/me/stream", headers)
        task = asyncio.create_task(self.app(scope, receive, send))
        try:
            yield found
        finally:
            gone.set()
            await asyncio.wait([task], timeout=LIMIT_S)

    async def resumed(self, who: str, last: str) -> bytes:
        """All that a stream brings that begins there: what comes before its first beat."""
        async with self.stream(who, last) as found:
            await found.until(lambda: found.beats > 0)
            return found.taken()

    # -- time and people -----------------------------------------------------------------------------------------

    async def at(self, now: int) -> None:
        """Time goes on to there, and all that is due by then has come to everybody."""
        if self.now is not None:
            self.now[0] = now
        await self.settled()

    async def settled(self) -> None:
        """Waits until the inboxes have all that comes of what was said and is due."""
        async with asyncio.timeout(LIMIT_S):
            while not await self._is_settled():  # noqa: ASYNC110  # several others' doing
                await asyncio.sleep(0.001)

    async def _is_settled(self) -> bool:
        due = await self.parts.runner.ask(self.conference, lambda matcher: matcher.next_due() if matcher else None)
        if self.parts.runner.lag or (due is not None and due <= self.log_now()):
            return False
        if await asyncio.to_thread(self.parts.directory.erasing.pending):
            return False
        mark = await self.parts.inboxes.checkpoint(self.conference)
        last = next(iter(reversed([position for position, _ in self.parts.journal.outputs(self.conference)])), "")
        return mark is not None and Position.parse(mark) >= Position.parse(last)

    def event(self, kind: str, number: str, **fields: Any) -> dict[str, Any]:
        """An event of this conference, now."""
        return {
            "type": kind,
            "id": number,
            "at": format_time(self.parts.clock()),
            "conference": self.conference,
        } | fields

    def log_now(self) -> int:
        """What the log takes for now, in ms."""
        return time.time_ns() // 1_000_000 if self.now is None else self.now[0]

    async def open(self, **matching: int) -> None:
        """Makes the keys, and opens the conference."""
        keys = self.parts.directory.keys
        self.tokens |= {ORGANIZER: keys.issue_key("organizer", "org")}
        self.tokens |= {CONNECTOR: keys.issue_key("connector", "posts", checkins=False)}
        opening = OPENING | {"hashtags": self.hashtags, "matching": OPENING["matching"] | matching}
        await self.good(ORGANIZER, "PUT", f"/v1/conferences/{self.conference}", opening)

    async def enter(self, *people: str) -> None:
        """Registers, with a name, an account of their own and a session."""
        for who in people:
            person = Person(
                conference=self.conference,
                attendee=who,
                name=who.title(),
                email=f"{who}@example.org",
                show_name=True,
            )
            await asyncio.to_thread(self.parts.directory.people.add, person)
            fields = {"attendee": who, "accounts": [self.accounts(who)], "consent": ALL}
            await self.bring(self.event("attendee.registered", f"r-{who}", **fields))
            await self.verify(who, self.accounts(who))
            link = self.parts.directory.sessions.first_link(self.conference, who)
            answer = await self.ask("nobody", "POST", "/v1/session", {"link": link})
            cookie = dict(answer.headers)[b"set-cookie"].decode()
            self.tokens[who] = cookie.partition("=")[2].partition(";")[0]

    async def verify(self, who: str, account: str) -> None:
        """What the verifier says when it found the code."""
        fields = {"attendee": who, "account": account, "method": "code"}
        event = self.event("account.verified", f"v-{who}-{account}", **fields)
        await self.parts.admission.admit_events([convert(event, AccountVerified)], VERIFIER)

    async def talk(self, one: str, other: str, more: int = 0) -> None:
        """They know each other from now on."""
        posts = []
        for n in range(2 + more):
            for actor, named in ((one, other), (other, one)):
                at = format_time(self.parts.clock() - (n + 1) * DAY_MS)
                post = {"type": "activity.posted", "id": f"x:{self.conference}-{one}-{other}-{actor}-{n}", "at": at}
                fields = {"actor": self.accounts(actor), "mentions": [self.accounts(named)]}
                posts.append(post | fields | {"hashtags": self.hashtags})
        assert {each["status"] for each in await self.bring(*posts, who=CONNECTOR)} == {"accepted"}
        self.posts += len(posts)
        async with asyncio.timeout(LIMIT_S):
            while await self.parts.runner.ask(self.conference, _posts) < self.posts:  # noqa: ASYNC110  # a router brings them
                await asyncio.sleep(0.005)

    async def card(self, who: str, other: str) -> str:
        """The card that the two have, or had last."""
        pair = (min(who, other), max(who, other))

        def found(matcher: Any) -> str:
            card = matcher.state.cards.get(pair)
            return "" if card is None else str(card.match)

        return await self.parts.runner.ask(self.conference, found)


class Listening:
    """A stream that is open: the bytes that came, without beats."""

    def __init__(self) -> None:
        self.status, self.beats = 0, 0
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self.cursor = 0  # of the newest entry that came
        self.presences: list[bytes] = []
        self._bytes = b""
        self._came = asyncio.Event()

    def hear(self, event: Any) -> None:
        if event["type"] == "http.response.start":
            self.status, self.headers = event["status"], tuple(event["headers"])
        elif event["body"].startswith(b"event: beat"):
            self.beats += 1
        elif event["body"].startswith((b"event: presence", b"event: sign_ins")):
            self.presences.append(event["body"])  # of the attendee alone; apart, for they come by a clock of their own
        else:
            self._bytes += event["body"]
            self.cursor = max([self.cursor, *map(int, re.findall(rb"^id: (\d+)$", event["body"], re.MULTILINE))])
        self._came.set()

    async def until(self, holds: Any) -> None:
        """Waits for something that comes with the stream."""
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self._came.clear()
                await self._came.wait()

    def taken(self) -> bytes:
        """What came since it was taken last."""
        taken, self._bytes = self._bytes, b""
        return taken


def _posts(matcher: Any) -> int:
    return len(matcher.state.posts) if matcher is not None else 0


class _InMemory(FileLogBackend):
    """A log that ends with the test."""

    def __init__(self, journal: MemoryJournal, clock: Callable[[], int]) -> None:
        super().__init__(Path(), clock)
        self._journal = journal  # type: ignore[assignment]  # the port is what counts

    def runner(
        self, stack: AsyncExitStack, stores: Stores, conferences: ConferenceRegistry
    ) -> tuple[StartableRunner, Readiness]:
        """As the one on a file, with shorter pauses."""
        delivering = InboxDelivery(self._journal, stores.inboxes, conferences.erased_attendees)
        stack.push_async_callback(delivering.close)
        runner = EmbeddedRunner(
            self._journal, self.clock, delivering.deliver, last_delivered=delivering.checkpoint, limits=QUICK
        )
        self._forget = runner.forget
        return runner, delivering


@asynccontextmanager
async def in_memory() -> AsyncIterator[Hall]:
    """A hall without files and processes, open since ``BEGINS``."""
    now, journal = [BEGINS], MemoryJournal()
    clock = lambda: now[0]  # noqa: E731
    async with AsyncExitStack() as stack:
        directory = SqliteDirectory(None, clock, secret=Secret(b"two halls give the same handles."))
        stack.callback(directory.close)
        settings = Settings(Path(), bounds=BOUNDS, clock=clock)
        stores, backing = Stores(directory, MemoryInboxes()), _InMemory(journal, clock)
        parts = await compose_parts(stack, settings, "http://hall", backing, journal, stores)
        await parts.runner.start()
        stack.push_async_callback(parts.runner.stop)
        erasures = asyncio.create_task(parts.erasures.run())
        stack.callback(erasures.cancel)
        hall = Hall(parts, build_api(parts), now)
        await hall.open()
        yield hall
