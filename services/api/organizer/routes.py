"""An organizer's routes for conferences, attendees and sign-in links.

Invariants: a route acts only on conferences that the caller may work on, and none can raise a consent.
"""

import asyncio
from typing import Annotated, Any

from litestar import Request, delete, post, put
from litestar.params import Parameter
from msgspec import Meta, Struct

from schemas.events import ConferenceClosed, ConferenceOpened, Consent, PlainId
from schemas.names import normalize_account as account_form
from schemas.names import validate_id
from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.registration.attendee_csv import MOST_ACCOUNTS, AttendeeRow, Sheet, read_csv
from services.admission.results import Result
from services.api.organizer.attendee_import import AttendeeImport, Imported
from services.api.organizer.opening import Opening
from services.api.shared.bounds import Bounds
from services.api.shared.check_in_devices import CheckInDevices
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.problems import ProblemError
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import UNPACKS, allow
from services.api.shared.submission import event_fields, submit
from services.api.transport.decompression import Decompressor
from services.api.transport.metrics import Metrics
from services.directory.person_fields import fault_in
from services.directory.port import NoLink, People, Person, Sessions
from services.erasure.person_erasure import Erasures

_HAS_SIGNED_IN = (
    "This person has signed in. Whoever holds a new link could act as them, so only they can make one: under You, on a "
    "device where they are signed in. Hallway cannot send mail yet. If they no longer have such a device, register "
    "them again under another e-mail address: they prove their accounts again, and the newest proof counts."
)


class Erasing(Struct, forbid_unknown_fields=True):
    """``erase``: the conference's id again, as a confirmation."""

    erase: str


class Erased(Struct, frozen=True, omit_defaults=True):
    """The conference is no longer visible to anybody. Its id is free once its last bytes are deleted; where records
    cannot be deleted, ``remains`` says what is left and for how long."""

    erased: str
    remains: str = ""


class NewAttendee(Struct, forbid_unknown_fields=True, kw_only=True):
    """One person. The name stays hidden until its owner shows it."""

    name: str
    accounts: Annotated[tuple[str, ...], Meta(max_length=MOST_ACCOUNTS)]
    consent: Consent
    email: str = ""
    show_name: bool = False


class Registered(Struct, frozen=True):
    """The id, and the sign-in link to hand out: valid once, for 14 days; the part after ``#`` is the secret. Null where
    this person has signed in before: whoever held the link could act as them.

    ``changes``: what changed for somebody who was registered already; never the consent. ``note``: for example that the
    person has to confirm first.
    """

    attendee: str
    link: str | None
    changes: tuple[str, ...] = ()
    note: str = ""


class LinkMade(Struct, frozen=True):
    """A sign-in link: valid once, for 14 days; the part after ``#`` is the secret."""

    link: str


@put("/v1/conferences/{conference:str}", opt=allow("organizer", "operator"), tags=["organizer"])
async def open_conference(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    registry: Injected[ConferenceRegistry],
    admission: Injected[EventAdmission],
    clock: Injected[Clock],
    conference: PlainId,
    data: Opening,
) -> Result:
    """Opens a conference or replaces its details. Whoever opens it first owns it until they transfer it."""
    try:
        validate_id(conference)
    except ValueError as error:
        raise ProblemError(422, "conference", f"conference {error}.", field="conference") from None
    known = registry.get(conference)
    if known is not None and known.closed:
        access.require(caller, conference)
        raise ProblemError(409, "closed", "This conference is closed for good. Open another one, under another id.")
    fields = {name: getattr(data, name) for name in data.__struct_fields__}
    return await submit(admission, caller, ConferenceOpened(**event_fields(conference, clock()), **fields))


@post("/v1/conferences/{conference:str}/close", opt=allow("organizer", "operator"), status_code=200, tags=["organizer"])
async def close_conference(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    admission: Injected[EventAdmission],
    clock: Injected[Clock],
    conference: PlainId,
) -> Result:
    """Closes a conference for ever."""
    access.require(caller, conference)
    return await submit(admission, caller, ConferenceClosed(**event_fields(conference, clock())))


