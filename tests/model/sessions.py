"""The occurrences of a chat's window that a moment is in.

Theory: a window starts at a local time on a weekday and lasts elapsed minutes; so its length is the same
over midnight and when clocks change. Local starts that a clock change skips or repeats: the first (fold=0).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas.times import DAY_MS, MINUTE_MS
from tests.model.records import Json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Session(NamedTuple):
    """One occurrence: start included, end excluded, in milliseconds."""

    hashtag: str
    start: int
    end: int


def sessions_at(chat: Json, at: int) -> list[Session]:
    """The sessions of one declared chat that `at` is in."""
    if chat.get("weekday") is None:
        start = at // DAY_MS * DAY_MS
        return [Session(chat["hashtag"], start, start + DAY_MS)]
    starts = _starts_around(at // DAY_MS, chat["weekday"], chat["start"], chat["time_zone"])
    found = [Session(chat["hashtag"], start, start + chat["minutes"] * MINUTE_MS) for start in starts]
    return [session for session in found if session.start <= at < session.end]


@lru_cache(maxsize=10_000)
def _starts_around(utc_day: int, weekday: int, start: str, time_zone: str) -> list[int]:
    zone = ZoneInfo(time_zone)
    hour, minute = (int(part) for part in start.split(":"))
    days = [(_EPOCH + timedelta(days=utc_day + shift)).date() for shift in (-3, -2, -1, 0, 1, 2)]
    local = [datetime(d.year, d.month, d.day, hour, minute, tzinfo=zone) for d in days if d.weekday() == weekday]
    return [(moment - _EPOCH) // timedelta(milliseconds=1) for moment in local]
