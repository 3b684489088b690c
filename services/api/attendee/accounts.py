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
from services.admission.intake import Result
from services.admission.ownership_proofs import finish
from services.api.attendee.account_states import verified_tokens
from services.api.attendee.routes import ATTENDEE, common, say
from services.api.gate import Gate
from services.api.shared.guard import Caller, cookie
from services.api.shared.problems import ProblemError
from services.directory.port import CODE_HOURS, Look, PostReader, Proof

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
    """Looks whether the code stands there. ``verified`` is said when the log has it."""
    account = _account(data.account)
    proof: Proof | None = await _interrupted(gate, caller, account)
    state: Looked = "expired"
    if proof is None:
        look = await _look(gate, caller, account)
        proof, state = look.proof, look.state
    if proof is not None:
        await finish(gate, proof)
    elif state != "expired":
        return Checked(state)
    if await _is_mine(gate, caller, account):
        return Checked("verified")  # also when a first answer to this was lost
    if proof is None:
        return Checked("expired")
    detail = "Your code was found, but somebody else has proved the account. Prove it again with a new code."
    raise ProblemError(409, "account", detail, field="account")


async def _is_mine(gate: Gate, caller: Caller, account: str) -> bool:
    verified = await verified_tokens(gate, caller.conference, caller.subject)
    return account in (await asyncio.to_thread(gate.directory.accounts.accounts_of, verified)).values()


async def _interrupted(gate: Gate, caller: Caller, account: str) -> Proof | None:
    """A proof of this account that has not reached the log."""
    proofs = await asyncio.to_thread(gate.directory.codes.unfinished, caller.conference, caller.subject)
    return next((proof for proof in proofs if proof.account == account), None)


async def _look(gate: Gate, caller: Caller, account: str) -> Look:
    reader = _reader(gate, account)
    try:
        async with asyncio.timeout(gate.bounds.read_s):
            return await gate.directory.codes.look(caller.conference, caller.subject, account, reader)
    except OSError:  # TimeoutError is one
        raise ProblemError(503, "network", "The network does not answer. Try again in a minute.", retry_s=60) from None


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
    account = _account(data.account)
    await asyncio.to_thread(gate.directory.codes.withdraw, caller.conference, caller.subject, account)
    event = AccountReleased(**common(gate, caller), account=account)
    return await say(gate, caller, event)


@delete("/v1/me", opt=ATTENDEE, status_code=202, tags=["attendee"])
async def erase(gate: Gate, caller: Caller, data: Confirmed) -> Response[Result]:
    """Erases me here, for ever."""
    result = await say(gate, caller, AttendeeErased(**common(gate, caller)))
    return Response(result, status_code=202, cookies=[cookie(gate, "", 0)])


ROUTES = [begin, check, release, erase]
