"""The operator's routes for maintenance: rebuilding a conference's inboxes from the log.

Why: this is not for organizers, because nobody at the conference sees their cards while a rebuild runs.
"""

from typing import Literal

from litestar import get, post
from msgspec import Struct

from schemas.events import PlainId
from services.api.operator.inbox_rebuild import InboxRebuild
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.roles import allow

OPERATOR = allow("operator")
State = Literal["ready", "rebuilding"]


class InboxesStand(Struct, frozen=True):
    """``rebuilding``: being built from the log, on request or because the store lost them."""

    conference: str
    state: State


@get("/v1/conferences/{conference:str}/inboxes", opt=OPERATOR, tags=["operator"])
async def inboxes_stand(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    inbox_rebuild: Injected[InboxRebuild],
    conference: PlainId,
) -> InboxesStand:
    """Shows whether a conference's inboxes are complete."""
    access.require(caller, conference)
    return InboxesStand(conference, "ready" if await inbox_rebuild.is_ready(conference) else "rebuilding")


@post("/v1/conferences/{conference:str}/inboxes/rebuild", opt=OPERATOR, status_code=202, tags=["operator"])
async def rebuild_inboxes(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    inbox_rebuild: Injected[InboxRebuild],
    conference: PlainId,
) -> InboxesStand:
    """Drops a conference's inboxes and rebuilds them from the log; one conference at a time."""
    access.require(caller, conference)
    await inbox_rebuild.begin(conference)
    return InboxesStand(conference, "rebuilding")


ROUTES = [inboxes_stand, rebuild_inboxes]
