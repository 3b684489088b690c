"""The operator's routes for keys of organizers and connectors: create, list, revoke.

Invariants: a secret is shown once. No operator key can be made over HTTP: that takes access to the data folder
(``hallway keys add``).
"""

import asyncio
from typing import Annotated, Literal

from litestar import delete, get, post
from litestar.params import Parameter
from msgspec import Struct

from schemas.events import PlainId
from schemas.times import format_time
from services.api.shared.injection import Injected
from services.api.shared.new_keys import KeyMade, key_made
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import StreamRegistry
from services.directory.port import KEY_DAYS, KeyRow, Keys, Role

OPERATOR = allow("operator")
PAGE_KEYS = 100


class NewKey(Struct, forbid_unknown_fields=True, kw_only=True):
    """A key's holder, purpose and validity.

    ``id`` becomes the source of its events: ``connector:ID``, ``organizer:ID``. ``conferences``: for an organizer those
    of other owners that it may work on too; for a connector those of its check-ins (``checkins``). A connector's posts
    count for every conference that they belong to.
    """

    role: Literal["organizer", "connector"]
    id: PlainId
    conferences: tuple[PlainId, ...] = ()
    checkins: bool = False
    days: int = KEY_DAYS


class KeyShown(Struct, frozen=True, kw_only=True):
    """A key without its secret; ``key`` is its public id, by which it is revoked."""

    key: str
    role: Role
    id: str
    conferences: tuple[str, ...]
    checkins: bool
    made_at: str
    expires_at: str
    last_used_at: str | None
    revoked: bool


class KeysShown(Struct, frozen=True):
    """A page; ``next`` is the ``after`` of the next one."""

    keys: tuple[KeyShown, ...]
    next: str | None


def shown(row: KeyRow) -> KeyShown:
    """The key as the API shows it."""
    grant = row.grant
    return KeyShown(
        key=grant.id,
        role=grant.role,
        id=grant.subject,
        conferences=grant.conferences,
        checkins=grant.checkins,
        made_at=format_time(row.made),
        expires_at=format_time(grant.expires),
        last_used_at=None if row.last_used is None else format_time(row.last_used),
        revoked=row.revoked,
    )


@post("/v1/keys", opt=OPERATOR, status_code=201, tags=["operator"])
async def add_key(keys: Injected[Keys], data: NewKey) -> KeyMade:
    """Makes a key for an organizer or a connector."""

    def issue() -> str:
        return keys.issue_key(data.role, data.id, data.conferences, checkins=data.checkins, days=data.days)

    try:
        return key_made(await asyncio.to_thread(issue))
    except ValueError as error:
        raise ProblemError(422, "key", str(error)) from None


@get("/v1/keys", opt=OPERATOR, tags=["operator"])
async def list_keys(
    keys: Injected[Keys],
    after: Annotated[str, Parameter(max_length=128, description="``next`` of the page before.")] = "",
) -> KeysShown:
    """Lists all keys by public id; expired and revoked ones for as long as they would have been valid."""
    rows = await asyncio.to_thread(keys.page, after, PAGE_KEYS)
    return KeysShown(tuple(shown(row) for row in rows), rows[-1].grant.id if len(rows) == PAGE_KEYS else None)


@delete("/v1/keys/{key:str}", opt=OPERATOR, status_code=204, tags=["operator"])
async def revoke_key(
    keys: Injected[Keys], streams: Injected[StreamRegistry], key: Annotated[str, Parameter(max_length=128)]
) -> None:
    """Revokes a key with immediate effect, and ends its sessions and their streams."""
    sessions = await asyncio.to_thread(keys.sessions_of, key)
    if not await asyncio.to_thread(keys.revoke, key):
        raise ProblemError(404, "key", "There is no such key, or it was revoked already. See GET /v1/keys.")
    for grant in (key, *sessions):
        streams.end_grant(grant)


ROUTES = [add_key, list_keys, revoke_key]
