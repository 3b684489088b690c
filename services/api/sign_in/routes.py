"""Routes to sign in with a link or a key, and to sign out.

Responsibility: creating and ending the caller's own session; ``attendee.devices`` manages an attendee's other sessions.

Invariants:
- No GET uses up a link, because mail scanners send them. The secret comes in a body, never in an address.
- Every invalid link gets the same answer: unknown, used, expired or replaced.
- Nothing that follows a sign-in can make it fail, because its link is used up by then.
- Only Hallway's own pages can create a session (``own_pages``).
"""

import asyncio
from typing import Any

from litestar import Request, Response, delete, post
from msgspec import Struct

from services.admission.rate_limits import network_of
from services.api.shared.credentials import COOKIE, ORGANIZER_COOKIE
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import EVERYBODY, allow
from services.api.shared.server_sent_events import StreamRegistry
from services.api.shared.sign_in_notices import SignInNotices
from services.api.sign_in.own_pages import require_own_pages
from services.api.sign_in.user_agents import device_of
from services.directory.port import SESSION_DAYS, Grant, Keys, Sessions

ORGANIZER_DAYS = 1  # a session on a laptop; the key itself stays with the organizer
_BAD_LINK = (
    "This link has been used, has expired or was replaced. Are you signed in on another device? There, under You, make "
    "a link for this one. If you have never opened a link, tell your organizer: somebody else may have opened yours."
)
_BAD_KEY = "This key is unknown, expired or revoked. Get a new one from the operator."


class Link(Struct, forbid_unknown_fields=True):
    """The secret of a sign-in link: the part after ``#`` in its address."""

    link: str


class Key(Struct, forbid_unknown_fields=True):
    """An organizer's key, as it was shown once."""

    key: str


class SignedIn(Struct, frozen=True):
    """The attendee and conference of the session."""

    conference: str
    attendee: str


class OrganizerIn(Struct, frozen=True):
    """The organizer or operator of the session."""

    organizer: str
    role: str


@post("/v1/session", opt=allow(EVERYBODY), guards=[require_own_pages], status_code=200, tags=["attendee"])
async def sign_in(
    caller: Injected[Caller],
    sessions: Injected[Sessions],
    notices: Injected[SignInNotices],
    limits: Injected[RateLimits],
    address: Injected[PublicAddress],
    request: Request[Any, Any, Any],
    data: Link,
) -> Response[SignedIn]:
    """Exchanges a sign-in link, valid once, for a session cookie. The attendee's other sessions are notified."""
    device = device_of(request.headers.get("user-agent", ""))
    made = await asyncio.to_thread(sessions.sign_in, data.link, device)
    if made is None:
        raise _refused(limits, caller, _BAD_LINK)
    answer = SignedIn(made.grant.conferences[0], made.grant.subject)
    await notices.notify(answer.conference, answer.attendee)
    return Response(answer, cookies=[address.cookie(made.token, SESSION_DAYS)])


def _refused(limits: RateLimits, caller: Caller, detail: str) -> ProblemError:
    """The error for a failed sign-in. ProblemError 429 for an address that guesses too often, which can still sign in
    with a valid link."""
    limits.charge("sign_in", network_of(caller.address))
    return ProblemError(401, "sign-in", detail)


@delete("/v1/session", opt=allow("attendee"), status_code=204, tags=["attendee"])
async def sign_out(
    caller: Injected[Caller],
    sessions: Injected[Sessions],
    notices: Injected[SignInNotices],
    streams: Injected[StreamRegistry],
    address: Injected[PublicAddress],
    request: Request[Any, Any, Any],
) -> Response[None]:
    """Ends the current session and its streams."""
    _require_cookie(request)
    await asyncio.to_thread(sessions.end, caller.conference, caller.subject, caller.id)
    streams.end_grant(caller.id)
    await notices.notify(caller.conference, caller.subject)
    return Response(None, status_code=204, cookies=[address.expired_cookie(COOKIE)])


def _require_cookie(request: Request[Any, Any, Any]) -> None:
    if "authorization" in request.headers:
        raise ProblemError(
            409, "key", "This ends sessions. A key is not ended by using it here; send the cookie alone."
        )


@post("/v1/organizer-session", opt=allow(EVERYBODY), guards=[require_own_pages], status_code=200, tags=["organizer"])
async def organizer_in(
    caller: Injected[Caller],
    keys: Injected[Keys],
    limits: Injected[RateLimits],
    address: Injected[PublicAddress],
    data: Key,
) -> Response[OrganizerIn]:
    """Exchanges an organizer's or operator's key for a session cookie that is valid for a day."""
    grant: Grant | None = await asyncio.to_thread(keys.authenticate, data.key)
    if grant is None:
        raise _refused(limits, caller, _BAD_KEY)
    if grant.role not in ("organizer", "operator"):
        raise ProblemError(403, "role", "This page is for organizers. Use an organizer's key.")
    token = await asyncio.to_thread(keys.session_of, grant, ORGANIZER_DAYS)
    answer = OrganizerIn(grant.subject, grant.role)
    return Response(answer, cookies=[address.cookie(token, ORGANIZER_DAYS, ORGANIZER_COOKIE)])


@delete("/v1/organizer-session", opt=allow("organizer", "operator"), status_code=204, tags=["organizer"])
async def organizer_out(
    caller: Injected[Caller],
    keys: Injected[Keys],
    streams: Injected[StreamRegistry],
    address: Injected[PublicAddress],
    request: Request[Any, Any, Any],
) -> Response[None]:
    """Ends the organizer's current session and its streams."""
    _require_cookie(request)
    await asyncio.to_thread(keys.revoke, caller.id)
    streams.end_grant(caller.id)
    return Response(None, status_code=204, cookies=[address.expired_cookie(ORGANIZER_COOKIE)])


ROUTES = [sign_in, sign_out, organizer_in, organizer_out]
