"""Submits events that a route creates in the name of its caller."""

import secrets
from typing import Any

from schemas.events import Input
from schemas.times import format_time
from services.admission.event_admission import EventAdmission
from services.admission.results import Result
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError


def event_fields(conference: str, now: int) -> dict[str, Any]:
    """The fields that every event has, with a new id. ``now``: ms since 1970."""
    return {"id": f"h-{secrets.token_hex(12)}", "at": format_time(now), "conference": conference}


async def submit(admission: EventAdmission, caller: Caller, event: Input, handed_to: str | None = None) -> Result:
    """The result of an accepted, durable event. ProblemError 422 where it was rejected; otherwise raises as
    ``Runner.take``. ``handed_to``: the new owner of the conference that the event opens."""
    (result,) = await admission.admit_events([event], caller.sender, handed_to)
    if result.status == "rejected":
        raise ProblemError(422, "event", f"{result.reason} Correct it and send it again.", field=result.field)
    return result
