"""Tells each attendee's open streams where they are, when that changed: a badge or the desk said so, or it lapsed.

Owns: the looks at the fold, and how often. May never: tell it to anybody but the attendee.
Theory: a stream is told once when it has opened (what changed while it was away), then only what is new. While the log
stands still, no stream opens and nobody lapses, a look is one small question. A lapse is told when it comes, not with
whatever record happens to come next: its moment would tell that others did something.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import structlog
from msgspec import Struct

from services.api.attendee.attendee_state import attendee_state
from services.api.attendee.matcher_queries import next_lapse
from services.api.shared.server_sent_events import StreamOwner, StreamRegistry, chunk
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Runner
from streams.matching import Matcher

EVERY_S = 1.0
AT_ONCE = 1_000  # people in one question, which takes the fold about a millisecond
_log = structlog.get_logger("hallway.whereabouts")


class Presence(Struct, frozen=True):
    """What the attendee is told of themselves."""

    present: bool
    place: str | None


class _Look(Struct, frozen=True):
    """What was looked at last: the records applied, the streams ever opened; when somebody lapses next (ms)."""

    applied: int
    opened: int
    lapse: int | None

    def holds(self, applied: int, opened: int, now: int) -> bool:
        """Whether nothing can have changed since."""
        return (self.applied, self.opened) == (applied, opened) and (self.lapse is None or now < self.lapse)


class PresenceNotifier:
    """Looks as long as ``run`` runs. ``clock`` gives ms since 1970."""

    def __init__(self, runner: Runner, streams: StreamRegistry, clock: Callable[[], int]) -> None:
        self._runner, self._streams, self._clock = runner, streams, clock
        self._looked: dict[str, _Look] = {}

    async def run(self) -> None:
        """Cancel it."""
        while True:
            await asyncio.sleep(EVERY_S)
            owners = self._streams.attendees()
            self._looked = {name: look for name, look in self._looked.items() if name in owners}
            for conference, those in owners.items():
                try:
                    await self._look(conference, those)
                except StoppedError:
                    return
                except (BusyError, TimeoutError) as error:
                    _log.debug("presence is told later", conference=conference, error=type(error).__name__)

    async def _look(self, conference: str, owners: Sequence[StreamOwner]) -> None:
        opened, now = self._streams.opened, self._clock()
        applied = await self._runner.ask(conference, _applied)
        before = self._looked.get(conference)
        if before is not None and before.holds(applied, opened, now):
            return
        lapses: list[int] = []
        for at in range(0, len(owners), AT_ONCE):
            some = owners[at : at + AT_ONCE]
            found, lapse = await self._runner.ask(conference, partial(_presences, owners=some, now=now))
            lapses += [] if lapse is None else [lapse]
            for owner, presence in zip(some, found, strict=True):
                self._streams.notify(owner, "presence", chunk("presence", msgspec.json.encode(presence)))
        self._looked[conference] = _Look(applied, opened, min(lapses, default=None))


def _applied(matcher: Matcher | None) -> int:
    return -1 if matcher is None else matcher.state.applied


def _presences(matcher: Matcher | None, owners: Sequence[StreamOwner], now: int) -> tuple[list[Presence], int | None]:
    found = [attendee_state(matcher, owner.attendee, now) for owner in owners]
    lapse = next_lapse(matcher, [owner.attendee for owner in owners], now)
    return [Presence(stands.present, stands.place) for stands in found], lapse
