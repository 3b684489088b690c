"""Loads names and pictures for pages; requests that arrive at the same time share one directory lookup.

Invariants: nothing is cached: a name is forgotten as soon as it was returned.
Why: when an event wakes thousands of streams, each needs one name, and a directory query in a thread of its own costs
ten times as much as the name itself.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from services.directory.port import Shown

AT_ONCE = 500  # requests in one lookup; each names a few people

Display = Callable[[str, Collection[str]], dict[str, Shown]]


@dataclass(slots=True)
class _Request:
    conference: str
    attendees: Collection[str]
    answer: asyncio.Future[dict[str, Shown]]


@dataclass(slots=True)
class ProfileLoader:
    """``display`` is the directory's method and is called in a thread. Used on the event loop."""

    display: Display
    _waiting: list[_Request] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    async def load(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see of these attendees, and perhaps of more. DirectoryError."""
        if not attendees:
            return {}
        request = _Request(conference, attendees, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._task is None:
            self._task = asyncio.create_task(self._load_waiting(), name="profiles")
        return await request.answer

    async def _load_waiting(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                for conference in {request.conference for request in batch}:
                    await self._answer(conference, [request for request in batch if request.conference == conference])
        finally:
            self._task = None

    async def _answer(self, conference: str, batch: list[_Request]) -> None:
        people = {attendee for request in batch for attendee in request.attendees}
        try:
            shown = await asyncio.to_thread(self.display, conference, people)
        except Exception as error:  # noqa: BLE001  # passed on to each request
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        for request in batch:
            if not request.answer.done():
                request.answer.set_result(shown)
