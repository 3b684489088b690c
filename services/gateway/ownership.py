"""An attendee's accounts and data: proving an account, giving it up, taking everything along, leaving for good.

Owns: these routes. May never: show a code twice, or anything of anybody else in a download.
"""

import asyncio
from typing import Literal

import msgspec
from litestar import Response, delete, get, post
from msgspec import Struct
from msgspec.structs import asdict

from schemas import names
from schemas.events import AccountReleased, AttendeeErased
from schemas.times import HOUR_MS, written
from services.directory.codes import CODE_HOURS, PostReader
from services.door.enrolling import verified
from services.door.sender import VERIFIER
from services.gateway.attendee import ATTENDEE, accounts_of, common, say
from services.gateway.auth import Caller, cookie
from services.gateway.gate import Gate, sole
from services.gateway.inboxes import inbox
from services.gateway.intake import Result
from services.gateway.problems import ProblemError
from services.gateway.standing import standing

Looked = Literal["verified", "not_found", "expired", "too_many"]
_MOST_EVENTS = 20_000  # of a download; an attendee has some hundred


class AccountNamed(Struct, forbid_unknown_fields=True):
    """``network:handle``."""

    account: str


class CodeShown(Struct, frozen=True):
    """To be posted, or put into the profile, by the account."""

    code: str
    expires_at: str
    text: str


class Checked(Struct, frozen=True):
    """What was found."""

    state: Looked


class Confirmed(Struct, forbid_unknown_fields=True):
    """Says it in words."""

    confirm: Literal["erase me"]


def _account(text: str) -> str:
    try:
        return names.account(text)
    except ValueError as error:
        raise ProblemError(422, "account", f"account {error}.", field="account") from None


@post("/v1/me/accounts", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def begin(gate: Gate, caller: Caller, data: AccountNamed) -> CodeShown:
    """Makes a one-time code for an account of mine."""
    account, codes = _account(data.account), gate.directory.codes
    _reader(gate, account)  # nobody is to post a code in vain
    code = await asyncio.to_thread(codes.begin, caller.conference, caller.subject, account)
    if code is None:
        raise ProblemError(429, "codes", "Too many codes in this hour. Use the last one, or wait.", retry_s=600)
    expires = written(gate.clock() + CODE_HOURS * HOUR_MS)
    text = f"Proving to Hallway that this account is mine: {code}"
    return CodeShown(code, expires, text)


@post("/v1/me/accounts/check", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def check(gate: Gate, caller: Caller, data: AccountNamed) -> Checked:
    """Looks whether the code stands there."""
    account = _account(data.account)
    reader = _reader(gate, account)
    try:
        async with asyncio.timeout(gate.bounds.read_s):
            look = await gate.directory.codes.look(caller.conference, caller.subject, account, reader)
    except OSError:  # TimeoutError is one
        raise ProblemError(503, "network", "The network does not answer. Try again in a minute.", retry_s=60) from None
    for proved in look.accounts:
        event = verified(caller.conference, caller.subject, proved, gate.clock())
        sole(await gate.intake.say([event], VERIFIER))
    return Checked(look.state)


def _reader(gate: Gate, account: str) -> PostReader:
    if gate.reader is None:
        detail = "This server reads no network's posts, so accounts cannot be proved here. Ask the organizer."
        raise ProblemError(409, "reader", detail)
    refusal = gate.reader.refusal(account)
    if refusal is not None:
        raise ProblemError(409, "reader", refusal, field="account")
    return gate.reader


@delete("/v1/me/accounts", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def release(gate: Gate, caller: Caller, data: AccountNamed) -> Result:
    """Gives an account up, and the claim to it."""
    event = AccountReleased(**common(gate, caller), account=_account(data.account))
    return await say(gate, caller, event)


@get("/v1/me/data", opt=ATTENDEE, tags=["attendee"])
async def own_data(gate: Gate, caller: Caller) -> Response[dict[str, object]]:
    """Everything about me, as a file."""
    conference, attendee, now = caller.conference, caller.subject, gate.clock()
    stands = await gate.ask(conference, lambda matcher: standing(matcher, attendee, now))
    cards = await inbox(gate, conference, attendee)
    data: dict[str, object] = {"conference": conference, "attendee": attendee}
    data |= await asyncio.to_thread(_kept, gate, conference, attendee)
    data |= {"standing": asdict(stands), "cards": cards.cards}
    name = f'attachment; filename="hallway-{conference}.json"'
    return Response(data, headers={"content-disposition": name, "cache-control": "no-store"})


def _kept(gate: Gate, conference: str, attendee: str) -> dict[str, object]:
    person = gate.directory.people.get(conference, attendee)
    listed = gate.directory.keys.listed("attendee", attendee)
    return {
        "person": asdict(person) if person else None,
        "preferences": gate.directory.people.preferences(conference, attendee),
        "accounts": accounts_of(gate, conference, attendee),
        "sessions": [
            {"expires_at": written(grant.expires), "last_used_at": written(used) if used else None, "ended": ended}
            for grant, used, ended in listed
            if grant.conferences == (conference,)
        ],
        "events": _events(gate, conference, attendee),
    }


def _events(gate: Gate, conference: str, attendee: str) -> list[object]:
    """What the log has about the attendee; blocks without whom (it would be another's id)."""
    own = f'"attendee":"{attendee}"'.encode()
    found: list[object] = []
    for row in gate.journal.read(conference):
        if own in row.line and len(found) < _MOST_EVENTS:
            event = msgspec.json.decode(row.line)
            for name in ("blocked", "account", "accounts", "source"):
                event.pop(name, None)
            found.append(event | {"recorded_at": written(row.recorded_at)})
    return found


@delete("/v1/me", opt=ATTENDEE, status_code=202, tags=["attendee"])
async def erase(gate: Gate, caller: Caller, data: Confirmed) -> Response[Result]:
    """Erases me here, for ever."""
    result = await say(gate, caller, AttendeeErased(**common(gate, caller)))
    return Response(result, status_code=202, cookies=[cookie("", 0, gate.secure)])


ROUTES = [begin, check, release, own_data, erase]
