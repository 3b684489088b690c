"""The API as one ASGI application: every route, its guard, its errors, and what routes are given.

Owns: what is registered. May never: start anything.
"""

from dataclasses import fields
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from services.api import health
from services.api.attendee import accounts, data_export
from services.api.attendee import devices as own_devices
from services.api.attendee import routes as attendee
from services.api.dead_letters import routes as dead_letters
from services.api.dependencies import Dependencies
from services.api.ingest import routes as ingest
from services.api.openapi import CONFIG
from services.api.operator import audit_log, keys, maintenance
from services.api.organizer import (
    conference_list,
    device_table,
    link_export,
    overview_routes,
    ownership_transfer,
    scanner_keys,
)
from services.api.organizer import routes as organizer
from services.api.pages import routes as pages
from services.api.shared.credentials import credentials_of
from services.api.shared.guard import Guard, caller_of
from services.api.shared.problems import HANDLERS
from services.api.shared.roles import check
from services.api.sign_in import routes as sign_in
from services.api.transport.middleware import Edge
from services.usage_errors import UnusableError

ROUTES = [
    *sign_in.ROUTES,
    *own_devices.ROUTES,
    *attendee.ROUTES,
    *accounts.ROUTES,
    *data_export.ROUTES,
    *conference_list.ROUTES,
    *organizer.ROUTES,
    *ownership_transfer.ROUTES,
    *overview_routes.ROUTES,
    *scanner_keys.ROUTES,
    *keys.ROUTES,
    *maintenance.ROUTES,
    *audit_log.ROUTES,
    *dead_letters.ROUTES,
    *link_export.ROUTES,
    *ingest.ROUTES,
    *device_table.ROUTES,
    *health.ROUTES,
]


def _provide(value: Any) -> Provide:
    def give() -> Any:
        return value

    return Provide(give, sync_to_thread=False)


def litestar(given: Dependencies) -> Litestar:
    """The routes; stops the start when one does not say who may call it, or needs what is not given."""
    by_name = {each.name: _provide(getattr(given, each.name)) for each in fields(given)}
    app = Litestar(
        [*ROUTES, *pages.routers(given.page_files)],
        guards=[Guard(given.limits)],
        dependencies={**by_name, "caller": Provide(caller_of)},
        exception_handlers=HANDLERS,
        openapi_config=CONFIG,
        state=State({"public_url": given.address.url}),
        logging_config=None,
        debug=False,
        request_max_body_size=None,  # bounded where it is read, see ``request_bodies``
    )
    check(app)
    return app


def _check_public_path(app: Litestar, public_path: str) -> None:
    first = f"/{public_path.split('/')[1]}" if public_path else ""
    own = {f"/{route.path.split('/')[1]}" for route in app.routes} - {"/", "/{name:str}"}
    if first in own:
        raise UnusableError(
            f"--public-url has a path that begins with {first}, which Hallway itself has. Take another."
        )


def gateway(given: Dependencies) -> Edge:
    """What the server runs. UnusableError: its public path cannot be told from its own."""
    given.metrics.streams_are(lambda: len(given.streams))
    app = litestar(given)
    _check_public_path(app, given.address.path)
    return Edge(
        app,
        given.bounds,
        given.metrics,
        lambda scope: credentials_of(scope, given.keys),
        given.limits.charge,
        secure=given.address.is_secure,
        below=given.address.path,
    )
