"""Ticks: when something is due and no event arrives, the owner of the log records that time has passed.

Why: whatever is due up to a record's time happens before that record, so one tick after the due time is enough.
"""

from schemas.events import ClockTicked
from schemas.times import format_time

TICK_PREFIX = "clock.ticked:"  # reserved: a sender's event with such an id would make a tick a duplicate


def make_tick(conference: str, due: int, number: int, now: int) -> ClockTicked:
    """A tick at ``now`` (ms) because something was due. ``number``: the same after a restart, another for each tick."""
    return ClockTicked(id=f"{TICK_PREFIX}{due}:{number}", at=format_time(now), conference=conference)
