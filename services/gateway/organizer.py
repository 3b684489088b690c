"""What an organizer says: conferences, attendees, links.

Owns: these routes. May never: speak for a conference that is not the organizer's own, or raise a consent.
"""

import asyncio
import secrets
from typing import Annotated, Any

from litestar import Request, delete, post, put
from msgspec import Meta, Struct

from schemas.events import ConferenceClosed, ConferenceOpened, Consent, PlainId
from schemas.names import account as account_form
from schemas.names import plain_id
from schemas.times import written
from services.directory.people import fault_in
from services.directory.port import Person
from services.directory.sessions import NoLink
from services.door.attendee_csv import MOST_ACCOUNTS, AttendeeRow, Mistake, read_csv
from services.gateway.auth import Caller
from services.gateway.gate import Gate, sole
from services.gateway.intake import Result
from services.gateway.opening import Opening
from services.gateway.own_sessions import address_of
from services.gateway.problems import ProblemError
from services.gateway.registering import registered
from services.gateway.roles import allow

_AT_ONCE = 500
_HAS_SIGNED_IN = (
    "This person has signed in. Whoever holds a new link could act as them, so only they can make one: under You, on a "
    "device where they are signed in. Hallway cannot send mail yet. If they have no such device any more, register "
    "them again under another e-mail address: they prove their accounts again, and the newest proof counts."
)


class Erasing(Struct, forbid_unknown_fields=True):
    """``erase``: the id of the conference, said once more."""

    erase: str


class Erased(Struct, frozen=True, omit_defaults=True):
    """Nobody sees anything of it any more. Its id is free when its last bytes are gone; or ``remains`` says what is
    left of it where records cannot be taken out, and for how long."""

    erased: str
    remains: str = ""


class NewAttendee(Struct, forbid_unknown_fields=True, kw_only=True):
    """One person. Nothing is shown of the name before its owner says so."""

    name: str
    accounts: Annotated[tuple[str, ...], Meta(max_length=MOST_ACCOUNTS)]
    consent: Consent
    email: str = ""
    show_name: bool = False


class Registered(Struct, frozen=True):
    """The id, and the link to hand out: an address, good once, for 14 days; what comes after ``#`` is the secret. Null
    where this person has signed in before: a link would let whoever holds it act as them.

    ``note``: what else to know, such as that the person has to confirm first.
    """

    attendee: str
    link: str | None
    note: str = ""


class LinkMade(Struct, frozen=True):
    """A sign-in link: an address, good once, for 14 days; what comes after ``#`` is the secret."""

    link: str


class Waiting(Struct, frozen=True):
    """A line whose person is not registered before they confirm it themselves, on the page that their link opens."""

    line: int
    text: str


class Imported(Struct, frozen=True):
    """How many, what was wrong with other lines, and which people wait for their own confirmation."""

    registered: int
    mistakes: tuple[Mistake, ...]
    waiting: tuple[Waiting, ...] = ()


def _common(gate: Gate, conference: str) -> dict[str, Any]:
    return {"id": f"h-{secrets.token_hex(12)}", "at": written(gate.clock()), "conference": conference}


@put("/v1/conferences/{conference:str}", opt=allow("organizer", "operator"), tags=["organizer"])
async def open_conference(gate: Gate, caller: Caller, conference: PlainId, data: Opening) -> Result:
    """Opens a conference, or replaces what was said of it. Who opens one first owns it, until they hand it over."""
    try:
        plain_id(conference)
    except ValueError as error:
        raise ProblemError(422, "conference", f"conference {error}.", field="conference") from None
    known = gate.conferences.get(conference)
    if known is not None and known.closed:
        gate.owned(caller, conference)
        raise ProblemError(409, "closed", "This conference is closed for good. Open another one, under another id.")
    fields = {name: getattr(data, name) for name in data.__struct_fields__}
    return sole(await gate.intake.say([ConferenceOpened(**_common(gate, conference), **fields)], gate.sender(caller)))


@post("/v1/conferences/{conference:str}/close", opt=allow("organizer", "operator"), status_code=200, tags=["organizer"])
async def close_conference(gate: Gate, caller: Caller, conference: PlainId) -> Result:
    """Closes it for ever."""
    gate.owned(caller, conference)
    return sole(await gate.intake.say([ConferenceClosed(**_common(gate, conference))], gate.sender(caller)))


