"""Tells each attendee's open streams where the attendee is, whenever a scan, the desk or a lapse has changed that.

Responsibility: when the matcher is queried, and who is notified.
Invariants: nobody but the attendee learns their presence from here.
Why: a stream gets the presence once when it opens, for it may have changed meanwhile, and then only changes. While the
log does not grow, no stream opens and nobody's presence lapses, each check is one cheap query. A lapse is sent when it
happens and not with the next record: that moment would reveal that somebody else did something.
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
AT_ONCE = 1_000  # people in one query, which takes the matcher about a millisecond
_log = structlog.get_logger("hallway.whereabouts")


class Presence(Struct, frozen=True):
    """An attendee's own presence, as sent on the stream."""

    present: bool
    place: str | None


class _LastCheck(Struct, frozen=True):
    """The last check: records applied and streams ever opened by then, and when the next presence lapses (ms)."""

    applied: int
    opened: int
    lapse: int | None

    def holds(self, applied: int, opened: int, now: int) -> bool:
        """Whether nothing can have changed since then."""
        return (self.applied, self.opened) == (applied, opened) and (self.lapse is None or now < self.lapse)


class PresenceNotifier:
    """Checks as long as ``run`` runs. ``clock`` gives ms since 1970."""

    def __init__(self, runner: Runner, streams: StreamRegistry, clock: Callable[[], int]) -> None:
        self._runner, self._streams, self._clock = runner, streams, clock
        self._last_checks: dict[str, _LastCheck] = {}

    async def run(self) -> None:
        """Checks once a second; cancel it to stop."""
        while True:
            await asyncio.sleep(EVERY_S)
            owners = self._streams.attendees()
            self._last_checks = {name: look for name, look in self._last_checks.items() if name in owners}
            for conference, those in owners.items():
                try:
                    await self._check(conference, those)
                except StoppedError:
                    return
                except (BusyError, TimeoutError) as error:
                    _log.debug("presence check is retried", conference=conference, error=type(error).__name__)

    async def _check(self, conference: str, owners: Sequence[StreamOwner]) -> None:
        opened, now = self._streams.opened, self._clock()
        applied = await self._runner.ask(conference, _applied)
        before = self._last_checks.get(conference)
        if before is not None and before.holds(applied, opened, now):
            return
        lapses: list[int] = []
        for at in range(0, len(owners), AT_ONCE):
            some = owners[at : at + AT_ONCE]
            found, lapse = await self._runner.ask(conference, partial(_presences, owners=some, now=now))
            lapses += [] if lapse is None else [lapse]
            for owner, presence in zip(some, found, strict=True):
                self._streams.notify(owner, "presence", chunk("presence", msgspec.json.encode(presence)))
        self._last_checks[conference] = _LastCheck(applied, opened, min(lapses, default=None))


def _applied(matcher: Matcher | None) -> int:
    return -1 if matcher is None else matcher.state.applied


def _presences(matcher: Matcher | None, owners: Sequence[StreamOwner], now: int) -> tuple[list[Presence], int | None]:
    found = [attendee_state(matcher, owner.attendee, now) for owner in owners]
    lapse = next_lapse(matcher, [owner.attendee for owner in owners], now)
    return [Presence(state.present, state.place) for state in found], lapse
