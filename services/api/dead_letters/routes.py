"""Dead letters over HTTP: listed, shown, mended and sent again.

Owns: these routes. May never: show a letter of another organizer's conference, send one that it would not show, or tell
what is in one before the audit log has it that somebody looked.
"""

import asyncio
from base64 import b64decode
from collections.abc import Collection
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import Parameter
from msgspec import Struct
from msgspec.structs import replace

from schemas.events import PlainId
from schemas.outputs import DeadLetter
from services.admission.dead_letter_view import Shown
from services.admission.intake import Result
from services.api.dead_letters.masking import LetterListed, listed, masked_reason
from services.api.dead_letters.resend import Again, resend
from services.api.gate import Gate
from services.api.shared.bounds import PAGE_LETTERS
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.directory.port import MOST_A_DAY, Action, AuditFullError
from services.journal import Letter

ORGANIZERS = allow("organizer", "operator")
_MOST = 2**53
_After = Annotated[int, Parameter(ge=0, le=_MOST, description="``next`` of the page before.")]
_Limit = Annotated[int, Parameter(ge=1, le=PAGE_LETTERS)]
_Number = Annotated[int, Parameter(ge=0, le=_MOST)]


class LetterShown(Shown[int], frozen=True):
    """A letter whole, as it was shown to somebody. ``bytes``: as they came, in base64."""

    number: int  # said again: the API's document does not follow a type variable


class LettersShown(Struct, frozen=True):
    """A page, oldest first; ``next`` is the ``after`` of the next one. ``gone``: how many are no more, and why.

    ``old``: 14 days are over; ``many``: there were too many of this sender or conference; ``erased``: they may have
    named somebody who was erased. To an operator those of the whole server, to an organizer their own.
    """

    letters: tuple[LetterListed, ...]
    next: int | None
    gone: dict[str, int] = {}


class Mended(Struct, forbid_unknown_fields=True):
    """``bytes``: the event as it should have been, in base64; null: as it came. ``dry_run``: only say what would be."""

    bytes: str | None = None
    dry_run: bool = False


class SentAgain(Struct, frozen=True):
    """``result`` as of any event; of a dry run its status is ``good`` or ``rejected``."""

    number: int
    dry_run: bool
    result: Result


def _source(caller: Caller) -> str | None:
    return None if caller.role == "operator" else f"organizer:{caller.subject}"


def _own(gate: Gate, caller: Caller) -> Collection[str]:
    assert caller.grant is not None
    return {*caller.grant.conferences, *gate.conferences.owned(caller.subject)}


@get("/v1/dead-letters", opt=ORGANIZERS, tags=["organizer"])
async def all_letters(gate: Gate, caller: Caller, after: _After = 0, limit: _Limit = PAGE_LETTERS) -> LettersShown:
    """What could not be read: mine, or that names a conference of mine; to an operator all of this server."""
    own = _own(gate, caller)
    return await asyncio.to_thread(_page, gate, own, _source(caller), after, limit)


@get("/v1/conferences/{conference:str}/dead-letters", opt=ORGANIZERS, tags=["organizer"])
async def dead_letters(
    gate: Gate, caller: Caller, conference: PlainId, after: _After = 0, limit: _Limit = PAGE_LETTERS
) -> LettersShown:
    """The same, of one conference, and those of mine that name none."""
    gate.owned(caller, conference)
    return await asyncio.to_thread(_page, gate, [conference], _source(caller), after, limit)


def _page(gate: Gate, own: Collection[str], source: str | None, after: int, limit: int) -> LettersShown:
    index = gate.overviews.letters
    index.read_on()
    numbers = [number for number in index.of(own, source) if number > after]
    found = [gate.journal.letter(number) for number in numbers[:limit]]
    shown = [(each, _opened(gate, each)) for each in found if each is not None]
    gone = gate.journal.letters_gone() if source is None else gate.journal.letters_gone_of(own, source)
    there = tuple(listed(each.number, dead, each.sent) for each, dead in shown if dead is not None)
    return LettersShown(there, numbers[limit - 1] if len(numbers) > limit else None, gone)


def _opened(gate: Gate, letter: Letter) -> DeadLetter | None:
    """None: its key is gone, and it goes too."""
    return gate.directory.letter_keys.opened(msgspec.json.decode(letter.line, type=DeadLetter))


def _found(gate: Gate, caller: Caller, number: int) -> tuple[Letter, DeadLetter]:
    index = gate.overviews.letters
    index.read_on()
    letter = gate.journal.letter(number) if index.has(number, _own(gate, caller), _source(caller)) else None
    dead = None if letter is None else _opened(gate, letter)
    if letter is None or dead is None:
        raise ProblemError(404, "letter", "There is no such dead letter, or it is not yours. See GET /v1/dead-letters.")
    return letter, dead


def _audit(gate: Gate, caller: Caller, action: Action, number: int) -> None:
    assert caller.grant is not None
    try:
        gate.directory.audit.write(caller.grant, action, number)
    except AuditFullError:
        detail = f"You looked at {MOST_A_DAY:,} letters in a day. Go on tomorrow, or ask the operator."
        raise ProblemError(429, "audit", detail, retry_s=3_600) from None


@get("/v1/dead-letters/{number:int}", opt=ORGANIZERS, tags=["organizer"])
async def letter(gate: Gate, caller: Caller, number: _Number) -> LetterListed:
    """One of them, masked as in the list."""
    found, dead = await asyncio.to_thread(_found, gate, caller, number)
    return listed(number, dead, found.sent)


@post("/v1/dead-letters/{number:int}/show", opt=ORGANIZERS, status_code=200, tags=["organizer"])
async def show_letter(gate: Gate, caller: Caller, number: _Number) -> LetterShown:
    """One of them as it came, with whatever it says of people. The audit log keeps who looked, and when."""

    def shown() -> LetterShown:
        found, dead = _found(gate, caller, number)
        _audit(gate, caller, "letter.shown", number)
        return LetterShown.of(number, dead, found.sent)

    return await asyncio.to_thread(shown)


@post("/v1/dead-letters/{number:int}/resend", opt=ORGANIZERS, status_code=200, tags=["organizer"])
async def resend_letter(gate: Gate, caller: Caller, number: _Number, data: Mended) -> SentAgain:
    """Sends a letter again, mended or as it came: once. What is still bad is told and makes no further letter."""
    _, dead = await asyncio.to_thread(_found, gate, caller, number)
    again = Again(number, dead.source, _bytes(dead, data))
    await asyncio.to_thread(_audit, gate, caller, "letter.tried" if data.dry_run else "letter.sent", number)
    result = await resend(gate, caller, again, dry_run=data.dry_run)
    if result.status == "rejected" and data.bytes is None:  # the reason is of bytes that may not have been shown
        result = replace(result, reason=masked_reason(again.line, result.field), field=None)
    return SentAgain(number, data.dry_run, result)


def _bytes(dead: DeadLetter, data: Mended) -> bytes:
    try:
        return b64decode(dead.bytes if data.bytes is None else data.bytes, validate=True)
    except ValueError:
        raise ProblemError(422, "bytes", "bytes is not base64. Encode the event's bytes.", field="bytes") from None


ROUTES = [all_letters, dead_letters, letter, show_letter, resend_letter]