@delete("/v1/conferences/{conference:str}", opt=allow("organizer", "operator"), status_code=202, tags=["organizer"])
async def erase_conference(gate: Gate, caller: Caller, conference: PlainId, data: Erasing) -> Erased:
    """Erases a closed conference for ever: log, matches, inboxes, people, links, dead letters. Its bytes follow.

    Where the log is in Kafka, its records stay there, of people whom nobody can name any more; the answer says so."""
    known = gate.owned(caller, conference)
    if data.erase != conference:
        raise ProblemError(422, "confirm", "Say the id of the conference in `erase`: it is for ever.", field="erase")
    if not known.closed:
        raise ProblemError(409, "open", "This conference is open. Close it first; people are still in it.")
    remains = await gate.erasures.begin_conference(conference)
    gate.metrics.forget(conference)
    return Erased(conference, remains)


@post("/v1/conferences/{conference:str}/attendees", opt=allow("organizer"), status_code=200, tags=["organizer"])
async def register(gate: Gate, caller: Caller, conference: PlainId, data: NewAttendee) -> Registered:
    """Registers one person; the same e-mail again is the same person."""
    gate.owned(caller, conference)
    fault = fault_in(Person(conference=conference, attendee="", name=data.name.strip(), email=data.email.strip()))
    if fault is not None:
        raise ProblemError(422, "attendee", f"{fault[0]} {fault[1]}.", field=fault[0])
    for account in data.accounts:
        _check_account(account)  # before the person is in the directory
    row = AttendeeRow(
        line=1,
        name=data.name,
        email=data.email,
        accounts=data.accounts,
        consent=data.consent,
        show_name=data.show_name,
    )
    ((made, result),) = await registered(gate.intake, gate.registering, gate.sender(caller), conference, [row])
    sole([result])
    link = await asyncio.to_thread(gate.directory.sessions.first_link, conference, made.attendee)
    address = None if isinstance(link, NoLink) else address_of(gate.public_url, link)
    return Registered(made.attendee, address, result.reason or "" if result.status == "waits" else "")


def _check_account(text: str) -> None:
    try:
        account_form(text)
    except ValueError as error:
        raise ProblemError(422, "account", f"accounts: one {error}.", field="accounts") from None


@post("/v1/conferences/{conference:str}/attendees/csv", opt=allow("organizer"), status_code=200, tags=["organizer"])
async def register_csv(gate: Gate, caller: Caller, conference: PlainId, request: Request[Any, Any, Any]) -> Imported:
    """Registers everybody in a CSV file; a line with a mistake is left out and said."""
    gate.owned(caller, conference)
    rows, mistakes = await asyncio.to_thread(read_csv, await request.body())
    good, waiting = 0, list[Waiting]()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        made = await registered(gate.intake, gate.registering, gate.sender(caller), conference, some)
        refused = [(each, result) for each, result in made if result.status == "rejected"]
        waits = [Waiting(each.line, result.reason or "") for each, result in made if result.status == "waits"]
        waiting += waits
        good += len(made) - len(refused) - len(waits)
        mistakes += [Mistake(each.line, None, result.reason or "") for each, result in refused]
    return Imported(good, tuple(mistakes), tuple(waiting))


@post(
    "/v1/conferences/{conference:str}/attendees/{attendee:str}/link",
    opt=allow("organizer"),
    status_code=200,
    tags=["organizer"],
)
async def new_link(gate: Gate, caller: Caller, conference: PlainId, attendee: PlainId) -> LinkMade:
    """A new link for somebody registered who has never signed in; 409 for everybody else."""
    gate.owned(caller, conference)
    nobody = ProblemError(404, "attendee", "Nobody is registered under this id. See the answer of the registration.")
    if await asyncio.to_thread(gate.directory.people.get, conference, attendee) is None:
        raise nobody  # no bucket is made for it: the text may be any, and as long as an address may be
    gate.charge("organizer", f"link {conference} {attendee}", 1_000)  # 5 at once, then one in 2 s
    link = await asyncio.to_thread(gate.directory.sessions.first_link, conference, attendee)
    if link is NoLink.UNKNOWN:
        raise nobody
    if isinstance(link, NoLink):
        raise ProblemError(409, "signed-in", _HAS_SIGNED_IN)
    return LinkMade(address_of(gate.public_url, link))


ROUTES = [open_conference, close_conference, erase_conference, register, register_csv, new_link]
