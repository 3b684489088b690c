"""The gateway as one ASGI application: every route, its guard, its errors.

Owns: what is registered. May never: start anything.
"""

from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide

from services.api import health, pages
from services.api.attendee import accounts as ownership
from services.api.attendee import data_export as own_data
from services.api.attendee import devices as own_sessions
from services.api.attendee import routes as attendee
from services.api.dead_letters import routes as letters
from services.api.gate import Gate
from services.api.ingest import routes as events
from services.api.openapi import CONFIG
from services.api.operator import audit_log as audit_views
from services.api.operator import keys
from services.api.operator import maintenance as operating
from services.api.organizer import conference_list as conference_views
from services.api.organizer import link_export as links
from services.api.organizer import overview_routes as looking
from services.api.organizer import ownership_transfer as handover
from services.api.organizer import routes as organizer
from services.api.organizer import scanner_keys as connectors
from services.api.shared import sign_in as sessions
from services.api.shared.credentials import credentials_of
from services.api.shared.guard import Caller, caller_of, guard
from services.api.shared.problems import HANDLERS
from services.api.shared.roles import check
from services.api.transport.middleware import Edge
from services.usage_errors import UnusableError

ROUTES = [
    *sessions.ROUTES,
    *own_sessions.ROUTES,
    *attendee.ROUTES,
    *ownership.ROUTES,
    *own_data.ROUTES,
    *conference_views.ROUTES,
    *organizer.ROUTES,
    *handover.ROUTES,
    *looking.ROUTES,
    *connectors.ROUTES,
    *keys.ROUTES,
    *operating.ROUTES,
    *audit_views.ROUTES,
    *letters.ROUTES,
    *links.ROUTES,
    *events.ROUTES,
    *health.ROUTES,
    *pages.ROUTES,
]


async def _caller(request: Request[Any, Any, Any]) -> Caller:
    return caller_of(request)


def litestar(gate: Gate) -> Litestar:
    """The routes; stops the start when one does not say who may call it."""

    async def the_gate() -> Gate:
        return gate

    app = Litestar(
        ROUTES,
        guards=[guard],
        dependencies={"gate": Provide(the_gate), "caller": Provide(_caller)},
        exception_handlers=HANDLERS,
        openapi_config=CONFIG,
        state=State({"gate": gate}),
        logging_config=None,
        debug=False,
        request_max_body_size=None,  # bounded where it is read, see ``bodies``
    )
    check(app)
    return app


def _check_below(app: Litestar, below: str) -> None:
    first = f"/{below.split('/')[1]}" if below else ""
    own = {f"/{route.path.split('/')[1]}" for route in app.routes} - {"/", "/{name:str}"}
    if first in own:
        raise UnusableError(
            f"--public-url has a path that begins with {first}, which Hallway itself has. Take another."
        )


def gateway(gate: Gate) -> Edge:
    """What the server runs. UnusableError: its public path cannot be told from its own."""
    gate.metrics.streams_are(lambda: len(gate.hub))
    app = litestar(gate)
    _check_below(app, gate.below)
    return Edge(
        app,
        gate.bounds,
        gate.metrics,
        lambda scope: credentials_of(scope, gate.directory.keys),
        gate.charge,
        secure=gate.secure,
        below=gate.below,
    )
