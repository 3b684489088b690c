"""What follows from accepted events outside of the fold: inboxes for a new conference, erasure of erased attendees.

Invariants: events without follow-ups cost no noticeable time.
"""

from collections.abc import Sequence

from schemas.events import AttendeeErased, ConferenceOpened, Input
from services.erasure.person_erasure import Erasures
from services.runtime.ports import Readiness


class EventFollowUps:
    """Call it with the accepted events of a request, before answering it."""

    def __init__(self, erasures: Erasures, readiness: Readiness) -> None:
        self._erasures, self._readiness = erasures, readiness

    async def __call__(self, events: Sequence[Input]) -> None:
        erased: dict[str, list[str]] = {}
        for event in events:
            if isinstance(event, ConferenceOpened):
                await self._readiness.ensure(event.conference)
            elif isinstance(event, AttendeeErased):
                erased.setdefault(event.conference, []).append(event.attendee)
        for conference, attendees in erased.items():
            await self._erasures.begin(conference, attendees)
