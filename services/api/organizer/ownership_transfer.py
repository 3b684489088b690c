"""Transfers a conference: its owner may give it to somebody who works on it, the operator to any organizer.

Invariants: nobody can take a conference, or be given one that they have nothing to do with.
Why: owned conferences count against a quota, so giving one away could use up somebody else's.
"""

import asyncio

import structlog
from litestar import post
from msgspec import Struct

from schemas.events import ConferenceOpened, PlainId
from services.admission.event_admission import EventAdmission
from services.api.organizer.opening import opening_of
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import StreamRegistry
from services.api.shared.submission import event_fields, submit
from services.directory.port import Keys

_log = structlog.get_logger("hallway.handover")


class NewOwner(Struct, forbid_unknown_fields=True):
    """``organizer``: the id that the new owner's key was made for."""

    organizer: PlainId


class Owned(Struct, frozen=True):
    """The conference and its owner."""

    conference: str
    organizer: str


@post("/v1/conferences/{conference:str}/owner", opt=allow("organizer", "operator"), status_code=200, tags=["organizer"])
async def hand_over(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    keys: Injected[Keys],
    admission: Injected[EventAdmission],
    streams: Injected[StreamRegistry],
    clock: Injected[Clock],
    conference: PlainId,
    data: NewOwner,
) -> Owned:
    """Transfers the conference to another organizer, for good. Only its owner or an operator may do it.

    The owner can give it to an organizer who has a key for it (the operator makes those), the operator to any
    organizer. The log records who did it."""
    known = access.require(caller, conference)
    if caller.role != "operator" and known.owner != caller.subject:
        raise ProblemError(403, "owner", "This conference is not yours to give. Ask its owner, or the operator.")
    if known.closed:
        raise ProblemError(409, "closed", "This conference is closed for good, so its owner cannot change.")
    named = None if caller.role == "operator" else conference
    if not await asyncio.to_thread(keys.is_organizer, data.organizer, named):
        raise _no_key(data.organizer, named)
    assert known.opened is not None  # ``require`` gives no other
    fields = {name: getattr(known.opened, name) for name in opening_of(known.opened).__struct_fields__}
    event = ConferenceOpened(**event_fields(conference, clock()), **fields)
    await submit(admission, caller, event, handed_to=data.organizer)
    streams.end_organizers(conference)
    _log.warning(
        "conference transferred", conference=conference, by=f"{caller.role}:{caller.subject}", to=data.organizer
    )
    return Owned(conference, data.organizer)


def _no_key(organizer: str, conference: str | None) -> ProblemError:
    said = "has no organizer's key" if conference is None else "has no organizer's key for this conference"
    detail = f"{organizer} {said}. The operator makes keys: `hallway keys add organizer NAME`."
    return ProblemError(422, "organizer", detail, field="organizer")


ROUTES = [hand_over]
