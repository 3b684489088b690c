"""The API as one ASGI application: all routes with their guard, error handlers and dependencies.

Invariants: building it starts nothing: no task, no connection.
"""

from dataclasses import fields
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from services.api import health
from services.api.attendee import accounts, data_export, past_routes
from services.api.attendee import devices as own_devices
from services.api.attendee import routes as attendee
from services.api.connectors import hooks
from services.api.connectors import routes as connectors
from services.api.dead_letters import routes as dead_letters
from services.api.dependencies import Dependencies
from services.api.ingest import routes as ingest
from services.api.openapi import CONFIG
from services.api.operator import audit_log, keys, mail, maintenance
from services.api.organizer import (
    conference_list,
    device_table,
    link_export,
    mailing,
    overview_routes,
    ownership_transfer,
    scanner_keys,
)
from services.api.organizer import routes as organizer
from services.api.pages import routes as pages
from services.api.shared.credentials import credentials_of
from services.api.shared.guard import Guard, caller_of
from services.api.shared.problems import HANDLERS
from services.api.shared.roles import require_roles
from services.api.sign_in import link_requests
from services.api.sign_in import routes as sign_in
from services.api.transport.middleware import Edge
from services.usage_errors import UnusableError

ROUTES = [
    *sign_in.ROUTES,
    *link_requests.ROUTES,
    *own_devices.ROUTES,
    *attendee.ROUTES,
    *accounts.ROUTES,
    *past_routes.ROUTES,
    *data_export.ROUTES,
    *conference_list.ROUTES,
    *organizer.ROUTES,
    *ownership_transfer.ROUTES,
    *overview_routes.ROUTES,
    *scanner_keys.ROUTES,
    *connectors.ROUTES,
    *hooks.ROUTES,
    *keys.ROUTES,
    *maintenance.ROUTES,
    *mail.ROUTES,
    *audit_log.ROUTES,
    *dead_letters.ROUTES,
    *link_export.ROUTES,
    *mailing.ROUTES,
    *ingest.ROUTES,
    *device_table.ROUTES,
    *health.ROUTES,
]


def _provide(value: Any) -> Provide:
    def give() -> Any:
        return value

    return Provide(give, sync_to_thread=False)


def build_app(dependencies: Dependencies) -> Litestar:
    """The application with all routes. It fails if a route declares no roles, or needs an object that is missing."""
    by_name = {each.name: _provide(getattr(dependencies, each.name)) for each in fields(dependencies)}
    app = Litestar(
        [*ROUTES, *pages.routers(dependencies.page_files)],
        guards=[Guard(dependencies.limits)],
        dependencies={**by_name, "caller": Provide(caller_of)},
        exception_handlers=HANDLERS,
        openapi_config=CONFIG,
        state=State({"public_url": dependencies.address.url}),
        logging_config=None,
        debug=False,
        request_max_body_size=None,  # bounded where it is read, see ``request_bodies``
    )
    require_roles(app)
    return app


def _check_public_path(app: Litestar, public_path: str) -> None:
    first = f"/{public_path.split('/')[1]}" if public_path else ""
    own = {f"/{route.path.split('/')[1]}" for route in app.routes} - {"/", "/{name:str}"}
    if first in own:
        raise UnusableError(
            f"--public-url has a path that begins with {first}, which Hallway itself uses. Choose another path."
        )


def build_gateway(dependencies: Dependencies) -> Edge:
    """The ASGI application that the server runs. UnusableError: the public path collides with a route."""
    dependencies.metrics.track_streams(lambda: len(dependencies.streams))
    dependencies.metrics.track_connectors(dependencies.supervisor)
    app = build_app(dependencies)
    _check_public_path(app, dependencies.address.path)
    return Edge(
        app,
        dependencies.bounds,
        dependencies.metrics,
        lambda scope: credentials_of(scope, dependencies.keys),
        dependencies.limits.charge,
        secure=dependencies.address.is_secure,
        below=dependencies.address.path,
    )
