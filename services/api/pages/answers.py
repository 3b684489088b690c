"""Middleware of the pages: security headers, ETags, and 304 for a browser that has the current file.

Invariants: browsers may store a file but revalidate it before each use (``no-cache``), because a file's name does not
change with its content.
Why: Litestar's static files never answer 304, and derive the ETag from path, time and size. In an image whose files
all have one time, another file of the same length would have the same ETag; so here it is derived from the content.
Source: RFC 9110, 8.8.3 (ETag), 13.1.2 (If-None-Match) and 15.4.5 (304).
"""

from hashlib import blake2b
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from services.api.shared.problems import MEDIA_TYPE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-cache",
}
_OF_CONTENT = frozenset({b"content-type", b"content-length", b"content-disposition"})
_OF_TIME = frozenset({b"etag", b"last-modified"})
_ETAG_BYTES = 16


class PageAnswers:
    """Middleware for the routes of the pages. Files are small, so each is buffered in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "GET":  # the edge has turned a HEAD into one
            connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
            send = _Answer(send, ",".join(connection.headers.getall("if-none-match", [])))
        await self._app(scope, receive, send)


class _Answer:
    """Buffers a response until its body is complete."""

    def __init__(self, send: Send, if_none_match: str) -> None:
        self._send, self._if_none_match = send, if_none_match
        self._start: HTTPResponseStartEvent | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._parts.append(message["body"])
            if not message["more_body"]:
                await self._finish(b"".join(self._parts))

    async def _finish(self, body: bytes) -> None:
        assert self._start is not None
        start, headers = self._start, dict(self._start["headers"])
        if not headers.get(b"content-type", b"").startswith(MEDIA_TYPE.encode()):
            etag = f'"{blake2b(body, digest_size=_ETAG_BYTES).hexdigest()}"'
            status = start["status"]
            headers = {name: value for name, value in headers.items() if name not in _OF_TIME} | _HEADERS
            if status == 200:
                headers[b"etag"] = etag.encode()
                if matches(self._if_none_match, etag):
                    status, body = 304, b""
                    headers = {name: value for name, value in headers.items() if name not in _OF_CONTENT}
            start = {"type": "http.response.start", "status": status, "headers": list(headers.items())}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def matches(if_none_match: str, etag: str) -> bool:
    """Whether the header lists this tag or ``*``. Weak tags match too: proxies that compress weaken them."""
    listed = [each.strip() for each in if_none_match.split(",")]
    return "*" in listed or etag in [each.removeprefix("W/") for each in listed]
