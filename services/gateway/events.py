"""``POST /v1/events``: what connectors, organizers and attendees bring, in four forms; posts no organizer brings.

Owns: this route. May never: answer before the disk has it.
"""

from collections import Counter
from typing import Any

import msgspec
from litestar import Request, post
from msgspec import Struct

from services.gateway.auth import Caller
from services.gateway.gate import Gate
from services.gateway.intake import Result
from services.gateway.reading import lines_of
from services.gateway.roles import allow

_POST = "activity."


class Results(Struct, frozen=True):
    """One for each event, in order."""

    results: tuple[Result, ...]


class _Typed(Struct):
    type: str = ""


def _is_post(line: bytes) -> bool:
    """Whether a line is a post by its own type, wherever else the word stands."""
    try:
        return msgspec.json.decode(line, type=_Typed).type.startswith(_POST)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


@post("/v1/events", opt=allow("attendee", "organizer", "connector", "operator"), status_code=200, tags=["events"])
async def take(gate: Gate, caller: Caller, request: Request[Any, Any, Any]) -> Results:
    """Takes events; each is answered for itself, and is durable when it is accepted."""
    content_type = request.headers.get("content-type", "")
    lines = lines_of(await request.body(), content_type, gate.bounds.events)
    posts = sum(map(_is_post, lines)) if caller.role == "attendee" else 0
    for rate, count in (("upload", posts), (caller.budget, len(lines) - posts)):
        if count:
            gate.charge(rate, caller.sender, count)
    results = await gate.intake.take(lines, gate.sender(caller))
    for status, count in Counter([result.status for result in results]).items():
        gate.metrics.events.labels(status).inc(count)
    return Results(tuple(results))


ROUTES = [take]
