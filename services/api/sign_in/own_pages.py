"""Accepts sign-in only from Hallway's own pages: no other site can sign a browser in as somebody else (login CSRF).

Invariants:
- The body is ``application/json``, which no form can send, and which a script of another site may not send without
  permission.
- A browser states the origin of a request: ``Sec-Fetch-Site`` is ``same-origin``, ``Origin`` is this server's. A client
  that sends neither is not a browser, and has no cookies that could be replaced.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from services.api.shared.problems import ProblemError


async def require_own_pages(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of routes that create a session. ProblemError 403 or 415."""
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProblemError(415, "media-type", "Send the body as `Content-Type: application/json`.")
    site = connection.headers.get("sec-fetch-site", "same-origin")
    origin = connection.headers.get("origin")
    public_url: str = connection.app.state.public_url
    if site != "same-origin" or (
        origin is not None and not _is_own(origin, connection.headers.get("host"), public_url)
    ):
        raise ProblemError(403, "cross-site", "Sign in on Hallway's own page, not from another site.")


def _is_own(origin: str, host: str | None, public_url: str) -> bool:
    """Whether it is the server's public origin, or the one under which the browser reached it; never ``null``."""
    sent, public = urlsplit(origin), urlsplit(public_url)
    return (sent.scheme, sent.netloc) == (public.scheme, public.netloc) or (
        sent.scheme in ("http", "https") and bool(sent.netloc) and sent.netloc == host
    )