@delete("/v1/conferences/{conference:str}", opt=allow("organizer", "operator"), status_code=202, tags=["organizer"])
async def erase_conference(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    erasures: Injected[Erasures],
    metrics: Injected[Metrics],
    check_in_devices: Injected[CheckInDevices],
    conference: PlainId,
    data: Erasing,
) -> Erased:
    """Erases a closed conference for ever: log, matches, inboxes, people, links, dead letters. Its bytes follow.

    Where the log is in Kafka, its records stay there, about people whom nobody can identify; the response says so."""
    known = access.require(caller, conference)
    if data.erase != conference:
        raise ProblemError(
            422, "confirm", "Confirm with the conference's id in `erase`: erasing is for ever.", field="erase"
        )
    if not known.closed:
        raise ProblemError(409, "open", "This conference is open. Close it first; people are still in it.")
    remains = await erasures.begin_conference(conference)
    metrics.forget(conference)
    check_in_devices.forget(conference)
    return Erased(conference, remains)


@post("/v1/conferences/{conference:str}/attendees", opt=allow("organizer"), status_code=200, tags=["organizer"])
async def register(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    attendee_import: Injected[AttendeeImport],
    sessions: Injected[Sessions],
    address: Injected[PublicAddress],
    conference: PlainId,
    data: NewAttendee,
) -> Registered:
    """Registers one person; the same e-mail address again means the same person."""
    access.require(caller, conference)
    sheet = Sheet([_row(conference, data)], [], [])
    done = await attendee_import.run(caller.sender, conference, sheet, dry_run=False)
    if done.mistakes:
        raise ProblemError(422, "event", f"{done.mistakes[0].text} Correct it and send it again.")
    (line,) = done.lines
    assert line.attendee is not None
    secret = await asyncio.to_thread(sessions.first_link, conference, line.attendee)
    link = None if isinstance(secret, NoLink) else address.sign_in_link(secret)
    return Registered(line.attendee, link, line.changes, done.waiting[0].text if done.waiting else "")


def _row(conference: str, data: NewAttendee) -> AttendeeRow:
    """The person as a line of a file, before they are in the directory. ProblemError 422."""
    fault = fault_in(Person(conference=conference, attendee="", name=data.name.strip(), email=data.email.strip()))
    if fault is not None:
        raise ProblemError(422, "attendee", f"{fault[0]} {fault[1]}.", field=fault[0])
    return AttendeeRow(
        line=1,
        name=data.name,
        email=data.email,
        accounts=tuple(map(_account, data.accounts)),
        consent=data.consent,
        show_name=data.show_name,
    )


def _account(text: str) -> str:
    try:
        return account_form(text)
    except ValueError as error:
        raise ProblemError(422, "account", f"accounts: one {error}.", field="accounts") from None


@post(
    "/v1/conferences/{conference:str}/attendees/csv",
    opt=allow("organizer") | UNPACKS,
    status_code=200,
    tags=["organizer"],
)
async def register_csv(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    attendee_import: Injected[AttendeeImport],
    decompressor: Injected[Decompressor],
    bounds: Injected[Bounds],
    conference: PlainId,
    request: Request[Any, Any, Any],
    dry_run: Annotated[bool, Parameter(required=False, description="Only report what each line would do.")] = False,
) -> Imported:
    """Registers everybody in a CSV file, and reports changes and mistakes by line; lines with a mistake are skipped."""
    access.require(caller, conference)
    charset = request.headers.get("content-type", "").lower().partition("charset=")[2].strip(' "').partition(";")[0]
    async with decompressor.decompressed(request, bounds.csv_bytes) as body:
        sheet = await asyncio.to_thread(read_csv, body, charset)
    return await attendee_import.run(caller.sender, conference, sheet, dry_run=dry_run)


@post(
    "/v1/conferences/{conference:str}/attendees/{attendee:str}/link",
    opt=allow("organizer"),
    status_code=200,
    tags=["organizer"],
)
async def new_link(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    people: Injected[People],
    sessions: Injected[Sessions],
    limits: Injected[RateLimits],
    address: Injected[PublicAddress],
    conference: PlainId,
    attendee: PlainId,
) -> LinkMade:
    """Makes a new link for a registered person who has never signed in; 409 for everybody else."""
    access.require(caller, conference)
    nobody = ProblemError(404, "attendee", "Nobody is registered under this id. See the answer of the registration.")
    if await asyncio.to_thread(people.get, conference, attendee) is None:
        raise nobody  # no bucket is made for it: the text may be anything, as long as a path may be
    limits.charge("organizer", f"link {conference} {attendee}", 1_000)  # 5 at once, then one in 2 s
    secret = await asyncio.to_thread(sessions.first_link, conference, attendee)
    if secret is NoLink.UNKNOWN:
        raise nobody
    if isinstance(secret, NoLink):
        raise ProblemError(409, "signed-in", _HAS_SIGNED_IN)
    return LinkMade(address.sign_in_link(secret))


ROUTES = [open_conference, close_conference, erase_conference, register, register_csv, new_link]
