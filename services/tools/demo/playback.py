"""Plays the demo's script on a server beside it, over HTTP only.

Responsibility: the order of setting up, the pace of the day, the end.
Why: an attendee whom the viewer plays is never answered for. The first card comes at once: before the day starts,
everyone but one of a pair who know each other is in, and the day's first event is that this one arrives.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from msgspec import to_builtins
from msgspec.structs import replace

from schemas.times import format_time
from services.tools.demo.api_clients import Connector, Json, Organizer, sign_in, web
from services.tools.demo.guests import Guest, Pace
from services.tools.demo.script import CONFERENCE, END_S, Moved, Script
from services.tools.demo.terminal_output import DemoTerminal

T = TypeVar("T")

BESIDE = 8  # requests at once while setting up
TICK_S = 0.25
FAST_S = 1_800  # without waiting: so much of the day at once
MISTAKES = 60  # one check-in of so many is misspelt, by an antenna with an old program: to be mended by the organizer
SETTLED_S = 30.0
COUNTED_S = 5.0  # by then numbers are counted anew


@dataclass(frozen=True)
class Keys:
    """What the play is let in by."""

    organizer: str
    connector: str


@dataclass
class Play:
    """One play. ``pace`` without a speed: as fast as it goes, and then it ends; else the pages stay."""

    script: Script
    address: str
    keys: Keys
    pace: Pace
    telling: DemoTerminal
    _ids: dict[int, str] = field(default_factory=dict)
    _links: dict[int, str] = field(default_factory=dict)
    _at: dict[int, str | None] = field(default_factory=dict)
    _sent: int = 0

    async def run(self) -> None:
        """Sets up, then plays the day."""
        async with web(self.address) as http:
            self._organizer = Organizer(http, self.keys.organizer, CONFERENCE)
            self._connector = Connector(http, self.keys.connector)
            await self._set_up()
            async with asyncio.TaskGroup() as guests:
                living = [guests.create_task(guest.live()) for guest in await self._guests(http)]
                await self._bring(self.script.early)
                self.telling.doors(self._ids, self._links, self.keys.organizer, len(self._at))
                await self._day()
                await self._over()
                for guest in living:
                    guest.cancel()

    async def _set_up(self) -> None:
        script, tell = self.script, self.telling
        await self._organizer.open(script.opening)
        made = await _run_concurrently(self._organizer.register, script.company.people)
        for person, (attendee, link) in zip(script.company.people, made, strict=True):
            self._ids[person.number], self._links[person.number] = attendee, link
        tell.registered(len(made))
        await self._connector.bring([to_builtins(post) for post in script.before])
        tell.talked(len(script.before))

    async def _guests(self, http: httpx.AsyncClient) -> list[Guest]:
        people = self.script.company.people
        viewers = self.script.viewers
        others = [person for person in people if person.number not in viewers]
        phones = await _run_concurrently(lambda person: sign_in(http, self._links[person.number]), others)
        names = {people[number].name for number in viewers}
        return [
            Guest(each.number, phone, self.pace, self._at, names)
            for each, phone in zip(others, phones, strict=True)
            if each.accounts  # nobody else ever gets a card
        ]

    # -- the day -----------------------------------------------------------------------------------------------------

    async def _day(self) -> None:
        began, start = time.monotonic(), self.script.start_s
        second, waiting = start, 0
        while second < END_S:
            some = []
            while waiting < len(self.script.day) and self.script.day[waiting][0] <= second:
                some.append(self.script.day[waiting][1])
                waiting += 1
            await self._bring(some)
            if self.pace.speed is None:
                second += FAST_S
                continue
            if self.telling.is_due(second):
                self.telling.news(second, await self._organizer.numbers())
            await asyncio.sleep(TICK_S)
            second = start + int((time.monotonic() - began) * self.pace.speed)

    async def _bring(self, happened: Sequence[Any]) -> None:
        now = format_time(time.time_ns() // 1_000_000)
        events: list[Json] = []
        for each in happened:
            if isinstance(each, Moved):
                events.append(self._checkin(each, now))
            else:
                events.append(to_builtins(replace(each, at=now)))
        await self._connector.bring(events)

    def _checkin(self, move: Moved, now: str) -> Json:
        self._sent += move.person in self._at  # nobody's arrival is lost
        misspelt = move.person in self._at and self._sent % MISTAKES == 0
        self._at[move.person] = move.place
        event: Json = {
            "type": "checkin.arrived" if move.place else "checkin.left",
            "id": f"badge-{secrets.token_hex(8)}",
            "at": now,
            "conference": CONFERENCE,
            "attendee": self._ids[move.person],
        } | ({"place": move.place} if move.place else {})
        return event | ({"type": "checkin.arived"} if misspelt else {})

    async def _over(self) -> None:
        if self.pace.speed is None:
            self.telling.over(await self._wait_until_settled())
            return
        self.telling.over(await self._organizer.numbers(), stays=True)
        await asyncio.Event().wait()  # the guests still answer; Ctrl-C ends all of it

    async def _wait_until_settled(self) -> Json:
        """The numbers once the log stands still, and all of it is matched and counted."""
        async with asyncio.timeout(SETTLED_S):
            before: tuple[float, float] | None = None
            while (now := await self._organizer.flow()) != before or now[1] > 0:
                before = now
                await asyncio.sleep(1.0)
            await asyncio.sleep(COUNTED_S)
            return await self._organizer.numbers()


async def _run_concurrently(what: Callable[[Any], Awaitable[T]], each: Sequence[Any]) -> list[T]:
    """A few at a time; the answers are in order."""
    room = asyncio.Semaphore(BESIDE)

    async def one(item: Any) -> T:
        async with room:
            return await what(item)

    return await asyncio.gather(*[one(item) for item in each])
