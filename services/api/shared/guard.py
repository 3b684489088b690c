"""Who is asking: a key in ``Authorization``, or a session in the cookie; and whether this route is for them.

Owns: the guard of every route, the cookie. May never: keep or log a token, or read a body: who may not call a route is
told before that.
"""

import re
from typing import TYPE_CHECKING, Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from services.admission.rate_limits import network_of
from services.admission.sender import sender_of
from services.api.shared.credentials import COOKIE, ORGANIZER_COOKIE, Credentials
from services.api.shared.problems import ProblemError
from services.api.shared.roles import EVERYBODY, LOOPBACK, allowed
from services.directory.port import Grant

if TYPE_CHECKING:
    from services.api.gate import Gate

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
    def sender(self) -> str:
        """By whom budgets are counted: the sender, whatever number of keys and sessions; a stranger by the address."""
        return network_of(self.address) if self.grant is None else sender_of(self.grant).key

    @property
    def budget(self) -> str:
        """Whose rates count."""
        return self.role if self.grant is None else sender_of(self.grant).budget


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Lets in whom the route allows; ProblemError 401, 403 or 429 for all others."""
    if connection.scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]  # Litestar types all scopes as one
        return
    gate: Gate = connection.app.state.gate
    roles = allowed(handler.opt)
    address = connection.client.host if connection.client else ""
    caller = Caller(EVERYBODY, address)
    if EVERYBODY not in roles and not (LOOPBACK in roles and _is_local(connection, address)):
        caller = _known(gate, connection, address, COOKIE if "attendee" in roles else ORGANIZER_COOKIE)
        if caller.role not in roles:
            raise ProblemError(403, "role", f"This is not for the role {caller.role}. Use another key or session.")
        if connection.scope["path_template"] != "/v1/events":  # which charges by events
            gate.charge(caller.budget, caller.sender)
    connection.scope["state"]["caller"] = caller


def _is_local(connection: ASGIConnection[Any, Any, Any, Any], address: str) -> bool:
    """Asked from this machine, by the name of this machine: a page of another site that has its own name point here is
    asked under that name."""
    proxied = "x-forwarded-for" in connection.headers or "forwarded" in connection.headers
    named = _LOCAL_HOST.fullmatch(connection.headers.get("host", ""))
    return address in _LOOPBACK and named is not None and not proxied


def _known(gate: "Gate", connection: ASGIConnection[Any, Any, Any, Any], address: str, name: str) -> Caller:
    shown: Credentials = connection.scope["state"]["credentials"]
    if shown.is_empty:
        raise ProblemError(401, "session", "Open your link again, or send a key as `Authorization: Bearer …`.")
    grant = shown.grant(name)
    if grant is None:
        gate.charge("sign_in", network_of(address))
        raise ProblemError(401, "session", "This key or session is unknown, expired or ended. Get a new one.")
    if shown.by_cookie and connection.scope["method"] not in _SAFE and connection.headers.get(HEADER) != "1":  # type: ignore[typeddict-item]  # see above
        raise ProblemError(403, "cross-site", "Send the header `X-Hallway: 1` with what changes something.")
    return Caller(grant.role, address, grant)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """For routes: who the guard found."""
    found: Caller = request.scope["state"]["caller"]
    return found


def cookie(gate: "Gate", token: str, days: int, name: str = COOKIE) -> Cookie:
    """The session's cookie, for this address and what is below it; an empty token takes it away."""
    age_s, path = days * 86_400 if token else 0, gate.below or "/"
    return Cookie(name, path=path, value=token, max_age=age_s, httponly=True, secure=gate.secure, samesite="lax")
