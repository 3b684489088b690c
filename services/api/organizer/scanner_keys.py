"""An organizer's routes for scanner keys of a conference: create, list, end.

Invariants: a key made here can bring nothing but check-ins of this one conference. The operator's keys cannot be ended
here. A secret is shown once.
"""

import asyncio
from collections.abc import Collection
from typing import Annotated

from litestar import delete, get, post
from litestar.params import Parameter
from msgspec import Struct

from schemas.events import PlainId
from schemas.times import format_time
from services.admission.conference_registry import ConferenceRegistry
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.new_keys import KeyMade, key_made
from services.api.shared.problems import ProblemError
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import StreamRegistry
from services.directory.port import KeyRow, Keys

ORGANIZERS = allow("organizer", "operator")
MOST_OWN = 50  # of a conference
MOST_OF_ORGANIZER = 200  # of all conferences of one owner, so that nobody uses up the server's share
DAYS = 30  # a conference and the weeks around it


class NewConnector(Struct, forbid_unknown_fields=True, kw_only=True):
    """``id`` becomes the source of its events: ``connector:ID``."""

    id: PlainId
    days: int = DAYS


class ConnectorShown(Struct, frozen=True, kw_only=True):
    """A key without its secret. ``own``: made here, so it can be revoked here; others are the operator's."""

    key: str
    id: str
    made_at: str
    expires_at: str
    last_used_at: str | None
    own: bool


class ConnectorsShown(Struct, frozen=True):
    """All valid keys, newest first."""

    keys: tuple[ConnectorShown, ...]


def _is_own(row: KeyRow, conference: str) -> bool:
    return row.grant.only_checkins and row.grant.conferences == (conference,)


def _shown(row: KeyRow, conference: str) -> ConnectorShown:
    return ConnectorShown(
        key=row.grant.id,
        id=row.grant.subject,
        made_at=format_time(row.made),
        expires_at=format_time(row.grant.expires),
        last_used_at=None if row.last_used is None else format_time(row.last_used),
        own=_is_own(row, conference),
    )


@get("/v1/conferences/{conference:str}/keys", opt=ORGANIZERS, tags=["organizer"])
async def connectors(
    caller: Injected[Caller], access: Injected[ConferenceAccess], keys: Injected[Keys], conference: PlainId
) -> ConnectorsShown:
    """Lists the valid keys that may bring check-ins to this conference."""
    access.require(caller, conference)
    rows = await asyncio.to_thread(keys.checkin_keys, conference)
    return ConnectorsShown(tuple(_shown(row, conference) for row in rows))


@post("/v1/conferences/{conference:str}/keys", opt=ORGANIZERS, status_code=201, tags=["organizer"])
async def add_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    registry: Injected[ConferenceRegistry],
    keys: Injected[Keys],
    limits: Injected[RateLimits],
    conference: PlainId,
    data: NewConnector,
) -> KeyMade:
    """Makes a key for a scanner or a desk; it can bring check-ins of this conference and nothing else."""
    known = access.require(caller, conference)
    if known.closed:
        raise ProblemError(409, "closed", "This conference is closed: nobody is checked in any more.")
    limits.charge("scanner_key", f"{caller.role} {known.owner}")  # revoked ones stay in the operator's list
    owned = registry.owned(known.owner) | {conference}
    try:
        return key_made(await asyncio.to_thread(_issue_key, keys, owned, conference, data))
    except ValueError as error:
        raise ProblemError(422, "key", str(error)) from None


def _issue_key(keys: Keys, owned: Collection[str], conference: str, data: NewConnector) -> str:
    """The new secret. ``owned``: all conferences of the owner. ValueError: too many keys, or an invalid one."""
    if sum(_is_own(row, conference) for row in keys.checkin_keys(conference)) >= MOST_OWN:
        raise ValueError(f"This conference has {MOST_OWN} keys. Revoke those that nobody needs.")
    if keys.count_scanners(owned) >= MOST_OF_ORGANIZER:
        raise ValueError(f"This organizer has {MOST_OF_ORGANIZER} keys. Revoke those that nobody needs.")
    return keys.issue_key("connector", data.id, (conference,), checkins=True, only_checkins=True, days=data.days)


@delete("/v1/conferences/{conference:str}/keys/{key:str}", opt=ORGANIZERS, status_code=204, tags=["organizer"])
async def end_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    keys: Injected[Keys],
    streams: Injected[StreamRegistry],
    conference: PlainId,
    key: Annotated[str, Parameter(max_length=128)],
) -> None:
    """Revokes a scanner key of this conference, with immediate effect."""
    access.require(caller, conference)
    rows = await asyncio.to_thread(keys.checkin_keys, conference)
    found = next((row for row in rows if row.grant.id == key), None)
    if found is None:
        raise ProblemError(404, "key", "This conference has no such key, or it was revoked. Reload the list.")
    if not _is_own(found, conference):
        raise ProblemError(403, "key", "The operator made this key. Ask them to revoke it.")
    await asyncio.to_thread(keys.revoke, key)
    streams.end_grant(key)


ROUTES = [connectors, add_connector, end_connector]
