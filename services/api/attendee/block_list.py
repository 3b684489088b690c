"""The attendees whom somebody blocked on a card, listed under handles that identify nobody."""

import asyncio
from functools import partial

from services.api.attendee.matcher_queries import blocked_attendees
from services.api.attendee.schemas import Blocked
from services.directory.port import Directory
from services.runtime.ports import Matchers


class BlockList:
    """Raises as ``Matchers.ask``; DirectoryError."""

    def __init__(self, directory: Directory, matchers: Matchers) -> None:
        self._directory, self._matchers = directory, matchers

    async def read(self, conference: str, attendee: str) -> list[Blocked]:
        """Each blocked attendee with a handle and what they show of themselves, in the order of the blocks."""
        others = await self._others(conference, attendee)
        people = await asyncio.to_thread(self._directory.display, conference, others)
        return [
            Blocked(self._handle(conference, attendee, other), people[other].name, people[other].picture)
            for other in others
        ]

    async def find(self, conference: str, attendee: str, handle: str) -> str | None:
        """The id behind a handle of the list."""
        others = await self._others(conference, attendee)
        return next((other for other in others if self._handle(conference, attendee, other) == handle), None)

    async def _others(self, conference: str, attendee: str) -> tuple[str, ...]:
        return await self._matchers.ask(conference, partial(blocked_attendees, attendee=attendee))

    def _handle(self, conference: str, attendee: str, other: str) -> str:
        return self._directory.trace(f"block {conference} {attendee} {other}")
