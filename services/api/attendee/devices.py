"""An attendee's sessions: list them, end them, sign in another device, and see recent sign-ins.

Invariants:
- A session manages only its own attendee's sessions; somebody else's id gets the same answer as an unknown one.
- Only a live session makes a link for another device, never an organizer, and the link is shown once.
- Whatever ends a session also ends its streams.
"""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import Annotated

import segno
from litestar import Response, delete, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from schemas.times import format_time
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.problems import ProblemError
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import StreamRegistry
from services.api.shared.sign_in_notices import SignInNotices, SignInShown
from services.directory.port import DEVICE_LINK_MS, MOST_SESSIONS, Grant, NoLink, Sessions

ATTENDEE = allow("attendee")
_QUIET_MODULES = 4  # the margin that a QR code needs (ISO/IEC 18004)
_SessionId = Annotated[str, Parameter(max_length=64)]


class SessionShown(Struct, frozen=True):
    """A device that is signed in. ``device`` is a rough description; ``last_used_at`` is exact to the minute."""

    session: str
    device: str
    made_at: str
    last_used_at: str | None
    expires_at: str
    this: bool


class SessionsShown(Struct, frozen=True):
    """The live sessions, oldest first, and the sign-ins that this session has not dismissed."""

    sessions: tuple[SessionShown, ...]
    sign_ins: tuple[SignInShown, ...]


class Ended(Struct, frozen=True):
    """How many sessions were ended."""

    ended: int


class QrCode(Struct, frozen=True):
    """A square of ``size`` modules a side, margin included; ``path``: the dark ones as the path of an SVG."""

    size: int
    path: str


class DeviceLink(Struct, frozen=True):
    """A link for one other device: valid once, until ``expires_at`` or until another is made; shown once."""

    link: str
    expires_at: str
    qr: QrCode


class SeenUpTo(Struct, forbid_unknown_fields=True):
    """The number of the newest sign-in that was shown."""

    number: Annotated[int, Meta(ge=0, le=2**53)]


@get("/v1/me/sessions", opt=ATTENDEE, tags=["attendee"])
async def sessions(
    caller: Injected[Caller], sessions: Injected[Sessions], notices: Injected[SignInNotices]
) -> SessionsShown:
    """Lists the signed-in devices, and the sign-ins that this one has not dismissed."""
    rows = await asyncio.to_thread(sessions.active, caller.conference, caller.subject)
    shown = tuple(
        SessionShown(
            row.id,
            row.device,
            format_time(row.made),
            format_time(row.last_used) if row.last_used is not None else None,
            format_time(row.expires),
            row.id == caller.id,
        )
        for row in rows
    )
    return SessionsShown(shown, await notices.unseen(caller))


@delete("/v1/me/sessions/{session:str}", opt=ATTENDEE, status_code=204, tags=["attendee"])
async def end_session(
    caller: Injected[Caller],
    sessions: Injected[Sessions],
    notices: Injected[SignInNotices],
    streams: Injected[StreamRegistry],
    address: Injected[PublicAddress],
    session: _SessionId,
) -> Response[None]:
    """Signs out one device, with its streams."""
    if not await asyncio.to_thread(sessions.end, caller.conference, caller.subject, session):
        raise ProblemError(404, "session", "You have no such session any more. See GET /v1/me/sessions.")
    streams.end_grant(session)
    await notices.notify(caller.conference, caller.subject)
    cookies = [address.expired_cookie()] if session == caller.id else []
    return Response(None, status_code=204, cookies=cookies)


@delete("/v1/me/sessions", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def end_other_sessions(
    caller: Injected[Caller],
    sessions: Injected[Sessions],
    notices: Injected[SignInNotices],
    streams: Injected[StreamRegistry],
) -> Ended:
    """Signs out all other devices, with their streams; unused links end too."""
    ended = await asyncio.to_thread(sessions.end_others, _grant(caller))
    for session in ended:
        streams.end_grant(session)
    await notices.notify(caller.conference, caller.subject)
    return Ended(len(ended))


@post("/v1/me/links", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def device_link(
    caller: Injected[Caller],
    sessions: Injected[Sessions],
    limits: Injected[RateLimits],
    address: Injected[PublicAddress],
    clock: Injected[Clock],
) -> Response[DeviceLink]:
    """Makes a link to sign in on another device: valid once, for ten minutes."""
    limits.charge("device_link", f"{caller.conference} {caller.subject}")
    secret = await asyncio.to_thread(sessions.device_link, _grant(caller))
    if secret is NoLink.FULL:
        detail = f"You are signed in on {MOST_SESSIONS} devices. Sign one of them out first."
        raise ProblemError(409, "sessions", detail)
    if isinstance(secret, NoLink):
        raise ProblemError(401, "session", "This session has ended. Sign in again.")
    expires = format_time(clock() + DEVICE_LINK_MS)
    link = address.sign_in_link(secret)
    return Response(DeviceLink(link, expires, _qr(link)), headers={"cache-control": "no-store"})


def _qr(text: str) -> QrCode:
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=_QUIET_MODULES))
    return QrCode(len(rows), "".join(_line(y, row) for y, row in enumerate(rows)))


def _line(y: int, row: Iterable[int]) -> str:
    """The SVG path of a row's dark runs: move to a corner, then right, down, left, close."""
    path, x = "", 0
    for dark, run in groupby(row):
        length = len(list(run))
        path += f"M{x} {y}h{length}v1h-{length}z" if dark else ""
        x += length
    return path


@post("/v1/me/sessions/seen", opt=ATTENDEE, status_code=204, tags=["attendee"])
async def dismiss(
    caller: Injected[Caller], sessions: Injected[Sessions], notices: Injected[SignInNotices], data: SeenUpTo
) -> None:
    """Dismisses the sign-ins up to a number, for the current session only."""
    await asyncio.to_thread(sessions.dismiss, _grant(caller), data.number)
    await notices.notify(caller.conference, caller.subject)


def _grant(caller: Caller) -> Grant:
    assert caller.grant is not None
    return caller.grant


ROUTES = [sessions, end_session, end_other_sessions, device_link, dismiss]
