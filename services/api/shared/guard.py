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
from services.api.shared.roles import EVERYBODY, LOOPBACK, allowed
from services.directory.port import Grant

HEADER = "x-hallway"  # no form of another site can send it
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOCAL_HOST = re.compile(r"(?i:localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_log = structlog.get_logger("hallway.auth")


class Caller(Struct, frozen=True):
    """Who asks. ``role`` is everybody where nobody has to say who they are."""

    role: str
    address: str
    grant: Grant | None = None

    @property
    def conference(self) -> str:
        """An attendee's own."""
        assert self.grant is not None
        return self.grant.conferences[0]

    @property
    def subject(self) -> str:
        """The id of the attendee, organizer or connector."""
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
        """Whose dead letters the caller looks at; None: everybody's, as an operator."""
        return None if self.role == "operator" else f"organizer:{self.subject}"

    @property
    def payer(self) -> str:
        """By whom rates are counted: the sender, whatever number of keys and sessions; an unauthenticated caller by the
        address."""
        return network_of(self.address) if self.grant is None else sender_of(self.grant).key

    @property
    def budget(self) -> str:
        """Whose rates count."""
        return self.role if self.grant is None else sender_of(self.grant).budget


class Guard:
    """The guard of every route: lets pass whom the route allows, and charges them."""

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
                raise ProblemError(403, "role", f"This is not for the role {caller.role}. Use another key or session.")
            if connection.scope["path_template"] != "/v1/events":  # which charges by events
                self._limits.charge(caller.budget, caller.payer)
        connection.scope["state"]["caller"] = caller

    def _known(self, connection: ASGIConnection[Any, Any, Any, Any], address: str, name: str) -> Caller:
        shown: Credentials = connection.scope["state"]["credentials"]
        if shown.is_empty:
            raise ProblemError(401, "session", "Open your link again, or send a key as `Authorization: Bearer …`.")
        grant = shown.grant(name)
        if grant is None:
            self._limits.charge("sign_in", network_of(address))
            raise ProblemError(401, "session", "This key or session is unknown, expired or ended. Get a new one.")
        is_read = connection.scope["method"] in _SAFE  # type: ignore[typeddict-item]  # see above
        if shown.by_cookie and not is_read and connection.headers.get(HEADER) != "1":
            raise ProblemError(403, "cross-site", "Send the header `X-Hallway: 1` with what changes something.")
        return Caller(grant.role, address, grant)


def _is_local(connection: ASGIConnection[Any, Any, Any, Any], address: str) -> bool:
    """Asked from this machine, by the name of this machine: a page of another site that has its own name point here is
    asked under that name."""
    proxied = "x-forwarded-for" in connection.headers or "forwarded" in connection.headers
    named = _LOCAL_HOST.fullmatch(connection.headers.get("host", ""))
    return address in _LOOPBACK and named is not None and not proxied


async def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """For routes: who the guard found."""
    found: Caller = request.scope["state"]["caller"]
    return found
