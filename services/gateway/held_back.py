"""Pairs who know each other, one of them here at least, and are not suggested now: how many, by why.

Owns: the counting, in small questions to the fold, and its pace. May never: count a block, a decline or a meeting,
apart or within another cause; show a number (``inbox.view`` does, redacted).
Theory: the causes are looked at in this order: consent, presence, room; a pair has the first that holds it back. All
pairs of a large conference take seconds, so they are counted a few at a time, and rarely enough that the fold gives a
twentieth of its time at most. What is shown may be some seconds old.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from services.embedded import BusyError, StoppedError
from services.gateway.runner import Runner
from streams.matching import Matcher, cards, presence, room, ties
from streams.matching.sessions import weight
from streams.matching.state import NEVER, Attendee, State

CAUSES = ("no_consent", "not_present", "budget")
ASK_S = 0.01  # of the fold's time at once
PAUSE_S = 1.0
_SHARE = 20  # of what a count took, before the next one
_log = structlog.get_logger("hallway.held_back")


class HeldBack:
    """By conference; ``run`` counts those that somebody looks at."""

    def __init__(self, runner: Runner, clock: Callable[[], int]) -> None:
        self._runner, self._clock = runner, clock
        self._counts: dict[str, dict[str, int]] = {}
        self._wanted: set[str] = set()
        self._news = asyncio.Event()

    def latest(self, conference: str) -> dict[str, int]:
        """Pairs by cause as last counted, nothing before; asks for a new count."""
        self._wanted.add(conference)
        self._news.set()
        return self._counts.get(conference, {})

    def forget(self, conference: str) -> None:
        """The conference is no more."""
        self._counts.pop(conference, None)
        self._wanted.discard(conference)

    async def run(self) -> None:
        """Counts what is asked for; cancel it."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            for conference in sorted(self._wanted):
                self._wanted.discard(conference)
                try:
                    self._counts[conference] = await self._count(conference)
                except StoppedError:
                    return
                except (BusyError, TimeoutError) as error:
                    _log.debug("pairs are counted later", conference=conference, error=type(error).__name__)
            await asyncio.sleep(max(PAUSE_S, _SHARE * (time.monotonic() - began)))

    async def _count(self, conference: str) -> dict[str, int]:
        now, counts = self._clock(), Counter[str]()
        left = await self._runner.ask(conference, lambda matcher: present(matcher, now))
        while left:
            done, some = await self._runner.ask(conference, partial(held_back, people=left, now=now, within_s=ASK_S))
            counts.update(some)
            left = left[done:]
        return dict.fromkeys(CAUSES, 0) | counts


def present(matcher: Matcher | None, now: int) -> list[str]:
    """Who is here."""
    if matcher is None or matcher.state.closed:
        return []
    state, at = matcher.state, max(now, matcher.state.now)
    return [one.id for one in state.attendees.values() if one.registered != NEVER and presence.is_here(state, one, at)]


def held_back(matcher: Matcher | None, people: Sequence[str], now: int, within_s: float) -> tuple[int, Counter[str]]:
    """Pairs of the first of these people, by cause, and of how many people: of one at least, then as time allows."""
    counts, done, until = Counter[str](), 0, time.perf_counter() + within_s
    for name in people:
        done += 1
        person = None if matcher is None else matcher.state.attendees.get(name)
        if matcher is not None and person is not None:
            for other in _acquaintances(matcher, person):
                cause = _cause(matcher, person, other, max(now, matcher.state.now))
                if cause is not None:
                    counts[cause] += 1
        if time.perf_counter() > until:
            break
    return done, counts


def _acquaintances(matcher: Matcher, person: Attendee) -> list[Attendee]:
    """Those whom the person may know, here or not."""
    state = matcher.state
    found: set[str | None] = set()
    chances: Counter[str | None] = Counter()
    for number in person.accounts:
        account = state.accounts[number]
        found.update(_owner(state, other) for other in account.sent)
        for session_number in account.sessions if person.chats else ():
            session = state.sessions[session_number]
            share = weight(session)
            for other in session.authors if share or not state.policy.chat_weight else ():
                chances[_owner(state, other)] += share
    found.update(other for other, share in chances.items() if share >= state.policy.chat_weight)
    found -= {None, person.id}
    return [state.attendees[name] for name in sorted(filter(None, found)) if name in state.attendees]


def _owner(state: State, number: int) -> str | None:
    """Whose account it is; of one that was erased nobody knows."""
    account = state.accounts.get(number)
    return None if account is None else account.owner


def _cause(matcher: Matcher, person: Attendee, other: Attendee, now: int) -> str | None:
    """Why the two are not suggested; None: nothing that may be counted, or counted from the other side."""
    state = matcher.state
    is_here = presence.is_here(state, other, now)
    if other.registered == NEVER or (is_here and other.id < person.id):
        return None
    if not cards.may_suggest(state.cards.get(cards.pair_of(person.id, other.id)), now):
        return None
    blocked = matcher.observer.people.has_blocked
    if blocked(person, other) or blocked(other, person) or not ties.known(state, person, other):
        return None
    if not (person.matching and other.matching):
        return "no_consent"
    if not is_here:
        return "not_present"
    if room.has_room(state, person, now) and room.has_room(state, other, now):
        return None  # it is due
    return "budget"
