"""How far a Bluesky connector has read, and from where to read on; pure.

Invariants: a position is never ahead of what was read. Who is followed now, and was not before, is read from when the
earlier people were last known, so nobody's first posts are missed.
Why: positions are inclusive and hosts send in order, so the last one would do. Reading a second again covers a host
that does not; but only where the last connection got further than that, or one that is cut again and again would never
get on.
"""

from msgspec import Struct
from msgspec.structs import replace

from schemas.times import HOUR_MS, SECOND_MS

US = 1_000  # in a ms
OVERLAP_US = SECOND_MS * US
REWIND_US = 30 * SECOND_MS * US  # longer than the people who are followed may be out of date
LOOK_BACK_MS = 36 * HOUR_MS  # what hosts keep
QUIET_US = 6 * HOUR_MS * US  # how late a host that is connected may be at most
FIRST_SKIP_US = SECOND_MS * US


class Position(Struct, frozen=True, omit_defaults=True):
    """``at_us``: when the host witnessed the newest event that was read. ``began_us``: where its connection began.

    ``people``: the mark of who was followed, and ``people_at`` when they were last known, in ms. ``skipped_us``: what
    was skipped because of a message that is too long, until something could be read again.
    """

    at_us: int
    began_us: int = 0
    people: str = ""
    people_at: int = 0
    skipped_us: int = 0


def first_position(now: int) -> Position:
    """From shortly before now on, so that the same is read if this position is not stored at once. ``now``: in ms."""
    return Position(at_us=now * US - REWIND_US)


def begin(before: Position, people: str, now: int) -> Position:
    """The position at which a new connection begins. ``people``: the mark of whom it follows."""
    start = before.at_us
    if people != before.people:
        start = max(0, min(start, before.people_at * US if before.people_at else start) - REWIND_US)
    elif start - OVERLAP_US > before.began_us:
        start -= OVERLAP_US
    return replace(before, at_us=start, began_us=start, people=people, people_at=now)


def after_events(before: Position, at_us: int, people_at: int) -> Position:
    """The position after events were read."""
    return replace(before, at_us=at_us, people_at=people_at, skipped_us=0)


def after_quiet(before: Position, now: int) -> Position:
    """The position while nothing comes: it moves on, so that it never becomes too old."""
    return replace(before, at_us=max(before.at_us, now * US - QUIET_US), people_at=now)


def after_skip(before: Position, now: int) -> Position:
    """The position behind a message that is too long: further each time, because its own time is unknown."""
    step = max(FIRST_SKIP_US, before.skipped_us)
    at_us = max(before.at_us, min(before.at_us + step, now * US))
    return replace(before, at_us=at_us, began_us=at_us, skipped_us=2 * step)


def oldest(before: Position, now: int) -> Position:
    """The oldest position that a host still has, after it refused one as too old; then the newest."""
    kept_us = (now - LOOK_BACK_MS + HOUR_MS) * US
    at_us = kept_us if before.at_us < kept_us else now * US
    return replace(before, at_us=at_us, began_us=at_us)
