"""The outermost ASGI layer: counts unauthenticated requests, adds the common headers, logs each request.

Responsibility: a HEAD becomes a GET whose body is left out. The path below the public address loses its prefix; a proxy
may have removed that already, and both work.
Invariants: an invalid key or session counts as none. No raw path (a link is one), header or body is logged.
Why: a response that is given before the body was read is sent whole at once, and the connection closes after its client
has seen it: closing it under a client that is still sending would discard the response (RFC 9112, 9.6).
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from litestar import Litestar, Request

from services.admission.rate_limits import network_of
from services.api.shared.bounds import Bounds
from services.api.shared.credentials import Credentials
from services.api.shared.problems import MEDIA_TYPE, ProblemError, response
from services.api.transport.metrics import Metrics
from services.api.transport.request_bodies import Body, Charge, InFlight, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
PATH_CHARS = 1_024  # an id has 128; the router caches the last thousand paths, whoever requested them
_HSTS = b"max-age=31536000"  # a year, as browsers' preload lists require; for this host alone
_log = structlog.get_logger("hallway.http")


class Edge:
    """The application that the server runs. ``secure``: clients connect by https. ``below``: the path of the public
    address, "" or such as "/hallway"."""

    def __init__(
        self,
        app: Litestar,
        bounds: Bounds,
        metrics: Metrics,
        credentials: Callable[[Scope], Awaitable[Credentials]],
        charge: Charge,
        *,
        secure: bool,
        below: str = "",
    ) -> None:
        self._below = below
        self._app: Any = app  # an ASGI application
        self._bounds, self._metrics, self._secure = bounds, metrics, secure
        self._credentials, self._charge = credentials, charge
        self._in_flight = InFlight(bounds)
        self._has_warned = False
        metrics.body_bytes.set_function(lambda: self._in_flight.total)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "path": self._own(scope["path"])}
        body = Body(scope, receive, self._bounds, self._in_flight, self._charge)
        answer = _Answer(scope, send, body, self._metrics, secure=self._secure)
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        try:
            await self._admit(scope)
            await self._app(scope, body, answer)
        except ProblemError as error:
            request: Request[Any, Any, Any] = Request(scope)  # type: ignore[arg-type]  # see ``bodies``
            made: Any = response(error).to_asgi_response(None, request, media_type=MEDIA_TYPE)
            await made(scope, body, answer)
        finally:
            body.release()

    def _own(self, path: str) -> str:
        """The path as routes match it."""
        if self._below and (path == self._below or path.startswith(f"{self._below}/")):
            return path[len(self._below) :] or "/"
        return path

    async def _admit(self, scope: Scope) -> None:
        if len(scope["path"]) > PATH_CHARS:
            raise ProblemError(414, "address", "The address is too long. /schema/openapi.json lists the addresses.")
        self._warn_about_proxies(scope)
        shown = scope.setdefault("state", {})["credentials"] = await self._credentials(scope)
        if not shown.is_authenticated:
            self._charge("anonymous", network_of(scope["client"][0] if scope["client"] else ""), 1)

    def _warn_about_proxies(self, scope: Scope) -> None:
        """Warns once about a proxy that is not trusted. For trusted ones uvicorn sets the client's port to 0."""
        client = scope["client"]
        if self._has_warned or client is None or client[1] == 0:
            return
        if any(name == b"x-forwarded-for" for name, _ in scope["headers"]):
            self._has_warned = True
            _log.warning(
                "an untrusted proxy forwards requests, so all of its clients count as one", option="--trusted-proxy"
            )


class _Answer:
    """Passes the response on (to a HEAD without its body), records it in metrics and logs when it begins, and discards
    the rest of an unread request body."""

    def __init__(self, scope: Scope, send: Send, body: Body, metrics: Metrics, *, secure: bool) -> None:
        self._scope, self._send, self._body = scope, send, body
        self._metrics, self._secure = metrics, secure
        self._method, self._is_whole = str(scope["method"]), False
        self._since = time.perf_counter()
        self._closes_connection = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record_start(message)
            self._closes_connection = self._body.is_pending
            own_headers = [_allow_head(*header) for header in message.get("headers", ())]
            message = {**message, "headers": [*own_headers, *self._headers(message)]}
        elif self._method == "HEAD":
            await self._end_head()
            return
        elif self._closes_connection and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._body.discard()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _end_head(self) -> None:
        """Completes the response to a HEAD; the server then reports a disconnect to a stream."""
        if not self._is_whole:
            self._is_whole = True
            await self._body.discard()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        """The default headers of every response: not cached, no content sniffing. A route's own headers win."""
        own_headers = {name.lower() for name, _ in message.get("headers", ())}
        found = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
        if self._secure:
            found.append((b"strict-transport-security", _HSTS))
        if self._closes_connection:
            found.append((b"connection", b"close"))
        return [(name, value) for name, value in found if name not in own_headers]

    def _record_start(self, message: Message) -> None:
        seconds = time.perf_counter() - self._since
        route = str(self._scope.get("path_template") or "none")
        method, status = self._method if self._method in _METHODS else "other", message["status"]
        self._metrics.observe_response(method, route, status, seconds)
        caller = self._scope.get("state", {}).get("caller")
        _log.info(
            "answered",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1_000, 1),
            role=getattr(caller, "role", None),
        )


def _allow_head(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Adds HEAD to an ``Allow`` header that has GET."""
    is_short = name.lower() == b"allow" and b"GET" in value and b"HEAD" not in value
    return (name, value + b", HEAD") if is_short else (name, value)
