"""The guard of every route: authenticates the caller by key or session cookie and checks the caller's role.

Invariants: tokens are neither stored nor logged. A caller who may not use a route is refused before the body is read.
"""

import re
from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from services.admission.rate_limits import network_of
from services.admission.sender import Sender, sender_of
from services.api.shared.credentials import COOKIE, ORGANIZER_COOKIE, Credentials
from services.api.shared.problems import ProblemError
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import EVERYBODY, LOOPBACK, allowed, unpacks
from services.directory.port import Grant

HEADER = "x-hallway"  # no form of another site can send it
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOCAL_HOST = re.compile(r"(?i:localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_log = structlog.get_logger("hallway.auth")


class Caller(Struct, frozen=True):
    """The caller of a route. ``role`` is ``everybody`` where the route needs no authentication."""

    role: str
    address: str
    grant: Grant | None = None

    @property
    def conference(self) -> str:
        """The attendee's conference."""
        assert self.grant is not None
        return self.grant.conferences[0]

    @property
    def subject(self) -> str:
        """The id of the attendee, organizer, connector or operator."""
        assert self.grant is not None
        return self.grant.subject

    @property
    def id(self) -> str:
        """The public id of the key or session."""
        return self.grant.id if self.grant is not None else self.address

    @property
    def sender(self) -> Sender:
        """The caller as admission knows senders."""
        assert self.grant is not None
        return sender_of(self.grant)

    @property
    def source(self) -> str | None:
        """Whose dead letters the caller may see; None: everybody's, for an operator."""
        return None if self.role == "operator" else f"organizer:{self.subject}"

    @property
    def payer(self) -> str:
        """The key of rate limits: the sender, across all keys and sessions; for an unauthenticated caller the network
        address."""
        return network_of(self.address) if self.grant is None else sender_of(self.grant).key

    @property
    def budget(self) -> str:
        """The name of the rate limit that applies."""
        return self.role if self.grant is None else sender_of(self.grant).budget


class Guard:
    """The guard of every route: admits the roles that the route allows, and charges the rate limit."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """ProblemError 401, 403 or 429 for all others."""
        if connection.scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]  # Litestar types all scopes as one
            return
        roles = allowed(handler.opt)
        address = connection.client.host if connection.client else ""
        caller = Caller(EVERYBODY, address)
        if EVERYBODY not in roles and not (LOOPBACK in roles and _is_local(connection, address)):
            caller = self._known(connection, address, COOKIE if "attendee" in roles else ORGANIZER_COOKIE)
            if caller.role not in roles:
                raise ProblemError(403, "role", f"The role {caller.role} may not do this. Use another key or session.")
            if connection.scope["path_template"] != "/v1/events":  # there events are charged
                self._limits.charge(caller.budget, caller.payer)
        if connection.headers.get("content-encoding", "identity") != "identity" and not unpacks(handler.opt):
            detail = "This route takes no packed bodies. Send it plain, without Content-Encoding."
            raise ProblemError(415, "content-encoding", detail)
        connection.scope["state"]["caller"] = caller

    def _known(self, connection: ASGIConnection[Any, Any, Any, Any], address: str, name: str) -> Caller:
        shown: Credentials = connection.scope["state"]["credentials"]
        if shown.is_empty:
            raise ProblemError(401, "session", "Sign in with your link, or send a key as `Authorization: Bearer …`.")
        grant = shown.grant(name)
        if grant is None:
            self._limits.charge("sign_in", network_of(address))
            raise ProblemError(401, "session", "This key or session is unknown, expired or ended. Get a new one.")
        is_read = connection.scope["method"] in _SAFE  # type: ignore[typeddict-item]  # see above
        if shown.by_cookie and not is_read and connection.headers.get(HEADER) != "1":
            raise ProblemError(
                403, "cross-site", "Send the header `X-Hallway: 1` with every request that changes something."
            )
        return Caller(grant.role, address, grant)


def _is_local(connection: ASGIConnection[Any, Any, Any, Any], address: str) -> bool:
    """Whether the request comes from this machine and names it as the host. Another site's page whose name resolves to
    this machine (DNS rebinding) sends its own name."""
    proxied = "x-forwarded-for" in connection.headers or "forwarded" in connection.headers
    named = _LOCAL_HOST.fullmatch(connection.headers.get("host", ""))
    return address in _LOOPBACK and named is not None and not proxied


async def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """The caller that the guard authenticated; a dependency of routes."""
    found: Caller = request.scope["state"]["caller"]
    return found
