"""An organizer's routes for the connectors of a conference: set up, see, pause, try, bring history, remove.

Invariants: no route returns a secret. An operator sees and stops connectors but sets none up, because a connector
registers people in the organizer's name. A changed connector runs with its new settings before the answer.
"""

import asyncio
from collections.abc import Mapping

import msgspec
from litestar import delete, get, post, put

from schemas.events import PlainId
from schemas.names import validate_id
from schemas.times import DAY_MS
from services.api.connectors.schemas import (
    ConnectionTested,
    ConnectorSaved,
    ConnectorSettings,
    ConnectorsView,
    ConnectorView,
    HistoryWanted,
    WebhookMade,
    tested,
    view_of,
)
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.problems import ProblemError
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import allow
from services.connectors.registry import kind_of, try_connection
from services.connectors.source_client import SourceClient
from services.connectors.supervisor import Supervisor
from services.directory.port import RESERVED_CONNECTORS, ConnectorRow, Connectors, NewConnector

SETS_UP, SEES = allow("organizer"), allow("organizer", "operator")
_ONE = "/v1/conferences/{conference:str}/connectors/{connector:str}"
_TESTING: set[str] = set()  # the organizers whose test is running, in this process
_TEST_COST = 1_000  # of the organizer's budget: 5 tests at once, then one in 2 s


@get("/v1/conferences/{conference:str}/connectors", opt=SEES, tags=["connectors"])
async def list_connectors(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    conference: PlainId,
) -> ConnectorsView:
    """Lists the connectors of a conference with their health."""
    access.require(caller, conference)
    rows = await asyncio.to_thread(connector_store.of, conference)
    return ConnectorsView(tuple(view_of(row, supervisor.health(row)) for row in rows))


@put(_ONE, opt=SETS_UP, tags=["connectors"])
async def put_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    address: Injected[PublicAddress],
    conference: PlainId,
    connector: PlainId,
    data: ConnectorSettings,
) -> ConnectorSaved:
    """Sets a connector up, or replaces its settings, and starts it."""
    if access.require(caller, conference).closed:
        raise ProblemError(409, "closed", "This conference is closed: nobody is checked in any more.")
    new = await _new(connector_store, caller, conference, connector, data)
    try:
        row = await asyncio.to_thread(connector_store.put, new)
    except ValueError as error:
        raise ProblemError(422, "connector", str(error)) from None
    hook = None if row.has_hook else await asyncio.to_thread(connector_store.new_hook, conference, connector)
    await supervisor.reload(conference, connector)
    row = await _require(connector_store, conference, connector)
    return ConnectorSaved(view_of(row, supervisor.health(row)), None if hook is None else _address_of(address, hook))


async def _new(
    store: Connectors, caller: Caller, conference: str, connector: str, data: ConnectorSettings
) -> NewConnector:
    """What is stored. ProblemError 422: the settings, or a secret that is missing."""
    _check_id(connector)
    kind, source = kind_of(data.config), _source_of(data)
    fault = kind.fault_in(data.config)
    if fault is not None:
        raise ProblemError(422, "config", fault, field="config")
    known = await _secrets(store, conference, connector, data)
    _require_secrets(data, known)
    return NewConnector(
        conference=conference,
        id=connector,
        kind=kind.name,
        config=msgspec.json.encode(data.config).decode(),
        source=source,
        organizer=caller.subject,
        secrets=data.secrets,
    )


def _require_secrets(data: ConnectorSettings, known: Mapping[str, str]) -> None:
    missing = [name for name in kind_of(data.config).secret_names(data.config) if name not in known]
    if missing:
        detail = f"Enter the {missing[0]}: it is not known yet, or was for another address or event."
        raise ProblemError(422, "secret", detail, field="secrets")


def _check_id(connector: str) -> None:
    try:
        validate_id(connector)
    except ValueError as error:
        raise ProblemError(422, "connector", f"connector {error}.", field="connector") from None
    if connector in RESERVED_CONNECTORS:
        raise ProblemError(422, "connector", f"The name {connector} is reserved. Choose another one.")


def _source_of(data: ConnectorSettings) -> str:
    kind = kind_of(data.config)
    names = kind.secret_names(data.config)
    if set(data.secrets) - set(names):
        raise ProblemError(422, "secret", f"The secrets of {kind.name} are: {', '.join(names)}.", field="secrets")
    try:
        return kind.source_of(data.config)
    except ValueError as error:
        raise ProblemError(422, "config", str(error), field="config") from None


