"""What follows from accepted events beside the fold: inboxes for a new conference, erasing of the erased.

Owns: this list. May never: take long for events that nothing follows from.
"""

from collections.abc import Sequence

from schemas.events import AttendeeErased, ConferenceOpened, Input
from services.erasure.person_erasure import Erasures
from services.runtime.ports import Readiness


class Following:
    """Called with what was accepted of one request, before it is answered."""

    def __init__(self, erasures: Erasures, delivering: Readiness) -> None:
        self._erasures, self._delivering = erasures, delivering

    async def __call__(self, events: Sequence[Input]) -> None:
        erased: dict[str, list[str]] = {}
        for event in events:
            if isinstance(event, ConferenceOpened):
                await self._delivering.ensure(event.conference)
            elif isinstance(event, AttendeeErased):
                erased.setdefault(event.conference, []).append(event.attendee)
        for conference, attendees in erased.items():
            await self._erasures.begin(conference, attendees)
