"""RFC 3339 text <-> whole milliseconds since 1970 (UTC).

Responsibility: the one form in which Hallway stores time, ``YYYY-MM-DDTHH:MM:SS.mmmZ``, cut (never rounded) to
milliseconds.
Invariants: no clock is read, and no float is used. A leap second (``23:59:60`` UTC, as RFC 3339 allows; it has no
number among the milliseconds) is the last millisecond of its day: after everything before it, and on its own day. Which
days have one is known only half a year ahead, so any day may.
Why: nearly all times in a log are already in that form, so four dictionary look-ups of slices convert them; all others
take the pattern. The dictionaries are bounded by the calendar (101 years of days) and small enough for the processor's
caches: one with all seconds of a day was not, and took twice as long.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

MS = 1
SECOND_MS = 1_000 * MS
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
# A time outside of these years is a wrong clock or a wrong unit, not a conference.
_FIRST_MS = (date(2000, 1, 1) - _EPOCH_DAY).days * DAY_MS
_END_MS = (date(2101, 1, 1) - _EPOCH_DAY).days * DAY_MS

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DAYS: dict[str, int] = {}
_MINUTES = {f"T{n // 60:02}:{n % 60:02}": n * MINUTE_MS for n in range(24 * 60)}
_SECONDS = {f":{n:02}": n * SECOND_MS for n in range(60)}
_MILLIS = {f".{n:03}Z": n for n in range(1000)}
_MILLIS["Z"] = 0


def millis(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time with any offset, cut. ValueError says what is wrong."""
    try:
        return _DAYS[text[:10]] + _MINUTES[text[10:16]] + _SECONDS[text[16:19]] + _MILLIS[text[19:]]
    except KeyError:
        return _parse(text)


def _parse(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("is not a time in RFC 3339 form with an offset, such as 2026-03-09T14:05:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, off_hour, off_minute = match.groups()[6:]
    is_leap = second == 60
    if is_leap:
        second, fraction = 59, "999"
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"is not a time: {error}") from None
    ms = (moment - _EPOCH) // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])
    if sign:
        if int(off_hour) > 23 or int(off_minute) > 59:
            raise ValueError("is not a time: its offset is out of range")
        offset = int(off_hour) * HOUR_MS + int(off_minute) * MINUTE_MS
        ms += offset if sign == "-" else -offset
    if is_leap and (ms + MS) % DAY_MS:
        raise ValueError("is not a time: second 60 exists only at the end of a day in UTC, as in 2016-12-31T23:59:60Z")
    if not _FIRST_MS <= ms < _END_MS:
        raise ValueError("is outside of the years 2000 to 2100")
    if text[10] == "T" and 2000 <= year <= 2100:  # an offset may move a day of other years into these
        _DAYS[text[:10]] = (moment - _EPOCH).days * DAY_MS
    return ms


def format_time(ms: int) -> str:
    """The one form in which a time is written: ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    return f"{_to_the_second(ms // SECOND_MS)}.{ms % SECOND_MS:03}Z"


@lru_cache(4_096)
def _to_the_second(seconds: int) -> str:
    moment = _EPOCH + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def is_written(at: str) -> bool:
    """Whether a valid time is in Hallway's form; no other valid time looks like it."""
    return len(at) == 24 and at[10] == "T" and at[19] == "." and at[23] == "Z"


def utc_day(ms: int) -> int:
    """The UTC day of a moment (ms), in days since 1970."""
    return ms // DAY_MS
