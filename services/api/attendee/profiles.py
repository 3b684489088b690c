"""Names and pictures for pages: those that are asked for at the same time are looked up together.

Owns: the looks that wait. May never: keep a name once it was told.
Theory: when an event wakes thousands of streams, each wants one name; one question in a thread of its own for each of
them costs ten times what the name costs.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from services.directory.port import Shown

AT_ONCE = 500  # asks of one look; each names a few people

Display = Callable[[str, Collection[str]], dict[str, Shown]]


@dataclass(slots=True)
class _Asked:
    conference: str
    attendees: Collection[str]
    answer: asyncio.Future[dict[str, Shown]]


@dataclass(slots=True)
class ProfileLoader:
    """``display`` is the directory's; it is called in a thread. Used on the event loop."""

    display: Display
    _asked: list[_Asked] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    async def load(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see of each of these, and perhaps of more. DirectoryError."""
        if not attendees:
            return {}
        asked = _Asked(conference, attendees, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._task is None:
            self._task = asyncio.create_task(self._look(), name="profiles")
        return await asked.answer

    async def _look(self) -> None:
        try:
            while self._asked:
                batch, self._asked = self._asked[:AT_ONCE], self._asked[AT_ONCE:]
                for conference in {asked.conference for asked in batch}:
                    await self._answer(conference, [asked for asked in batch if asked.conference == conference])
        finally:
            self._task = None

    async def _answer(self, conference: str, batch: list[_Asked]) -> None:
        people = {attendee for asked in batch for attendee in asked.attendees}
        try:
            shown = await asyncio.to_thread(self.display, conference, people)
        except Exception as error:  # noqa: BLE001  # whoever asked is told
            for asked in batch:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
            return
        for asked in batch:
            if not asked.answer.done():
                asked.answer.set_result(shown)
