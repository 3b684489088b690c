"""An organizer's overview: counted once in each fixed period and the same for everybody who looks.

Responsibility: when counting happens, for which conferences, and what is shown of the counts.

Invariants:
- Two counts of a conference are at least one period apart, whoever looks, however often, with however many keys.
- The shown numbers do not change in between, and all of them change together.
- Exactly the declared places are listed: a place that only its visitors named would reveal that somebody was there.

Failure modes:
- The matcher is busy or unavailable: the numbers stay as they were until the next period. A first request for them
  fails and is to be retried.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog
from msgspec import Struct
from msgspec.structs import replace

from services.admission.conference_registry import ConferenceRegistry
from services.api.organizer.census import Census, people_of
from services.api.organizer.held_back import CAUSES
from services.api.organizer.rough_counts import FEW, Rough, RoughCounts, rounded
from services.directory.port import Directory
from services.journal import Journal
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Runner

VIEWED_PERIODS = 5  # a conference is counted for so long after somebody last viewed it
MINUTE_S = 60.0
_SHARE = 20  # times the duration of a count pass before the next: the fold gives at most a twentieth of its time
_log = structlog.get_logger("hallway.overview")


class PlaceCount(Struct, frozen=True):
    """A place, its name, and about how many people are there."""

    place: str
    name: str
    people: Rough


class Overview(Struct, frozen=True):
    """Numbers are rough: ``"<5"`` (also for none), or 5, 10, 25, 50, 100, 250 … for about so many or more.

    People count once they have signed in; pairs count when both have. Counted every ``counted_every_s``, the same for
    every viewer.
    ``lag``: events of the whole server that are in the log but not matched yet. ``events_per_second``: since the
    previous count. ``people``: by place. ``totals``: matches ``suggested``, ``agreed``, ``met``, and ``ended`` without
    a meeting, because one of the two is no longer present. ``held_back``: pairs who know each other, at least one of
    them present, that were never suggested, by cause: ``no_consent``, ``not_present`` (the other one), ``budget``
    (enough suggestions for now); each person is in at most one pair. ``trouble``: a sentence on what keeps cards from
    being delivered right now; it is shown at once.
    """

    events: Rough
    events_per_second: float
    lag: Rough
    dead_letters: Rough
    people: dict[str, Rough]
    places: tuple[PlaceCount, ...]
    totals: dict[str, Rough]
    held_back: dict[str, Rough]
    registered: Rough
    present: Rough
    counted_every_s: float
    trouble: str | None = None


@dataclass(slots=True)
class _Counted:
    """``at``: ms since 1970. ``took_s``: how long counting took. ``letters``: dead letters by viewer."""

    at: int
    took_s: float
    events: int
    overview: Overview
    letters: dict[str | None, Rough] = field(default_factory=dict)


class Overviews:
    """The overviews by conference; ``run`` counts those that somebody views. ``period_s``: between two counts."""

    def __init__(
        self,
        journal: Journal,
        runner: Runner,
        directory: Directory,
        clock: Callable[[], int],
        conferences: ConferenceRegistry,
        period_s: float,
        trouble: Callable[[str], str | None],
        count_dead_letters: Callable[[str, str | None], int],
    ) -> None:
        self._trouble, self._count_dead_letters = trouble, count_dead_letters
        self._journal, self._runner, self._directory, self._clock = journal, runner, directory, clock
        self._conferences, self._period = conferences, max(1, int(period_s * 1_000))
        self._rough = RoughCounts(directory.keyed_random)
        self._counted: dict[str, _Counted] = {}
        self._last_viewed: dict[str, int] = {}  # when somebody last viewed it
        self._lock = asyncio.Lock()

    async def latest(self, conference: str, source: str | None) -> Overview:
        """The last counted numbers. ``source``: whose dead letters to count; None: all."""
        self._last_viewed[conference] = self._clock()
        counted = self._counted.get(conference)
        if counted is None:
            async with self._lock:
                counted = self._counted.get(conference) or await self._count(conference)
        if source not in counted.letters:
            count = await asyncio.to_thread(self._count_dead_letters, conference, source)
            counted.letters[source] = rounded(count)
        return replace(counted.overview, dead_letters=counted.letters[source], trouble=self._trouble(conference))

    async def run(self) -> None:
        """Counts at the beginning of each period; cancel it to stop."""
        while True:
            await asyncio.sleep((self._period - self._clock() % self._period) / 1_000)
            for conference in sorted(self._counted):
                try:
                    async with self._lock:
                        await self._count_again(conference)
                except StoppedError:
                    return
                except (BusyError, TimeoutError) as error:
                    _log.debug("the overview is counted later", conference=conference, error=type(error).__name__)

    async def _count_again(self, conference: str) -> None:
        now, counted = self._clock(), self._counted.get(conference)
        if counted is None or now - counted.at < max(self._period, counted.took_s * 1_000 * _SHARE):
            return
        if now - self._last_viewed.get(conference, 0) > VIEWED_PERIODS * self._period:
            self._drop(conference)
        else:
            await self._count(conference)

    async def _count(self, conference: str) -> _Counted:
        now, began, before = self._clock(), time.monotonic(), self._counted.get(conference)
        events, lag = self._journal.length(conference), self._runner.lag
        census = await self._census(conference, now)
        span = max(1, now - before.at) if before else 0
        minute = int((events - before.events) * MINUTE_S * 1_000 / span) if before and span else 0
        overview = self._overview(conference, now, census, events=events, minute=minute, lag=lag)
        counted = _Counted(now, time.monotonic() - began, events, overview)
        if self._conferences.get(conference) is not None:  # not erased meanwhile
            self._counted[conference] = counted
        return counted

    async def _census(self, conference: str, now: int) -> Census:
        signed_in = await asyncio.to_thread(self._directory.signed_in, conference)
        census = Census()
        people = await self._runner.ask(conference, lambda matcher: people_of(matcher, signed_in))
        while people:
            some = partial(census.count, people=people, signed_in=signed_in, now=now)
            people = await self._runner.ask(conference, some)
        return census

    def _overview(self, conference: str, now: int, census: Census, *, events: int, minute: int, lag: int) -> Overview:
        def rough(name: str, count: int) -> Rough:
            return self._rough.shown(conference, name, count, now // self._period)

        places = tuple(
            PlaceCount(place, name, rough(f"place {place}", census.places[place]))
            for place, name in self._declared(conference)
        )
        a_minute = rough("events a minute", minute)
        totals = {name: getattr(census, name) for name in ("suggested", "agreed", "met", "ended")}
        return Overview(
            events=rough("events", events),
            events_per_second=0.0 if a_minute == FEW else round(a_minute / MINUTE_S, 1),
            lag=rounded(lag),
            dead_letters=FEW,  # depends on the viewer
            people={each.place: each.people for each in places},
            places=places,
            totals={name: rough(name, count) for name, count in totals.items()},
            held_back={cause: rough(cause, census.held_back[cause]) for cause in CAUSES},
            registered=rough("registered", census.registered),
            present=rough("present", census.present),
            counted_every_s=self._period / 1_000,
        )

    def _declared(self, conference: str) -> list[tuple[str, str]]:
        known = self._conferences.get(conference)
        places = known.opened.places if known is not None and known.opened is not None else ()
        return [(place.place, place.name) for place in places]

    async def forget(self, conference: str) -> None:
        """Drops the numbers of a conference that was erased."""
        async with self._lock:
            self._drop(conference)

    def _drop(self, conference: str) -> None:
        self._counted.pop(conference, None)
        self._last_viewed.pop(conference, None)
