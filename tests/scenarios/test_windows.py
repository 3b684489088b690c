"""The windows of chats: their weekday, their length far from Greenwich, what their ends leave out."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Json
from tests.scenarios.test_known_by_chat import DAILY, FRIDAYS, both_arrive, both_post, cast

KNOWN_AT_ONCE = {"chat_sessions": 1, "chat_weight": 0}


@pytest.mark.parametrize(
    ("day", "is_session"), [(-6, False), (-5, False), (-4, False), (-3, True), (-2, False), (-1, False), (0, False)]
)
def test_a_window_is_on_its_weekday_only(runner: Runner, day: int, is_session: bool) -> None:
    # Day -3 is a Friday; 17:30 UTC is 12:30 in New York, on Sunday 13:30.
    time = f"{day}d 16:30" if day >= -1 else f"{day}d 17:30"
    story = both_post(cast(FRIDAYS, **KNOWN_AT_ONCE).at("1d 08:00"), time)
    check(runner(both_arrive(story, "1d 10:00").events), *[suggested("ada", "bob")] * is_session)


def day_long(weekday: int, start: str, zone: str) -> list[Json]:
    return [{"hashtag": "hitsm", "weekday": weekday, "start": start, "minutes": 1440, "time_zone": zone}]


@pytest.mark.parametrize(
    ("time", "is_session"),
    [("10:29:59.999", False), ("10:30", True), ("1d 00:00", True), ("1d 10:29:59.999", True), ("1d 10:30", False)],
)
def test_a_window_far_in_the_west_reaches_into_the_second_day_after(
    runner: Runner, time: str, is_session: bool
) -> None:
    # Sunday, 8 March (day -1), 23:30 in Pago Pago is Monday 10:30 UTC; a day later it is Tuesday.
    chats = day_long(6, "23:30", "Pacific/Pago_Pago")
    story = both_post(cast(chats, **KNOWN_AT_ONCE).at("2d 08:00"), time)
    check(runner(both_arrive(story, "2d 10:00").events), *[suggested("ada", "bob")] * is_session)


@pytest.mark.parametrize(
    ("time", "is_session"),
    [("-1d 10:29:59.999", False), ("-1d 10:30", True), ("00:00", True), ("10:29:59.999", True), ("10:30", False)],
)
def test_a_window_far_in_the_east_begins_on_the_day_before(runner: Runner, time: str, is_session: bool) -> None:
    # Monday, 9 March (day 0), 00:30 on Kiritimati is Sunday 10:30 UTC.
    chats = day_long(0, "00:30", "Pacific/Kiritimati")
    story = both_post(cast(chats, **KNOWN_AT_ONCE).at("2d 08:00"), time)
    check(runner(both_arrive(story, "2d 10:00").events), *[suggested("ada", "bob")] * is_session)


def test_a_deleted_post_of_the_windows_end_takes_nobody_out(runner: Runner) -> None:
    # Eleven people weigh less than a thousand; the eleventh posted in the window, too, and deletes what came after.
    story = both_post(cast(FRIDAYS, chat_sessions=1, chat_weight=1000), "-3d 17:30")
    for n in range(9):
        story.post(f"x:stranger{n}", tags=["hitsm"], at="-3d 17:30")
    story.post("x:stranger0", tags=["hitsm"], at="-3d 18:00", id="x:after").delete("x:stranger0", "x:after")
    check(runner(both_arrive(story).events))
    story.at("10:10").delete("x:stranger0", "x:3", id="last")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="last"))


@pytest.mark.parametrize("sessions", [1, 2, 3, 4, 5])
def test_more_common_sessions_than_needed_are_enough(runner: Runner, sessions: int) -> None:
    days = [f"-{day}d 12:00" for day in range(1, sessions + 1)]
    story = both_post(cast(DAILY, chat_sessions=2, chat_weight=2000), *days)
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * (sessions >= 2))
