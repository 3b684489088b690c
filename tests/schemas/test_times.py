"""Times: any offset in, one form out, cut and never rounded, years 2000 to 2100."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import format_time, millis, utc_day
from tests.schemas.kept import bad, changed, good

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
END = datetime(2101, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1999, 12, 30), datetime(2101, 1, 3), timezones=st.just(UTC))
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def at(text: str) -> str:
    """An event's time as it is written again."""
    return format_time(good(changed("clock.ticked", at=text, recorded_at=text)).at)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-03-09T14:05:00Z", "2026-03-09T14:05:00.000Z"),
        ("2026-03-09t14:05:00z", "2026-03-09T14:05:00.000Z"),
        ("2026-03-09 14:05:00Z", "2026-03-09T14:05:00.000Z"),
        ("2026-03-09T14:05:00+00:00", "2026-03-09T14:05:00.000Z"),
        ("2026-03-09T14:05:00-00:00", "2026-03-09T14:05:00.000Z"),
        ("2026-03-09T14:05:00+05:30", "2026-03-09T08:35:00.000Z"),
        ("2026-03-09T14:05:00-09:30", "2026-03-09T23:35:00.000Z"),
        ("2026-03-09T23:59:59.999-23:59", "2026-03-10T23:58:59.999Z"),
        ("2026-03-09T14:05:00.1Z", "2026-03-09T14:05:00.100Z"),
        ("2026-03-09T14:05:00.12Z", "2026-03-09T14:05:00.120Z"),
        ("2026-03-09T14:05:00.0009Z", "2026-03-09T14:05:00.000Z"),
        ("2026-03-09T14:05:00.1239999Z", "2026-03-09T14:05:00.123Z"),
        ("2026-03-09T14:05:00.99999999999999999999Z", "2026-03-09T14:05:00.999Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),  # leap seconds
        ("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.999Z"),
        ("2017-01-01T05:29:60+05:30", "2016-12-31T23:59:59.999Z"),
        ("2016-12-31T15:59:60-08:00", "2016-12-31T23:59:59.999Z"),
        ("2100-12-31T23:59:60Z", "2100-12-31T23:59:59.999Z"),
    ],
)
def test_any_offset_is_read_and_cut(text: str, kept: str) -> None:
    assert at(text) == kept
    assert at(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "2000-01-01T00:00:00Z",
        "1999-12-31T23:00:00-01:00",
        "2000-01-01T01:00:00+01:00",
        "2100-12-31T23:59:59.999999Z",
        "2101-01-01T00:59:59.999+01:00",
    ],
)
def test_the_years_from_inside(text: str) -> None:
    assert at(text)[:4] in {"2000", "2100"}


OUTSIDE = [
    "1999-12-31T23:59:59.999Z",
    "1999-12-31T12:00:00Z",
    "2000-01-01T00:59:59+01:00",
    "2101-01-01T00:00:00Z",
    "2100-12-31T23:00:00-01:00",
    "2101-01-01T12:00:00.000Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
]


@pytest.mark.parametrize("text", OUTSIDE)
@pytest.mark.parametrize("field", ["at", "recorded_at"])
def test_the_years_from_outside(text: str, field: str) -> None:
    reject = bad(changed("clock.ticked", **{field: text}))
    assert reject.field == field
    assert "2000 to 2100" in reject.reason


@pytest.mark.parametrize("text", OUTSIDE)
def test_the_years_do_not_depend_on_what_was_read_before(text: str) -> None:
    for inside in ("1999-12-31T23:30:00-01:00", "2101-01-01T00:30:00+01:00", "2026-03-09T12:00:00.000Z"):
        millis(inside)
        millis(f"2026-03-09T{text[11:19]}Z")
    with pytest.raises(ValueError, match="2000 to 2100"):
        millis(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-03-09",
        "2026-03-09T14:05:00",  # no offset
        "2026-03-09T14:05Z",
        "2026-03-09T14:05:00.Z",
        "2026-03-09T14:05:00,5Z",
        "2026-03-09T14:05:00+0100",
        "2026-03-09T14:05:00+24:00",
        "2026-03-09T14:05:00+01:60",
        "2026-03-09T24:00:00Z",
        "2026-03-09T14:60:00Z",
        "2026-03-09T14:05:60Z",
        "2016-12-31T23:58:60Z",
        "2016-12-31T23:59:61Z",
        "2016-12-31T23:59:60+01:00",
        "2026-02-29T14:05:00Z",
        "2026-13-01T14:05:00Z",
        "2026-00-01T14:05:00Z",
        "+2026-03-09T14:05:00Z",
        "20260309T140500Z",
        "2026-03-09T14:05:00Z ",
        "2026-03-09T14:05:00Z\n",
        "２０２６-03-09T14:05:00Z",
        "1773065100",
    ],
)
@pytest.mark.parametrize("field", ["at", "recorded_at"])
def test_what_is_no_time_is_refused(text: str, field: str) -> None:
    assert bad(changed("clock.ticked", **{field: text})).field == field


@given(MOMENTS, OFFSETS, st.integers(0, 12), st.sampled_from("Tt "))
def test_times_agree_with_datetime(moment: datetime, offset: timezone, digits: int, between: str) -> None:
    local = moment.astimezone(offset)
    fraction = f"{local.microsecond:06}999999"[:digits]
    shown = f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{'.' if digits else ''}{fraction}"
    minutes = int(offset.utcoffset(None).total_seconds()) // 60
    text = f"{shown}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    cut = moment.replace(microsecond=int(f"{fraction}000"[:3]) * 1000)
    if not FIRST <= cut < END:
        with pytest.raises(ValueError, match="2000 to 2100"):
            millis(text)
        return
    ms = millis(text)
    assert ms == (cut - EPOCH) // timedelta(milliseconds=1)
    assert format_time(ms) == cut.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert millis(format_time(ms)) == ms
    assert utc_day(ms) == (cut.date() - EPOCH.date()).days
