"""Builds the OpenAPI document: what Litestar derives from the routes, completed with what it cannot know.

Responsibility: roles (``x-hallway-roles``), security schemes, problem responses, and bodies that are read as bytes.
Invariants: the roles are those that the guard enforces, because both read the same ``opt``.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from litestar import Litestar, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute
from msgspec import Struct

from services.api.examples import REQUESTS, RESPONSES, STREAMS
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
    # Litestar's own routes cannot be left out; they serve the document without what is added here.
    openapi_router=Router("/schema/litestar", route_handlers=[], opt=allow("operator"), include_in_schema=False),
)
_CACHE = "hallway_openapi"
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


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The document; built once and cached."""
    made: dict[str, Any] | None = getattr(app.state, _CACHE, None)
    if made is None:
        made = _build(app)
        setattr(app.state, _CACHE, made)
    return made


def _build(app: Litestar) -> dict[str, Any]:
    document = app.openapi_schema.to_schema()
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["schemas"] = _repair_tuples(components["schemas"])
    _add_descriptions(components["schemas"])
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
            operation.setdefault("parameters", []).append(_csrf_header())
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
    _add_examples(operation, (method, path))
    if path.endswith("/attendees/csv"):
        content = {"text/csv": {"schema": {"type": "string"}}}
        operation["requestBody"] = {"required": True, "content": content}


def _stream(path: str) -> dict[str, Any]:
    names, example = STREAMS[path]
    lines = "\n".join(f"- `{name}`: {text}" for name, text in names.items())
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": example}}
    return {"description": f"Server-sent events. By `event:`:\n\n{lines}", "content": content}


def _add_examples(operation: dict[str, Any], example: tuple[str, str]) -> None:
    """Adds the examples of a method and path."""
    if example in REQUESTS:
        operation["requestBody"]["content"]["application/json"]["example"] = REQUESTS[example]
    if example in RESPONSES:
        (status,) = [status for status in operation["responses"] if status.startswith("2")]
        operation["responses"][status]["content"]["application/json"]["example"] = RESPONSES[example]


def _repair_tuples(node: Any) -> Any:
    """Litestar renders ``tuple[X, ...]`` within Annotated as items of X or anything; this leaves only X."""
    if isinstance(node, list):
        return [_repair_tuples(item) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node.get("oneOf", ())) == 2 and {} in node["oneOf"]:
        return _repair_tuples(next(item for item in node["oneOf"] if item))
    return {name: _repair_tuples(value) for name, value in node.items()}


def _add_descriptions(schemas: dict[str, Any]) -> None:
    """Describes each schema by the docstring of its Struct."""
    for kind in _api_structs(Struct):
        schema = schemas.get(kind.__name__)
        if schema is not None and kind.__doc__:
            schema.setdefault("description", cleandoc(kind.__doc__))


def _api_structs(kind: type[Struct]) -> Iterator[type[Struct]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith(("services.api.", "services.connectors.", "schemas.")):
            yield below
        yield from _api_structs(below)


def _csrf_header() -> dict[str, Any]:
    text = "Needed with the cookie: no form of another site can send it."
    return {"in": "header", "name": HEADER, "required": False, "description": text, "schema": {"const": "1"}}
