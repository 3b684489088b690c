"""Routes with which an attendee proves an account, gives it up, or erases themselves.

Invariants: a code is shown once.
"""

from typing import Literal

from litestar import Response, delete, post
from msgspec import Struct

from schemas import names
from schemas.events import AccountReleased, AttendeeErased
from schemas.times import HOUR_MS, format_time
from services.admission.results import Result
from services.api.attendee.account_proofs import AccountProofs, ProofState
from services.api.attendee.own_events import OwnEvents
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.problems import ProblemError
from services.api.shared.public_address import PublicAddress
from services.api.shared.roles import allow
from services.directory.port import CODE_HOURS

ATTENDEE = allow("attendee")


class AccountNamed(Struct, forbid_unknown_fields=True):
    """``network:handle``."""

    account: str


class CodeShown(Struct, frozen=True):
    """A code that the account has to post or to put into its profile."""

    code: str
    expires_at: str
    text: str


class Checked(Struct, frozen=True):
    """The state of the code."""

    state: ProofState


class Confirmed(Struct, forbid_unknown_fields=True):
    """The confirmation, in words."""

    confirm: Literal["erase me"]


def _account(text: str) -> str:
    try:
        return names.normalize_account(text)
    except ValueError as error:
        raise ProblemError(422, "account", f"account {error}.", field="account") from None


@post("/v1/me/accounts", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def begin(
    caller: Injected[Caller], account_proofs: Injected[AccountProofs], clock: Injected[Clock], data: AccountNamed
) -> CodeShown:
    """Makes a one-time code that proves an account."""
    code = await account_proofs.begin(caller, _account(data.account))
    expires = format_time(clock() + CODE_HOURS * HOUR_MS)
    return CodeShown(code, expires, f"Proving to Hallway that this account is mine: {code}")


@post("/v1/me/accounts/check", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def check(caller: Injected[Caller], account_proofs: Injected[AccountProofs], data: AccountNamed) -> Checked:
    """Checks whether the account shows its code. ``verified`` means that the log has the proof."""
    return Checked(await account_proofs.check(caller, _account(data.account)))


@delete("/v1/me/accounts", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def release(
    caller: Injected[Caller],
    account_proofs: Injected[AccountProofs],
    own_events: Injected[OwnEvents],
    data: AccountNamed,
) -> Result:
    """Gives up an account and the claim to it."""
    account = _account(data.account)
    await account_proofs.withdraw(caller, account)
    return await own_events.submit(caller, AccountReleased, account=account)


@delete("/v1/me", opt=ATTENDEE, status_code=202, tags=["attendee"])
async def erase(
    caller: Injected[Caller], own_events: Injected[OwnEvents], address: Injected[PublicAddress], data: Confirmed
) -> Response[Result]:
    """Erases the attendee from this conference, for ever."""
    result = await own_events.submit(caller, AttendeeErased)
    return Response(result, status_code=202, cookies=[address.expired_cookie()])


ROUTES = [begin, check, release, erase]
