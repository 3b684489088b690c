"""``POST /v1/events``: what connectors, organizers and attendees bring, in four forms; posts no organizer brings.

Owns: this route. May never: answer before the disk has it.
"""

from collections import Counter
from typing import Any

from litestar import Request, post
from msgspec import Struct

from services.gateway.auth import Caller
from services.gateway.gate import Gate
from services.gateway.intake import Result
from services.gateway.reading import lines_of
from services.gateway.roles import allow

_POST = b"activity."


class Results(Struct, frozen=True):
    """One for each event, in order."""

    results: tuple[Result, ...]


@post("/v1/events", opt=allow("attendee", "organizer", "connector", "operator"), status_code=200, tags=["events"])
async def take(gate: Gate, caller: Caller, request: Request[Any, Any, Any]) -> Results:
    """Takes events; each is answered for itself, and is durable when it is accepted."""
    content_type = request.headers.get("content-type", "")
    lines = lines_of(await request.body(), content_type, gate.bounds.events)
    upload = caller.role == "attendee" and any(_POST in line for line in lines)
    gate.charge("upload" if upload else caller.budget, caller.sender, len(lines))
    results = await gate.intake.take(lines, gate.sender(caller))
    for status, count in Counter([result.status for result in results]).items():
        gate.metrics.events.labels(status).inc(count)
    return Results(tuple(results))


ROUTES = [take]
