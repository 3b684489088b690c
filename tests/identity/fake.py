"""A fake of both networks on loopback: the shapes of their documented answers, invented people, and every fault.

Owns: the serving, in threads that end with the context. May never: know what the reader makes of it.
"""

import json
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from services.identity.http_client import Fetcher

DID = "did:plc:adaadaadaadaadaadaadaada"
OTHER = "did:plc:bobbobbobbobbobbobbobbob"
AT = "2026-03-09T15:05:00.000Z"
Json = dict[str, Any]
Fault = Callable[["Handler"], None]


def profile(did: str = DID, handle: str = "ada.example.org", description: str | None = "") -> Json:
    """``app.bsky.actor.defs#profileViewDetailed``."""
    kept = {"did": did, "handle": handle, "displayName": "Ada Example", "followersCount": 7, "indexedAt": AT}
    return kept | ({} if description is None else {"description": description})


def skeet(text: str, did: str = DID, repost_by: str | None = None) -> Json:
    """``app.bsky.feed.defs#feedViewPost``."""
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": AT, "langs": ["en"]}
    uri = f"at://{did}/app.bsky.feed.post/3jqcusgcwfc23"
    post = {"uri": uri, "cid": "bafy", "author": {"did": did, "handle": "x.example.org"}, "record": record}
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": repost_by, "handle": "y"}, "indexedAt": AT}
    return {"post": post | {"likeCount": 0, "indexedAt": AT}} | ({"reason": reason} if repost_by else {})


def account(number: str = "17", acct: str = "ada", note: str = "", fields: Sequence[str] = ()) -> Json:
    """Mastodon's ``Account``."""
    lines = [{"name": "Also at", "value": value, "verified_at": None} for value in fields]
    shown = {"display_name": "Ada Example", "locked": False, "followers_count": 7, "emojis": [], "avatar": ""}
    return {"id": number, "username": acct.partition("@")[0], "acct": acct, "note": note, "fields": lines} | shown


def toot(content: str, number: str = "17", reblog: Json | None = None) -> Json:
    """Mastodon's ``Status``."""
    kept = {"id": "103270115826048975", "created_at": AT, "visibility": "public", "mentions": [], "tags": []}
    return kept | {"account": account(number), "content": content, "reblog": reblog, "quote": None}


@dataclass
class Network:
    """What the servers hold; ``faults`` by path come first."""

    answers: dict[str, Any] = field(default_factory=dict)  # path -> what is answered; an int is a status
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # host, path, parameters

    def bluesky(self, profile: Any, *feed: Json) -> None:
        self.answers["/xrpc/app.bsky.actor.getProfile"] = profile
        self.answers["/xrpc/app.bsky.feed.getAuthorFeed"] = {"feed": list(feed), "cursor": AT}

    def mastodon(self, account: Any, *statuses: Json) -> None:
        self.answers["/api/v1/accounts/lookup"] = account
        self.answers["/api/v1/accounts/17/statuses"] = list(statuses)


class Handler(BaseHTTPRequestHandler):
    """Answers as the network holds it."""

    network: Network
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self.close_connection = True
        parts = urlsplit(self.path)
        self.network.asked.append((self.headers["host"], parts.path, dict(parse_qsl(parts.query))))
        try:
            if parts.path in self.network.faults:
                self.network.faults[parts.path](self)
            else:
                answer = self.network.answers.get(parts.path, 404)
                status, body = (answer, {"error": "No"}) if isinstance(answer, int) else (200, answer)
                self.say(status, json.dumps(body).encode())
        except OSError:
            return  # the client went away, as it may

    def say(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        named = {"Content-Type": "application/json; charset=utf-8"} | headers
        for name, value in (named | {"Content-Length": str(len(body) if length is None else length)}).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A handshake that the client breaks off is no error."""


class FakeServers:
    """All hosts of the fake networks at one port of 127.0.0.1."""

    def __init__(self, secured: ssl.SSLContext | None = None) -> None:
        self.network = Network()
        handler = type("_Handler", (Handler,), {"network": self.network, "timeout": 20})
        self._server = _Server(("127.0.0.1", 0), handler)
        if secured is not None:
            self._server.socket = secured.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


async def here(host: str) -> Sequence[str]:
    """Every name leads to this machine."""
    return ("127.0.0.1",)


def on_loopback(port: int, **given: Any) -> Fetcher:
    """A fetcher that asks the fake servers, without TLS unless told."""
    return Fetcher(here, lambda address: address == "127.0.0.1", **({"scheme": "http"} | given), port=port)
