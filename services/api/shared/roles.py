"""Role-based access: each route declares in its ``opt`` which roles may call it.

Invariants: a route that declares nothing stops the start.
"""

from typing import Any, Literal

from litestar import Litestar
from litestar.routes import HTTPRoute

Who = Literal["everybody", "attendee", "organizer", "connector", "operator", "loopback"]
EVERYBODY: Who = "everybody"
LOOPBACK: Who = "loopback"  # a caller on this machine, not through a proxy
CALLERS: tuple[Who, ...] = ("attendee", "organizer", "connector", "operator")
_ROLES = "roles"
_UNPACKS = "unpacks"
UNPACKS: dict[str, Any] = {_UNPACKS: True}  # beside the roles, in the ``opt`` of a route that takes packed bodies


def allow(*who: Who) -> dict[str, Any]:
    """The ``opt`` of a route that these roles may call."""
    assert who
    return {_ROLES: frozenset(who)}


def allowed(opt: dict[str, Any]) -> frozenset[Who]:
    """The roles that may call a route with this ``opt``."""
    found: frozenset[Who] = opt[_ROLES]
    return found


def unpacks(opt: dict[str, Any]) -> bool:
    """Whether the route with this ``opt`` takes bodies with a ``Content-Encoding``."""
    return _UNPACKS in opt


def require_roles(app: Litestar) -> None:
    """Fails, at the start, where a route does not declare its roles."""
    silent = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS" and _ROLES not in handler.opt
    ]
    others = [route.path for route in app.routes if not isinstance(route, HTTPRoute)]
    assert not silent, f"No roles are declared for {silent}."
    assert not others, f"No roles can be checked for {others}."
