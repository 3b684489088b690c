"""The demo's attendees whom nobody plays: they look at their cards and answer.

Invariants: a guest knows only what its own page shows.
Numbers: of ten guests seven accept, one declines, one says later, one does nothing. A guest who sees a viewer's name
always accepts, or the viewer would wait in vain.
"""

import asyncio
from dataclasses import dataclass

from services.tools.demo.api_clients import Json, Phone
from services.tools.simulation.randomness import Chance

ACCEPTS, LATER, DECLINES, TELLS, MEETS = 0.7, 0.8, 0.9, 0.8, 0.6  # the first three add up
LOOKS, WALKS, TALKS = (3, 12), (2, 8), (25, 50)  # minutes: until a look at the phone, an answer, a handshake


@dataclass(frozen=True)
class Pace:
    """``speed``: so many times as fast as it happened; None: no waiting."""

    speed: float | None

    async def rest(self, minutes: float) -> None:
        """Lets so much of the day pass."""
        await asyncio.sleep(minutes * 60 / self.speed if self.speed else 0)


class Guest:
    """``at``: who is where, kept by the play; ``viewers``: the names of those who are played by hand."""

    def __init__(self, number: int, phone: Phone, pace: Pace, at: dict[int, str | None], viewers: set[str]) -> None:
        self._number, self._phone, self._pace, self._at, self._viewers = number, phone, pace, at, viewers
        self._chance = Chance(number, "guest")

    async def live(self) -> None:
        """Until the server ends: each card is answered beside the others."""
        async with asyncio.TaskGroup() as group:
            async for view in self._phone.views():
                if view["kind"] == "suggested":
                    group.create_task(self._suggested(view))
                elif view["kind"] == "agreed":
                    group.create_task(self._agreed(view))

    async def _suggested(self, view: Json) -> None:
        mood = 0.0 if view["name"] in self._viewers else self._chance.unit()
        await self._wait(LOOKS)
        answer = "accepted" if mood < ACCEPTS else "later" if mood < LATER else "declined" if mood < DECLINES else None
        if answer is not None:
            await self._phone.answer(view["card"], answer)

    async def _agreed(self, view: Json) -> None:
        tells, meets = self._chance.likely(TELLS), self._chance.likely(MEETS)
        await self._wait(WALKS)
        place = self._at.get(self._number)
        if tells and place is not None:
            await self._phone.answer(view["card"], "here", place)
        if meets and view["name"] not in self._viewers:  # theirs to say
            await self._wait(TALKS)
            await self._phone.answer(view["card"], "met")

    async def _wait(self, minutes: tuple[int, int]) -> None:
        await self._pace.rest(minutes[0] + self._chance.unit() * (minutes[1] - minutes[0]))
