"""From a link or a key to a session cookie, and out again.

Owns: the sign-in routes. May never: use a link up by a GET (a mail scanner's), or tell why one is not good.
"""

import asyncio
from typing import Any

from litestar import Request, Response, delete, post
from msgspec import Struct

from services.directory.keys import SESSION_DAYS
from services.directory.port import Grant
from services.door.limits import network_of
from services.gateway.auth import Caller, cookie
from services.gateway.credentials import COOKIE, ORGANIZER_COOKIE
from services.gateway.gate import Gate
from services.gateway.problems import ProblemError
from services.gateway.roles import EVERYBODY, allow

ORGANIZER_DAYS = 1  # a session on a laptop; the key itself stays with the organizer


class Link(Struct, forbid_unknown_fields=True):
    """The secret part of a magic link."""

    link: str


class Key(Struct, forbid_unknown_fields=True):
    """An organizer's key, as it was shown once."""

    key: str


class SignedIn(Struct, frozen=True):
    """Whose session it is."""

    conference: str
    attendee: str


class OrganizerIn(Struct, frozen=True):
    """Whose session it is."""

    organizer: str
    role: str


@post("/v1/session", opt=allow(EVERYBODY), status_code=200, tags=["attendee"])
async def sign_in(gate: Gate, caller: Caller, data: Link) -> Response[SignedIn]:
    """Exchanges a magic link, good once, for a session cookie."""
    token = await asyncio.to_thread(gate.directory.keys.exchange, data.link)
    grant = await _granted(gate, caller, token)
    answer = SignedIn(grant.conferences[0], grant.subject)
    return Response(answer, cookies=[cookie(token or "", SESSION_DAYS, gate.secure)])


async def _granted(gate: Gate, caller: Caller, token: str | None) -> Grant:
    grant = None if token is None else await asyncio.to_thread(gate.directory.keys.authenticate, token)
    if grant is None:
        gate.charge("sign_in", network_of(caller.address))
        raise ProblemError(401, "sign-in", "This is not good any more, or never was. Ask the organizer for a new one.")
    return grant


@delete("/v1/session", opt=allow("attendee"), status_code=204, tags=["attendee"])
async def sign_out(gate: Gate, caller: Caller, request: Request[Any, Any, Any]) -> Response[None]:
    """Ends the session that asks, and its streams."""
    return await _ended(gate, caller, request, COOKIE)


async def _ended(gate: Gate, caller: Caller, request: Request[Any, Any, Any], name: str) -> Response[None]:
    if "authorization" in request.headers:
        raise ProblemError(
            409, "key", "This ends sessions. A key is not ended by using it here; send the cookie alone."
        )
    await asyncio.to_thread(gate.directory.keys.revoke, caller.id)
    gate.hub.end_grant(caller.id)
    return Response(None, status_code=204, cookies=[cookie("", 0, gate.secure, name)])


@post("/v1/organizer-session", opt=allow(EVERYBODY), status_code=200, tags=["organizer"])
async def organizer_in(gate: Gate, caller: Caller, data: Key) -> Response[OrganizerIn]:
    """Exchanges an organizer's or operator's key for a session cookie of a day."""
    grant = await _granted(gate, caller, data.key)
    if grant.role not in ("organizer", "operator"):
        raise ProblemError(403, "role", "This page is for organizers. Use an organizer's key.")
    token = await asyncio.to_thread(gate.directory.keys.session_of, grant, ORGANIZER_DAYS)
    answer = OrganizerIn(grant.subject, grant.role)
    return Response(answer, cookies=[cookie(token, ORGANIZER_DAYS, gate.secure, ORGANIZER_COOKIE)])


@delete("/v1/organizer-session", opt=allow("organizer", "operator"), status_code=204, tags=["organizer"])
async def organizer_out(gate: Gate, caller: Caller, request: Request[Any, Any, Any]) -> Response[None]:
    """Ends the organizer's session that asks, and its streams."""
    return await _ended(gate, caller, request, ORGANIZER_COOKIE)


ROUTES = [sign_in, sign_out, organizer_in, organizer_out]
