"""The OpenAPI document: what Litestar makes out of the routes, with what it does not know.

Owns: roles (``x-hallway-roles``), ways to sign in, problems, bodies that are read as bytes. May never: differ from what
the guard does: both read the same ``opt``.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from litestar import Litestar, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute
from msgspec import Struct

from services.api.examples import GIVEN, SENT, STREAMS
from services.api.ingest.event_bodies import MEDIA_TYPES
from services.api.shared.credentials import COOKIE, ORGANIZER_COOKIE
from services.api.shared.guard import HEADER
from services.api.shared.problems import MEDIA_TYPE, TITLES
from services.api.shared.roles import EVERYBODY, LOOPBACK, allow, allowed

CONFIG = OpenAPIConfig(
    title="Hallway",
    version="1",
    use_handler_docstrings=True,
    render_plugins=[],
    # Litestar's own routes, which cannot be left out: this document without what is added here.
    openapi_router=Router("/schema/litestar", route_handlers=[], opt=allow("operator"), include_in_schema=False),
)
_MADE = "hallway_openapi"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "enum": [*sorted(TITLES.values()), "Error"]},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do next."},
        "field": {"type": "string"},
    },
}


def described(app: Litestar) -> dict[str, Any]:
    """The document; made once."""
    made: dict[str, Any] | None = getattr(app.state, _MADE, None)
    if made is None:
        made = _made(app)
        setattr(app.state, _MADE, made)
    return made


def _made(app: Litestar) -> dict[str, Any]:
    document = app.openapi_schema.to_schema()
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["schemas"] = _mended(components["schemas"])
    _told(components["schemas"])
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "organizer_session": {"type": "apiKey", "in": "cookie", "name": ORGANIZER_COOKIE},
    }
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                operation = document["paths"].get(route.path_format or "/", {}).get(method.lower())
                if operation is not None:
                    _complete(operation, route.path_format, method, sorted(allowed(handler.opt)))
    return document


def _complete(operation: dict[str, Any], path: str, method: str, roles: list[str]) -> None:
    operation["x-hallway-roles"] = roles
    if EVERYBODY not in roles:
        session = "session" if "attendee" in roles else "organizer_session"
        operation["security"] = [{"key": []}, {session: []}, *([{}] if LOOPBACK in roles else [])]
        if method not in ("GET", "HEAD"):
            operation.setdefault("parameters", []).append(_header())
    problem = {
        "description": "A problem.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    responses = operation["responses"]
    responses.pop("400", None)
    responses["default"] = problem
    if path in STREAMS:
        responses["200"] = _stream(path)
    if path == "/v1/events":
        operation["requestBody"] = {"required": True, "content": {media: {"schema": {}} for media in MEDIA_TYPES}}
    _show(operation, (method, path))
    if path.endswith("/attendees/csv"):
        content = {"text/csv": {"schema": {"type": "string"}}}
        operation["requestBody"] = {"required": True, "content": content}


def _stream(path: str) -> dict[str, Any]:
    names, example = STREAMS[path]
    told = "\n".join(f"- `{name}`: {text}" for name, text in names.items())
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": example}}
    return {"description": f"Server-sent events. By `event:`:\n\n{told}", "content": content}


def _show(operation: dict[str, Any], example: tuple[str, str]) -> None:
    """Puts the examples in."""
    if example in SENT:
        operation["requestBody"]["content"]["application/json"]["example"] = SENT[example]
    if example in GIVEN:
        (status,) = [status for status in operation["responses"] if status.startswith("2")]
        operation["responses"][status]["content"]["application/json"]["example"] = GIVEN[example]


def _mended(node: Any) -> Any:
    """Litestar reads ``tuple[X, ...]`` within Annotated as items of X or of anything: of X."""
    if isinstance(node, list):
        return [_mended(item) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node.get("oneOf", ())) == 2 and {} in node["oneOf"]:
        return _mended(next(item for item in node["oneOf"] if item))
    return {name: _mended(value) for name, value in node.items()}


def _told(schemas: dict[str, Any]) -> None:
    """Says of each shape what its docstring says."""
    for kind in _shapes(Struct):
        schema = schemas.get(kind.__name__)
        if schema is not None and kind.__doc__:
            schema.setdefault("description", cleandoc(kind.__doc__))


def _shapes(kind: type[Struct]) -> Iterator[type[Struct]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith(("services.api.", "schemas.")):
            yield below
        yield from _shapes(below)


def _header() -> dict[str, Any]:
    text = "Needed with the cookie: no form of another site can send it."
    return {"in": "header", "name": HEADER, "required": False, "description": text, "schema": {"const": "1"}}