async def _secrets(store: Connectors, conference: str, connector: str, data: ConnectorSettings) -> Mapping[str, str]:
    """The new secrets, and the stored ones if they are for the same source."""
    row = await asyncio.to_thread(store.get, conference, connector)
    is_same = row is not None and (row.kind, row.source) == (kind_of(data.config).name, _source_of(data))
    stored = await asyncio.to_thread(store.secrets_of, conference, connector) if is_same else {}
    return {**stored, **data.secrets}


@post(f"{_ONE}/test", opt=SETS_UP, status_code=200, tags=["connectors"])
async def test_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    source_client: Injected[SourceClient],
    limits: Injected[RateLimits],
    clock: Injected[Clock],
    conference: PlainId,
    connector: PlainId,
    data: ConnectorSettings,
) -> ConnectionTested:
    """Tries the connection with these settings, step by step; nothing is stored."""
    access.require(caller, conference)
    _check_id(connector)
    _source_of(data)
    limits.charge("organizer", f"connector test {caller.subject}", _TEST_COST)
    secrets = await _secrets(connector_store, conference, connector, data)
    _require_secrets(data, secrets)
    if caller.subject in _TESTING:
        raise ProblemError(429, "test", "A test of yours is still running. Wait until it has ended.", retry_s=5)
    _TESTING.add(caller.subject)
    try:
        return tested(await try_connection(data.config, secrets, source_client, clock))
    finally:
        _TESTING.discard(caller.subject)


@delete(_ONE, opt=SEES, status_code=204, tags=["connectors"])
async def delete_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    conference: PlainId,
    connector: PlainId,
) -> None:
    """Deletes a connector with its secrets. Whom it registered stays registered."""
    access.require(caller, conference)
    if not await asyncio.to_thread(connector_store.delete, conference, connector):
        raise _unknown()
    await supervisor.reload(conference, connector)


@post(f"{_ONE}/pause", opt=SEES, status_code=200, tags=["connectors"])
async def pause_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    conference: PlainId,
    connector: PlainId,
) -> ConnectorView:
    """Pauses a connector. It continues where it stopped."""
    access.require(caller, conference)
    return await _set_paused(connector_store, supervisor, conference, connector, paused=True)


@post(f"{_ONE}/resume", opt=SEES, status_code=200, tags=["connectors"])
async def resume_connector(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    conference: PlainId,
    connector: PlainId,
) -> ConnectorView:
    """Resumes a paused connector, or lets one try again at once."""
    access.require(caller, conference)
    return await _set_paused(connector_store, supervisor, conference, connector, paused=False)


async def _set_paused(
    store: Connectors, supervisor: Supervisor, conference: str, connector: str, *, paused: bool
) -> ConnectorView:
    if not await asyncio.to_thread(lambda: store.set_paused(conference, connector, paused=paused)):
        raise _unknown()
    await supervisor.reload(conference, connector)
    row = await _require(store, conference, connector)
    return view_of(row, supervisor.health(row))


@post(f"{_ONE}/webhook", opt=SETS_UP, status_code=201, tags=["connectors"])
async def new_webhook(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    address: Injected[PublicAddress],
    conference: PlainId,
    connector: PlainId,
) -> WebhookMade:
    """Makes a new webhook address, to be entered in the source."""
    access.require(caller, conference)
    secret = await asyncio.to_thread(connector_store.new_hook, conference, connector)
    if secret is None:
        raise _unknown()
    return WebhookMade(_address_of(address, secret))


@post(f"{_ONE}/history", opt=SETS_UP, status_code=202, tags=["connectors"])
async def bring_history(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    clock: Injected[Clock],
    conference: PlainId,
    connector: PlainId,
    data: HistoryWanted,
) -> ConnectorView:
    """Begins to bring what there was in the last days; the health shows how far it is. It continues after a restart."""
    access.require(caller, conference)
    row = await _require(connector_store, conference, connector)
    if not await supervisor.bring_history(conference, connector, clock() - data.days * DAY_MS):
        raise ProblemError(409, "paused", "This connector does not run. Resume it first.")
    return view_of(row, supervisor.health(row))


async def _require(store: Connectors, conference: str, connector: str) -> ConnectorRow:
    row = await asyncio.to_thread(store.get, conference, connector)
    if row is None:
        raise _unknown()
    return row


def _unknown() -> ProblemError:
    return ProblemError(404, "connector", "This conference has no such connector, or it was deleted. Reload the list.")


def _address_of(address: PublicAddress, secret: str) -> str:
    return f"{address.url}/v1/hooks/{secret}"


ROUTES = [
    list_connectors,
    put_connector,
    test_connector,
    delete_connector,
    pause_connector,
    resume_connector,
    new_webhook,
    bring_history,
]
