"""An attendee's sessions: list them, end them, sign another device in, hear of sign-ins.

Invariants:
- Only the owner's own session asks, and for its owner alone; another's id is answered like an unknown one.
- A link for a further device is made by a living session, never by an organizer, and shown once.
- What ends a session ends its streams.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated

import msgspec
import segno
import structlog
from litestar import Response, delete, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from schemas.times import written
from services.api.attendee.schemas import SignInShown
from services.api.gate import Gate
from services.api.shared.guard import Caller, cookie
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import chunk
from services.directory.port import DEVICE_LINK_MS, MOST_SESSIONS, DirectoryError, Grant, NoLink, SignIn

ATTENDEE = allow("attendee")
_QUIET_MODULES = 4  # the margin that a QR code needs (ISO/IEC 18004)
_log = structlog.get_logger("hallway.sessions")
SIGN_INS = "sign_ins"  # what it is called on the stream
_SessionId = Annotated[str, Parameter(max_length=64)]


class SessionShown(Struct, frozen=True):
    """A device that is signed in. ``device`` is rough; ``last_used_at`` is kept to the minute."""

    session: str
    device: str
    made_at: str
    last_used_at: str | None
    expires_at: str
    this: bool


class SessionsShown(Struct, frozen=True):
    """The living sessions, the oldest first; and the sign-ins that this session has not dismissed."""

    sessions: tuple[SessionShown, ...]
    sign_ins: tuple[SignInShown, ...]


class Ended(Struct, frozen=True):
    """How many were ended."""

    ended: int


class QrCode(Struct, frozen=True):
    """A square of ``size`` modules a side, margin included; ``path``: the dark ones as the path of an SVG."""

    size: int
    path: str


class DeviceLink(Struct, frozen=True):
    """A link for one other device: good once, until ``expires_at`` or until another is made; shown once."""

    link: str
    expires_at: str
    qr: QrCode


class SeenUpTo(Struct, forbid_unknown_fields=True):
    """The number of the newest sign-in that was shown."""

    number: Annotated[int, Meta(ge=0, le=2**53)]


@get("/v1/me/sessions", opt=ATTENDEE, tags=["attendee"])
async def sessions(gate: Gate, caller: Caller) -> SessionsShown:
    """My devices that are signed in, and sign-ins that this one has not dismissed."""
    rows = await asyncio.to_thread(gate.directory.sessions.listed, caller.conference, caller.subject)
    shown = tuple(
        SessionShown(
            row.id,
            row.device,
            written(row.made),
            written(row.last_used) if row.last_used is not None else None,
            written(row.expires),
            row.id == caller.id,
        )
        for row in rows
    )
    return SessionsShown(shown, await unseen(gate, caller))


@delete("/v1/me/sessions/{session:str}", opt=ATTENDEE, status_code=204, tags=["attendee"])
async def end_session(gate: Gate, caller: Caller, session: _SessionId) -> Response[None]:
    """Signs one of my devices out, at once, with its streams."""
    if not await asyncio.to_thread(gate.directory.sessions.end, caller.conference, caller.subject, session):
        raise ProblemError(404, "session", "You have no such session any more. See GET /v1/me/sessions.")
    gate.hub.end_grant(session)
    await tell(gate, caller.conference, caller.subject)
    gone = [cookie(gate, "", 0)] if session == caller.id else []
    return Response(None, status_code=204, cookies=gone)


@delete("/v1/me/sessions", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def end_other_sessions(gate: Gate, caller: Caller) -> Ended:
    """Signs all my devices out but this one, at once, with their streams; links that are not used yet end too."""
    ended = await asyncio.to_thread(gate.directory.sessions.end_others, _grant(caller))
    for session in ended:
        gate.hub.end_grant(session)
    await tell(gate, caller.conference, caller.subject)
    return Ended(len(ended))


@post("/v1/me/links", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def device_link(gate: Gate, caller: Caller) -> Response[DeviceLink]:
    """Makes a link with which I sign in on another device: good once, for ten minutes."""
    gate.charge("device_link", f"{caller.conference} {caller.subject}")
    link = await asyncio.to_thread(gate.directory.sessions.device_link, _grant(caller))
    if link is NoLink.FULL:
        detail = f"You are signed in on {MOST_SESSIONS} devices. Sign one of them out first."
        raise ProblemError(409, "sessions", detail)
    if isinstance(link, NoLink):
        raise ProblemError(401, "session", "This session has ended. Sign in again.")
    expires = written(gate.clock() + DEVICE_LINK_MS)
    address = address_of(gate.public_url, link)
    return Response(DeviceLink(address, expires, _qr(address)), headers={"cache-control": "no-store"})


def address_of(public_url: str, link: str) -> str:
    """Where a link leads. Its secret is in the fragment: browsers send that to no server, and name it in no Referer."""
    return f"{public_url}/welcome#{link}"


def _qr(text: str) -> QrCode:
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=_QUIET_MODULES))
    return QrCode(len(rows), "".join(_line(y, row) for y, row in enumerate(rows)))


def _line(y: int, row: Iterable[int]) -> str:
    """A row's dark runs: to each one's corner, along, down, back."""
    path, x = "", 0
    for dark, run in groupby(row):
        length = len(list(run))
        path += f"M{x} {y}h{length}v1h-{length}z" if dark else ""
        x += length
    return path


@post("/v1/me/sessions/seen", opt=ATTENDEE, status_code=204, tags=["attendee"])
async def dismiss(gate: Gate, caller: Caller, data: SeenUpTo) -> None:
    """Dismisses the sign-ins up to this one, in the session that asks alone."""
    await asyncio.to_thread(gate.directory.sessions.dismiss, _grant(caller), data.number)
    await tell(gate, caller.conference, caller.subject)


# -- telling ----------------------------------------------------------------------------------------------------------


async def unseen(gate: Gate, caller: Caller) -> tuple[SignInShown, ...]:
    """The sign-ins that the session that asks has not dismissed."""
    return (await _unseen(gate, caller.conference, caller.subject, [caller.id])).get(caller.id, ())


async def tell(gate: Gate, conference: str, attendee: str) -> None:
    """Tells the open streams of somebody's sessions what each has not dismissed: after a sign-in, an end, a dismissal.

    What was done is done: where the directory is away now, they are told when they open again.
    """
    owners = gate.hub.owners(conference, attendee)
    try:
        found = await _unseen(gate, conference, attendee, [owner.grant for owner in owners]) if owners else {}
    except DirectoryError:
        _log.warning("sign-ins are told later")
        return
    for owner in owners:
        gate.hub.say(owner, SIGN_INS, sign_ins_chunk(found.get(owner.grant, ())))


def sign_ins_chunk(shown: Sequence[SignInShown]) -> bytes:
    """As it stands on the stream: all that are not dismissed."""
    return chunk(SIGN_INS, msgspec.json.encode({SIGN_INS: shown}))


async def _unseen(
    gate: Gate, conference: str, attendee: str, grants: Sequence[str]
) -> dict[str, tuple[SignInShown, ...]]:
    kept = gate.directory.sessions
    found = await asyncio.to_thread(kept.unseen, conference, attendee, grants)
    living = (
        {row.id for row in await asyncio.to_thread(kept.listed, conference, attendee)} if any(found.values()) else set()
    )
    return {grant: tuple(_shown(those, living)) for grant, those in found.items()}


def _shown(those: Iterable[SignIn], living: set[str]) -> Iterable[SignInShown]:
    for each in those:
        yield SignInShown(each.number, each.device, written(each.at), each.session if each.session in living else None)


def _grant(caller: Caller) -> Grant:
    assert caller.grant is not None
    return caller.grant


ROUTES = [sessions, end_session, end_other_sessions, device_link, dismiss]
