"""Routes for dead letters: list, show, correct and resend.

Invariants: a caller can neither show nor resend a letter of another organizer's conference. The audit log has its entry
before anything of a letter's content leaves the server.
"""

import asyncio
from base64 import b64decode
from typing import Annotated

from litestar import get, post
from litestar.params import Parameter
from msgspec import Struct
from msgspec.structs import replace

from schemas.events import PlainId
from schemas.outputs import DeadLetter
from services.admission.dead_letter_view import DeadLetterView
from services.admission.results import Result
from services.api.dead_letters.masking import LetterListed, mask, masked_reason
from services.api.dead_letters.reader import DeadLetterReader, LettersShown
from services.api.dead_letters.resend import Resender, ResendRequest
from services.api.shared.bounds import PAGE_LETTERS
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.directory.port import MOST_A_DAY, Action, AuditFullError, AuditLog

ORGANIZERS = allow("organizer", "operator")
_MOST = 2**53
_After = Annotated[int, Parameter(ge=0, le=_MOST, description="``next`` of the page before.")]
_Limit = Annotated[int, Parameter(ge=1, le=PAGE_LETTERS)]
_Number = Annotated[int, Parameter(ge=0, le=_MOST)]


class LetterShown(DeadLetterView[int], frozen=True):
    """A letter in full. ``bytes``: as they came, in base64."""

    number: int  # repeated here because the API's document does not follow a type variable


class Mended(Struct, forbid_unknown_fields=True):
    """``bytes``: the corrected event, in base64; null: as it came. ``dry_run``: only report the result."""

    bytes: str | None = None
    dry_run: bool = False


class SentAgain(Struct, frozen=True):
    """``result``: as for any event; for a dry run its status is ``good`` or ``rejected``."""

    number: int
    dry_run: bool
    result: Result


@get("/v1/dead-letters", opt=ORGANIZERS, tags=["organizer"])
async def all_letters(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    dead_letter_reader: Injected[DeadLetterReader],
    after: _After = 0,
    limit: _Limit = PAGE_LETTERS,
) -> LettersShown:
    """Lists dead letters: the caller's own and those of the caller's conferences; for an operator, all."""
    own = access.conferences_of(caller)
    return await asyncio.to_thread(dead_letter_reader.page, own, caller.source, after, limit)


@get("/v1/conferences/{conference:str}/dead-letters", opt=ORGANIZERS, tags=["organizer"])
async def dead_letters(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    dead_letter_reader: Injected[DeadLetterReader],
    conference: PlainId,
    after: _After = 0,
    limit: _Limit = PAGE_LETTERS,
) -> LettersShown:
    """Lists the dead letters of one conference, and the caller's own that name no conference."""
    access.require(caller, conference)
    return await asyncio.to_thread(dead_letter_reader.page, [conference], caller.source, after, limit)


def _record(audit: AuditLog, caller: Caller, action: Action, number: int) -> None:
    assert caller.grant is not None
    try:
        audit.write(caller.grant, action, number)
    except AuditFullError:
        detail = f"You looked at {MOST_A_DAY:,} letters in a day. Go on tomorrow, or ask the operator."
        raise ProblemError(429, "audit", detail, retry_s=3_600) from None


@get("/v1/dead-letters/{number:int}", opt=ORGANIZERS, tags=["organizer"])
async def letter(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    dead_letter_reader: Injected[DeadLetterReader],
    number: _Number,
) -> LetterListed:
    """Shows one dead letter, masked as in the list."""
    own = access.conferences_of(caller)
    found, dead = await asyncio.to_thread(dead_letter_reader.find, own, caller.source, number)
    return mask(number, dead, found.sent)


@post("/v1/dead-letters/{number:int}/show", opt=ORGANIZERS, status_code=200, tags=["organizer"])
async def show_letter(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    dead_letter_reader: Injected[DeadLetterReader],
    audit: Injected[AuditLog],
    number: _Number,
) -> LetterShown:
    """Shows one dead letter in full, with whatever it says about people. The audit log records who looked, and when."""

    def show() -> LetterShown:
        found, dead = dead_letter_reader.find(access.conferences_of(caller), caller.source, number)
        _record(audit, caller, "letter.shown", number)
        return LetterShown.of(number, dead, found.sent)

    return await asyncio.to_thread(show)


@post("/v1/dead-letters/{number:int}/resend", opt=ORGANIZERS, status_code=200, tags=["organizer"])
async def resend_letter(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    dead_letter_reader: Injected[DeadLetterReader],
    resender: Injected[Resender],
    audit: Injected[AuditLog],
    number: _Number,
    data: Mended,
) -> SentAgain:
    """Resends a dead letter once, corrected or as it came. If it is still invalid, no new letter is made."""
    own = access.conferences_of(caller)
    _, dead = await asyncio.to_thread(dead_letter_reader.find, own, caller.source, number)
    request = ResendRequest(number, dead.source, _bytes(dead, data))
    await asyncio.to_thread(_record, audit, caller, "letter.tried" if data.dry_run else "letter.sent", number)
    result = await resender.resend(caller, request, dry_run=data.dry_run)
    if result.status == "rejected" and data.bytes is None:  # the reason is of bytes that may not have been shown
        result = replace(result, reason=masked_reason(request.line, result.field), field=None)
    return SentAgain(number, data.dry_run, result)


def _bytes(dead: DeadLetter, data: Mended) -> bytes:
    try:
        return b64decode(dead.bytes if data.bytes is None else data.bytes, validate=True)
    except ValueError:
        raise ProblemError(422, "bytes", "bytes is not base64. Encode the event's bytes.", field="bytes") from None


ROUTES = [all_letters, dead_letters, letter, show_letter, resend_letter]
