"""``POST /v1/events``: the events of connectors, organizers and attendees, in four media types.

Invariants: the response is sent only after accepted events are on the disk.
"""

from typing import Any

from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from msgspec import Struct

from services.admission.results import Result
from services.api.ingest.check_in_notes import CheckInNotes, check_ins
from services.api.ingest.event_ingest import DESKS, EventIngest
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.roles import UNPACKS, allow


class Results(Struct, frozen=True):
    """One result for each event, in order."""

    results: tuple[Result, ...]


@post(
    "/v1/events",
    opt=allow("attendee", "organizer", "connector", "operator") | UNPACKS,
    status_code=200,
    tags=["events"],
)
async def take(
    caller: Injected[Caller],
    event_ingest: Injected[EventIngest],
    check_in_notes: Injected[CheckInNotes],
    request: Request[Any, Any, Any],
) -> Response[Results]:
    """Accepts events. Each gets a result of its own, and an accepted event is durable."""
    lines = await event_ingest.read(request)
    results = await event_ingest.take(caller, lines)
    after = None
    if caller.role in DESKS:
        sender = caller.sender
        after = BackgroundTask(check_in_notes.record, caller.payer, sender, check_ins(lines, results, sender))
    return Response(Results(tuple(results)), background=after)


ROUTES = [take]
