"""An organizer's numbers, worked out at most once a second for all who look.

Owns: the presence in the store, dead letters by conference, events a second. May never: show a number of people below
five, or a dead letter of another organizer's conference.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from msgspec import Struct

from services.embedded import BusyError, StoppedError
from services.gateway import organizer_queries
from services.gateway.conferences import Conferences
from services.gateway.held_back import HeldBack
from services.gateway.letter_index import LetterIndex
from services.gateway.runner import Runner
from services.inbox.counts import organizer, told
from services.inbox.port import Inboxes, InboxForeignError, InboxLostError, InboxUnavailableError
from services.journal import Journal

_LATER = (InboxUnavailableError, InboxLostError, InboxForeignError, TimeoutError, BusyError)
_RATE_S = 5.0  # events a second are those of so long
_log = structlog.get_logger("hallway.overview")


class PlaceCount(Struct, frozen=True):
    """A place, its name, and how many people are there."""

    place: str
    name: str
    people: int | str


class Overview(Struct, frozen=True):
    """Numbers of people and of their matters are exact from 5 on, below they are ``"<5"``.

    ``lag``: events that are in the log and not matched yet, of the whole server. ``events_per_second``: over the last
    5 s. ``held_back``: pairs who know each other, one of them here, not suggested now, by why: ``no_consent``,
    ``not_present`` (the other one), ``budget`` (enough suggestions for now); some seconds old. ``people``: by place.
    """

    events: int
    events_per_second: float
    lag: int
    dead_letters: int
    people: dict[str, int | str]
    places: tuple[PlaceCount, ...]
    totals: dict[str, int | str]
    held_back: dict[str, int | str]
    registered: int | str
    present: int | str


@dataclass(slots=True)
class _Made:
    at_s: float
    overview: Overview


class Overviews:
    """By conference."""

    def __init__(
        self, journal: Journal, runner: Runner, inboxes: Inboxes, clock: Callable[[], int], conferences: Conferences
    ) -> None:
        self._journal, self._runner, self._inboxes, self._clock = journal, runner, inboxes, clock
        self._conferences = conferences
        self.letters, self.held_back = LetterIndex(journal), HeldBack(runner, clock)
        self._made: dict[tuple[str, str | None], _Made] = {}
        self._seen: dict[str, list[tuple[float, int]]] = {}
        self._set: dict[str, str] = {}  # the position of the presence in the store
        self._looked: dict[str, str] = {}  # the log's length when it was looked at
        self._lock, self._keeping = asyncio.Lock(), asyncio.Lock()

    async def latest(self, conference: str, source: str | None, fresh_s: float) -> Overview:
        """The numbers, not older than ``fresh_s``."""
        async with self._lock:
            made = self._made.get((conference, source))
            if made is None or time.monotonic() - made.at_s >= fresh_s:
                overview = await self._work_out(conference, source)
                made = self._made[conference, source] = _Made(time.monotonic(), overview)
            return made.overview

    async def _work_out(self, conference: str, source: str | None) -> Overview:
        events = self._journal.length(conference)
        now = self._clock()
        numbers = await self._runner.ask(conference, lambda matcher: organizer_queries.numbers(matcher, now))
        await asyncio.to_thread(self.letters.read_on)
        shown = organizer(numbers.people, await self._inboxes.totals(conference), self.held_back.latest(conference))
        return Overview(
            events=events,
            events_per_second=self._rate(conference, events),
            lag=self._runner.behind,
            dead_letters=len(self.letters.of([conference], source)),
            people=shown.people,
            places=self._named(conference, shown.people),
            totals={
                "suggested": shown.suggested,
                "agreed": shown.agreed,
                "met": told(numbers.met),
                "ended": shown.ended,
            },
            held_back=shown.held_back,
            registered=told(numbers.registered),
            present=told(numbers.present),
        )

    def _named(self, conference: str, people: dict[str, int | str]) -> tuple[PlaceCount, ...]:
        """In the order of the opening; places that it does not name last, by their ids."""
        known = self._conferences.get(conference)
        places = known.opened.places if known is not None and known.opened is not None else ()
        names = {place.place: place.name for place in places}
        order = [*[place for place in names if place in people], *[place for place in people if place not in names]]
        return tuple(PlaceCount(place, names.get(place, place), people[place]) for place in order)

    def _rate(self, conference: str, events: int) -> float:
        now = time.monotonic()
        seen = self._seen.setdefault(conference, [])
        seen.append((now, events))
        while len(seen) > 2 and now - seen[1][0] >= _RATE_S:
            del seen[0]
        since = now - seen[0][0]
        return round((events - seen[0][1]) / since, 1) if since > 0 else 0.0

    # -- presence in the store ---------------------------------------------------------------------------------------

    def again(self, conference: str) -> None:
        """The store was made again: it has no presence."""
        self._set.pop(conference, None)
        self._looked.pop(conference, None)

    async def forget(self, conference: str) -> None:
        """The conference is no more; nothing writes its presence after this."""
        async with self._keeping, self._lock:
            self.again(conference)
            self._made = {key: made for key, made in self._made.items() if key[0] != conference}
            self._seen.pop(conference, None)
            self.held_back.forget(conference)

    async def keep_presence(self, conferences: Callable[[], list[str]], every_s: float) -> None:
        """Writes how many are where, whenever that changed; cancel it."""
        while True:
            for conference in conferences():
                try:
                    async with self._keeping:
                        await self._keep(conference)
                except StoppedError:
                    return
                except _LATER as error:
                    _log.debug("presence is written later", conference=conference, error=type(error).__name__)
            await asyncio.sleep(every_s)

    async def _keep(self, conference: str) -> None:
        length = str(self._journal.length(conference))
        if self._looked.get(conference) == length or self._conferences.get(conference) is None:
            return
        now = self._clock()
        numbers = await self._runner.ask(conference, lambda matcher: organizer_queries.numbers(matcher, now))
        if numbers.position and self._set.get(conference) != numbers.position:
            await self._inboxes.set_presence(conference, numbers.position, numbers.people)
            self._set[conference] = numbers.position
        self._looked[conference] = length
