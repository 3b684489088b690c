"""What is an attendee's own: proving an account, giving it up, leaving for good.

Owns: these routes. May never: show a code twice.
"""

import asyncio
from typing import Literal

from litestar import Response, delete, post
from msgspec import Struct

from schemas import names
from schemas.events import AccountReleased, AttendeeErased
from schemas.times import HOUR_MS, written
from services.directory.codes import CODE_HOURS, PostReader
from services.door.enrolling import verified
from services.door.sender import VERIFIER
from services.gateway.attendee import ATTENDEE, common, say
from services.gateway.auth import Caller, cookie
from services.gateway.gate import Gate, sole
from services.gateway.intake import Result
from services.gateway.problems import ProblemError

Looked = Literal["verified", "not_found", "expired", "too_many"]


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
    await gate.returning.barred(caller.conference, caller.subject, look.accounts)
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


@delete("/v1/me", opt=ATTENDEE, status_code=202, tags=["attendee"])
async def erase(gate: Gate, caller: Caller, data: Confirmed) -> Response[Result]:
    """Erases me here, for ever."""
    result = await say(gate, caller, AttendeeErased(**common(gate, caller)))
    return Response(result, status_code=202, cookies=[cookie("", 0, gate.secure)])


ROUTES = [begin, check, release, erase]
