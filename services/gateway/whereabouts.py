"""Tells each attendee's open streams where they are, when that changed: a badge or the desk said so, or it lapsed.

Owns: the looks at the fold, and how often. May never: tell it to anybody but the attendee.
Theory: a stream is told once when it has opened (what changed while it was away), then only what is new. While the log
stands still and no stream opens, a look is one small question.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import structlog
from msgspec import Struct

from services.embedded import BusyError, StoppedError
from services.gateway.runner import Runner
from services.gateway.standing import standing
from services.gateway.streams import Hub, Owner, chunk
from streams.matching import Matcher

EVERY_S = 1.0
LAPSES_S = 60.0  # a presence that lapses does so without a record
AT_ONCE = 1_000  # people in one question, which takes the fold about a millisecond
_log = structlog.get_logger("hallway.whereabouts")


class Presence(Struct, frozen=True):
    """What the attendee is told of themselves."""

    present: bool
    place: str | None


class _Look(Struct, frozen=True):
    """What was looked at last: the records applied, the streams ever opened, and when (s)."""

    applied: int
    opened: int
    at_s: float


class Whereabouts:
    """Looks as long as ``run`` runs. ``clock`` gives ms since 1970."""

    def __init__(self, runner: Runner, hub: Hub, clock: Callable[[], int]) -> None:
        self._runner, self._hub, self._clock = runner, hub, clock
        self._looked: dict[str, _Look] = {}

    async def run(self) -> None:
        """Cancel it."""
        while True:
            await asyncio.sleep(EVERY_S)
            owners = self._hub.attendees()
            self._looked = {name: look for name, look in self._looked.items() if name in owners}
            for conference, those in owners.items():
                try:
                    await self._look(conference, those)
                except StoppedError:
                    return
                except (BusyError, TimeoutError) as error:
                    _log.debug("presence is told later", conference=conference, error=type(error).__name__)

    async def _look(self, conference: str, owners: Sequence[Owner]) -> None:
        opened, now_s = self._hub.opened, time.monotonic()
        applied = await self._runner.ask(conference, _applied)
        before = self._looked.get(conference)
        if (
            before is not None
            and (before.applied, before.opened) == (applied, opened)
            and now_s < before.at_s + LAPSES_S
        ):
            return
        now = self._clock()
        for at in range(0, len(owners), AT_ONCE):
            some = owners[at : at + AT_ONCE]
            found = await self._runner.ask(conference, partial(_presences, owners=some, now=now))
            for owner, presence in zip(some, found, strict=True):
                self._hub.say(owner, "presence", chunk("presence", msgspec.json.encode(presence)))
        self._looked[conference] = _Look(applied, opened, now_s)


def _applied(matcher: Matcher | None) -> int:
    return -1 if matcher is None else matcher.state.applied


def _presences(matcher: Matcher | None, owners: Sequence[Owner], now: int) -> list[Presence]:
    found = [standing(matcher, owner.attendee, now) for owner in owners]
    return [Presence(stands.present, stands.place) for stands in found]
