"""Mastodon servers on loopback that share posts, and every fault. Their people are invented.

Owns: the wire, as the recorded samples have it. May never: know what the connector makes of it.
"""

import asyncio
import http
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]
SECRET = "what somebody wrote"  # noqa: S105 - the text of every post
TOKEN = "tok-en_1"  # noqa: S105
HOME = "https://home.example"  # where most people are


def time_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1_000:03}Z"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Post:
    """A post as its author's server has it. ``acct``: with its host; ``key``: the number in its address."""

    key: int
    acct: str = "ada@home.example"
    tags: tuple[str, ...] = ("HITsm",)
    mentions: tuple[str, ...] = ()
    answers: "Post | None" = None
    at: int = field(default_factory=now_ms)
    edited: str | None = None
    visibility: str = "public"
    is_boost: bool = False
    uri: str = ""

    def __post_init__(self) -> None:
        name, _, host = self.acct.partition("@")
        self.uri = self.uri or f"https://{host}/users/{name}/statuses/{self.key}"


@dataclass
class Fault:
    """What happens to an answer below ``path``, or, of ``stream``, after so many frames."""

    what: str
    path: str = "/api/v1/timelines"
    after: int = 0


@dataclass
class Mastodon:
    """One server: its own ids for posts, which it shows by the order in which it got them."""

    number: int = 1
    has_streams: bool = True
    sends: bool = True  # its streams send something
    skew_s: int = 0
    port: int = 0
    posts: dict[str, Post] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    authorizations: set[str | None] = field(default_factory=set)
    subscribed: list[set[str]] = field(default_factory=list)
    left: int = 300
    page_posts: int = 40
    domain: str = ""
    _next: int = 0
    _sockets: dict[ServerConnection, tuple[set[str], Fault]] = field(default_factory=dict)
    _sent: dict[ServerConnection, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        return len(self._sockets)

    @property
    def reads(self) -> int:
        """How often a timeline was asked for."""
        return sum(path.startswith("/api/v1/timelines") for path, _ in self.asked)

    # -- what people do --------------------------------------------------------------------------------------------

    async def add(self, post: Post) -> str:
        """The server gets a post; its id here."""
        self._next += 1
        found = f"{self.number}{self._next:09}"
        self.posts[found] = post
        await self.send(post, "update", json.dumps(self.status(found)))
        return found

    async def edit(self, id_: str, *tags: str) -> None:
        post = self.posts[id_]
        post.tags, post.edited = tags, time_of(now_ms())
        await self.send(post, "status.update", json.dumps(self.status(id_)))

    async def delete(self, id_: str) -> None:
        await self.send(self.posts.pop(id_), "delete", id_)

    def status(self, id_: str) -> Json:
        """As the recorded samples have it."""
        post = self.posts[id_]
        own = f"127.0.0.1:{self.port}"
        bare = post.acct.removesuffix(f"@{own}")
        answered = next((other for other, each in self.posts.items() if each is post.answers), None)
        shown: Json = {
            "id": id_,
            "created_at": time_of(post.at),
            "in_reply_to_id": answered,
            "in_reply_to_account_id": None if post.answers is None else self._account(post.answers.acct),
            "sensitive": False,
            "spoiler_text": SECRET,
            "visibility": post.visibility,
            "language": "en",
            "uri": post.uri,
            "url": post.uri,
            "edited_at": post.edited,
            "content": f"<p>{SECRET}\u2028</p>",
            "text": SECRET,
            "reblog": None,
            "account": {
                "id": self._account(post.acct),
                "username": bare.partition("@")[0],
                "acct": bare,
                "note": SECRET,
            },
            "mentions": [{"id": self._account(each), "username": each, "acct": each} for each in post.mentions],
            "tags": [{"name": tag.lower(), "url": f"{self.address}/tags/{tag}"} for tag in post.tags],
            "emojis": [],
            "card": None,
        }
        wrapper = {"reblog": shown, "uri": f"{self.address}#{id_}", "created_at": time_of(now_ms())}
        return shown | (wrapper if post.is_boost else {})  # with the same id

    def _account(self, acct: str) -> str:
        return str(self.number * 1_000_000 + sum(map(ord, acct)))

    # -- requests --------------------------------------------------------------------------------------------------

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        """Everything but an opened stream."""
        parts = urlsplit(request.path)
        path, query = parts.path, parse_qs(parts.query)
        self.asked.append((path, query))
        self.authorizations.add(request.headers.get("Authorization"))
        of_answers = [each for each in self.faults if each.what not in _OF_STREAMS and path.startswith(each.path)]
        if of_answers:
            self.faults.remove(of_answers[0])
            return self._broken(of_answers[0])
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json({"error": "The access token is invalid"}, 401)
        if path == "/api/v1/streaming" and self.has_streams:
            return None
        if path == "/api/v2/instance":
            urls = {"streaming": f"ws://127.0.0.1:{self.port}"}
            return self._json({"domain": self.domain or f"127.0.0.1:{self.port}", "configuration": {"urls": urls}})
        if path == "/api/v1/accounts/verify_credentials":
            return self._json({"id": "1", "acct": "hallway", "note": SECRET})
        if path.startswith("/api/v1/timelines/tag/"):
            return self._timeline(unquote(path.rpartition("/")[2]).lower(), query)
        return self._json({"error": "Not Found"}, 404)

    def _timeline(self, tag: str, query: dict[str, list[str]]) -> Response:
        ids = [id_ for id_, post in self.posts.items() if tag in map(str.lower, post.tags)]
        most = min(int(query["limit"][0]), self.page_posts)
        if "min_id" in query:
            found = [id_ for id_ in ids if id_ > query["min_id"][0] or query["min_id"][0] == "0"][:most]
        else:
            found = [id_ for id_ in ids if "max_id" not in query or id_ < query["max_id"][0]][-most:]
        found.reverse()
        links = {}
        if found:
            here = f"{self.address}/api/v1/timelines/tag/{tag}"
            links["Link"] = f'<{here}?max_id={found[-1]}>; rel="next", <{here}?min_id={found[0]}>; rel="prev"'
        return self._json([self.status(id_) for id_ in found], **links)

    def _json(self, value: Any, status: int = 200, **headers: str) -> Response:
        return self._bytes(json.dumps(value, ensure_ascii=False).encode(), status, **headers)

    def _bytes(self, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Response:
        now = datetime.fromtimestamp(time.time() + self.skew_s, UTC)
        named = {
            "Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "Content-Type": "application/json",
            "Content-Length": str(len(body) if length is None else length),
            "Connection": "close",
            "X-RateLimit-Limit": "300",
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": datetime.fromtimestamp(time.time() + self.skew_s + 1, UTC).isoformat(),
            **headers,
        }
        return Response(status, http.HTTPStatus(status).phrase, Headers(named), body)

    def _broken(self, fault: Fault) -> Response:
        match fault.what:
            case "half":
                return self._bytes(b'[{"id": "1", "content": "' + SECRET.encode(), length=5_000)
            case "garbage":
                return self._bytes(b'[{"id": "1", "content": "' + SECRET.encode())
            case "huge":
                return self._bytes(b"[" + b" " * 10_000_000 + b"]")
            case "redirect":
                return self._bytes(b"", 302, Location="http://127.0.0.1:1/")
            case "odd":
                return self._json([{"id": 5, "content": SECRET}, {"content": SECRET}, None])
            case _:
                return self._bytes(SECRET.encode(), int(fault.what))

    # -- streams ---------------------------------------------------------------------------------------------------

    async def serve(self, ws: ServerConnection) -> None:
        assert ws.request is not None
        query = parse_qs(urlsplit(ws.request.path).query)
        tags = {query["tag"][0].lower()} if query.get("stream") == ["hashtag"] else set()
        self.subscribed.append(tags)
        fault = next((each for each in self.faults if each.what in _OF_STREAMS), Fault(""))
        if fault.what:
            self.faults.remove(fault)
        self._sockets[ws], self._sent[ws] = (tags, fault), 0
        try:
            async for frame in ws:
                asked = json.loads(frame)
                assert (asked["type"], asked["stream"]) == ("subscribe", "hashtag")
                tags.add(asked["tag"].lower())
        finally:
            del self._sockets[ws]

    async def send(self, post: Post, event: str, payload: str) -> None:
        """Sends an event to whoever follows one of the post's hashtags."""
        if not self.sends:
            return
        for ws, (tags, fault) in list(self._sockets.items()):
            named = [tag.lower() for tag in post.tags if tag.lower() in tags]
            for tag in named[:1] if event != "delete" else ["any"]:
                text = json.dumps({"stream": ["hashtag", tag], "event": event, "payload": payload})
                with suppress(ConnectionClosed):
                    await self._send(ws, text, fault)
        await asyncio.sleep(0)

    async def _send(self, ws: ServerConnection, text: str, fault: Fault) -> None:
        sent = self._sent[ws]
        self._sent[ws] += 1
        if sent == fault.after:
            match fault.what:
                case "cut":
                    ws.transport.abort()
                    return
                case "half-frame":
                    ws.transport.write(b'\x81\x7e\x10\x00{"event": "upd')
                    ws.transport.close()
                    return
                case "close":
                    await ws.close(1000)
                    return
                case "huge-frame":
                    text = json.dumps({"event": "update", "payload": SECRET * 600_000})
                case "garbage-frame":
                    await ws.send(text[: len(text) // 2])
                    await ws.send(json.dumps({"event": "update", "payload": f"{ {'id': SECRET} }"}))
                    await ws.send(json.dumps({"event": "filters_changed"}))
                case "double":
                    await ws.send(text)
        await ws.send(text)


_OF_STREAMS = frozenset({"cut", "half-frame", "close", "huge-frame", "garbage-frame", "double"})


@asynccontextmanager
async def serving(*servers: Mastodon) -> AsyncIterator[None]:
    """The servers on free ports."""
    async with AsyncExitStack() as stack:
        for each in servers:
            answer: Callable[[ServerConnection, Request], Response | None] = each.answer
            server = await stack.enter_async_context(
                serve(each.serve, "127.0.0.1", 0, process_request=answer, ping_interval=None)
            )
            (sock,) = server.sockets
            each.port = sock.getsockname()[1]
        yield
