"""Events that attendees submit about themselves through a route."""

from collections.abc import Callable
from typing import Any

from schemas.events import Input
from services.admission.event_admission import EventAdmission
from services.admission.results import Result
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock
from services.api.shared.submission import event_fields, submit


class OwnEvents:
    """Submits only in the name of the session's attendee."""

    def __init__(self, admission: EventAdmission, clock: Clock) -> None:
        self._admission, self._clock = admission, clock

    async def submit(self, caller: Caller, kind: Callable[..., Input], **fields: Any) -> Result:
        """Submits an event of this kind; it is durable on return. ``fields``: its own fields. Raises as ``submit``."""
        event = kind(**event_fields(caller.conference, self._clock()), attendee=caller.subject, **fields)
        return await submit(self._admission, caller, event)
