"""Around everything: who says no name is counted, bodies are read within their bounds, requests are logged.

Owns: the outermost ASGI layer. There a HEAD becomes a GET whose body is left out, and a path below the public one loses
what stands before it (a proxy may have taken it away already: both are served).
May never: log a raw path (a link is one), a header or a body.
Theory: a body is read here, whole, before the application sees it: so a slow or endless one costs a bounded buffer and
a bounded time, and no handler waits in the middle of its work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import structlog
from litestar import Litestar, Request

from services.gateway.auth import is_anonymous
from services.gateway.bounds import Bounds
from services.gateway.metrics import Metrics
from services.gateway.problems import MEDIA_TYPE, ProblemError, response

# As in the ASGI specification: Litestar's and uvicorn's types for the same differ.
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_PATIENCE = 4  # so many times the bound are read and thrown away; who sends more is cut off

_log = structlog.get_logger("hallway.http")


class Bounded:
    """The application that the server runs. ``below``: the path of its public address, "" or such as "/hallway"."""

    def __init__(
        self, app: Litestar, bounds: Bounds, metrics: Metrics, charge: Callable[[str], None], below: str = ""
    ) -> None:
        self._below = below
        self._app: Any = app  # an ASGI application
        self._bounds, self._metrics = bounds, metrics
        self._charge = charge  # an anonymous client by its address; raises ProblemError when it asks too often
        self._buffered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "path": self._own(scope["path"])}
        answer = _Answer(scope, send, self._metrics)
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        held = 0
        try:
            if is_anonymous(scope["headers"]):
                self._charge(scope["client"][0] if scope["client"] else "")
            body = await self._read(scope, receive)
            held = len(body or b"")
            self._buffered += held
            if body is not None:
                await self._app(scope, _Again(body, receive), answer)
        except ProblemError as error:
            error.headers["connection"] = "close"
            request: Request[Any, Any, Any] = Request(scope)  # type: ignore[arg-type]  # see above
            made: Any = response(error).to_asgi_response(None, request, media_type=MEDIA_TYPE)
            await made(scope, receive, answer)
        finally:
            self._buffered -= held

    def _own(self, path: str) -> str:
        """The path as the routes have it."""
        if self._below and (path == self._below or path.startswith(f"{self._below}/")):
            return path[len(self._below) :] or "/"
        return path

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; None when the client went away."""
        most = self._bounds.most_bytes(scope["path"])
        said = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"")
        if said.isdigit() and int(said) > most:
            await self._discard(receive, most)
            raise _too_large(most)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._bounds.body_s):
                while True:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        return None
                    part: bytes = event.get("body", b"")
                    size += len(part)
                    if size > most:
                        await self._discard(receive, most)
                        raise _too_large(most)
                    if size + self._buffered > self._bounds.buffered_bytes:
                        raise ProblemError(503, "busy", "Too much is coming in at once. Send it again.", retry_s=2)
                    parts.append(part)
                    if not event.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            detail = f"The body did not come within {self._bounds.body_s:g} s. Send less at once."
            raise ProblemError(408, "slow", detail) from None

    async def _discard(self, receive: Receive, most: int) -> None:
        """Lets a body pass that is somewhat too large: a client that is still sending would not see the answer."""
        left = most * _PATIENCE
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.body_s):
                while left > 0:
                    event = await receive()
                    left -= len(event.get("body", b""))
                    if event["type"] == "http.disconnect" or not event.get("more_body", False):
                        return


def _too_large(most: int) -> ProblemError:
    return ProblemError(413, "too-large", f"The body has more than {most:,} bytes. Send it in parts.")


class _Again:
    """Gives the body, then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        event: Message = {"type": "http.request", "body": body, "more_body": False}
        return event


class _Answer:
    """Passes the answer on, to a HEAD without its body; counts and logs it when it begins."""

    def __init__(self, scope: Scope, send: Send, metrics: Metrics) -> None:
        self._scope, self._send, self._metrics = scope, send, metrics
        self._method, self._is_whole = str(scope["method"]), False
        self._since = time.perf_counter()

    async def __call__(self, message: Message) -> None:
        if self._method == "HEAD" and message["type"] == "http.response.body":
            if not self._is_whole:  # after it the server says to a stream that its client is gone
                self._is_whole = True
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        if message["type"] == "http.response.start":
            message = {**message, "headers": [_with_head(*header) for header in message.get("headers", ())]}
            seconds = time.perf_counter() - self._since
            route = str(self._scope.get("path_template") or "none")
            status = message["status"]
            method = self._method if self._method in _METHODS else "other"
            self._metrics.answered(method, route, status, seconds)
            caller = self._scope.get("state", {}).get("caller")
            _log.info(
                "answered",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1_000, 1),
                role=getattr(caller, "role", None),
            )
        await self._send(message)


def _with_head(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Where GET is allowed, HEAD is."""
    is_short = name.lower() == b"allow" and b"GET" in value and b"HEAD" not in value
    return (name, value + b", HEAD") if is_short else (name, value)


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
