"""Who knows whom by chats: sessions, windows, midnight, changed clocks, weights, consents, reasons."""

from typing import Any

import pytest

from tests.scenarios.expected import chat, check, conversation, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Json, Story

DAILY: list[Json] = [{"hashtag": "hitsm"}]
FRIDAYS: list[Json] = [
    {"hashtag": "hitsm", "weekday": 4, "start": "12:00", "minutes": 60, "time_zone": "America/New_York"}
]


def cast(chats: list[Json], **opening: Any) -> Story:
    return Story().open(chats=chats, **opening).people("ada", "bob")


def both_post(story: Story, *times: str, tag: str = "hitsm") -> Story:
    """Ada and Bob each post at each of the times."""
    for time in times:
        story.post("x:ada", tags=[tag], at=time).post("x:bob", tags=[tag], at=time)
    return story


def both_arrive(story: Story, at: str = "10:00") -> Story:
    return story.at(at).all_arrive("ada", "bob")


THREE_DAYS = ("-3d 12:00", "-2d 12:00", "-1d 12:00")


def test_three_common_days_make_known(runner: Runner) -> None:
    story = both_arrive(both_post(cast(DAILY), *THREE_DAYS))
    reason = chat("hitsm", 3, "-1d 12:00", "x:6", "x:5", "x:4", "x:3", "x:2")
    check(runner(story.events), suggested("ada", "bob", at="10:00", by="bob-in", reasons=[reason]))


def test_two_common_days_do_not(runner: Runner) -> None:
    check(runner(both_arrive(both_post(cast(DAILY), *THREE_DAYS[1:])).events))


def test_many_posts_of_one_day_are_one_session(runner: Runner) -> None:
    story = both_post(cast(DAILY), "-1d 00:00", "-1d 12:00", "-1d 23:59:59.999", "-2d 12:00")
    check(runner(both_arrive(story).events))


def test_a_session_needs_both(runner: Runner) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS[1:])
    story.post("x:ada", tags=["hitsm"], at="-3d 12:00").post("x:bob", tags=["hitsm"], at="-4d 12:00")
    check(runner(both_arrive(story).events))


def test_only_declared_hashtags_are_chats(runner: Runner) -> None:
    check(runner(both_arrive(both_post(cast(DAILY), *THREE_DAYS, tag="himss26")).events))


def test_a_repost_does_not_attend(runner: Runner) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS[1:])
    story.post("x:ada", tags=["hitsm"], at="-3d 12:00")
    story.post("x:bob", tags=["hitsm"], at="-3d 12:00", repost_of="x:ada")
    check(runner(both_arrive(story).events))


def test_sessions_of_all_chats_count_together(runner: Runner) -> None:
    story = both_post(cast([{"hashtag": "hitsm"}, {"hashtag": "hcldr"}]), "-2d 12:00", "-1d 12:00")
    both_post(story, "-1d 13:00", tag="hcldr")
    reasons = [
        chat("hitsm", 2, "-1d 12:00", "x:4", "x:3", "x:2", "x:1"),
        chat("hcldr", 1, "-1d 13:00", "x:6", "x:5"),
    ]
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=reasons))


def test_chats_come_by_number_of_sessions_then_by_hashtag_after_the_conversation(runner: Runner) -> None:
    story = cast([{"hashtag": tag} for tag in ("zz", "bb", "aa")], chat_sessions=9).talk("x:ada", "x:bob")
    both_post(story, "-1d 12:00", tag="bb")
    both_post(story, "-1d 13:00", tag="aa")
    both_post(story, "-1d 14:00", "-2d 14:00", tag="zz")
    reasons = [
        conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1"),
        chat("zz", 2, "-1d 14:00", "x:10", "x:9", "x:12", "x:11"),
        chat("aa", 1, "-1d 13:00", "x:8", "x:7"),
        chat("bb", 1, "-1d 12:00", "x:6", "x:5"),
    ]
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=reasons))


def test_one_direction_and_chats_are_known_but_the_conversation_is_no_reason(runner: Runner) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS).post("x:ada", "x:bob")
    reason = chat("hitsm", 3, "-1d 12:00", "x:6", "x:5", "x:4", "x:3", "x:2")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))


def test_a_short_conversation_is_a_reason_beside_the_chat(runner: Runner) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS).talk("x:ada", "x:bob", posts=3)
    reasons = [
        conversation(3, "08:00", "x:9", "x:8", "x:7"),
        chat("hitsm", 3, "-1d 12:00", "x:6", "x:5", "x:4", "x:3", "x:2"),
    ]
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=reasons))


@pytest.mark.parametrize("unwilling", ["ada", "bob"])
def test_both_must_consent_to_chats(runner: Runner, unwilling: str) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS).consent(unwilling, chats=False)
    check(runner(both_arrive(story).events))
    story.at("10:10").consent(unwilling, chats=True, id="yes")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="yes"))


def test_without_consent_a_chat_is_no_reason(runner: Runner) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS).talk("x:ada", "x:bob").consent("bob", chats=False)
    reason = conversation(4, "08:00", "x:10", "x:9", "x:8", "x:7")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))


def test_chat_sessions_and_weight_are_policy(runner: Runner) -> None:
    check(
        runner(both_arrive(both_post(cast(DAILY, chat_sessions=2), *THREE_DAYS[1:])).events),
        suggested("ada", "bob"),
    )
    check(runner(both_arrive(both_post(cast(DAILY, chat_weight=3001), *THREE_DAYS)).events))
    check(
        runner(both_arrive(both_post(cast(DAILY, chat_weight=3000), *THREE_DAYS)).events),
        suggested("ada", "bob"),
    )


# Windows


def test_a_window_includes_its_start_and_excludes_its_end(runner: Runner) -> None:
    # 12:00 in New York is 17:00 UTC in winter; day -3 is Friday, 6 March 2026.
    edges = ("-3d 17:00", "-10d 17:59:59.999", "-17d 17:00")
    reason = chat("hitsm", 3, "-3d 17:00", "x:2", "x:1", "x:4", "x:3", "x:6")
    story = both_arrive(both_post(cast(FRIDAYS), *edges))
    check(runner(story.events), suggested("ada", "bob", reasons=[reason]))
    for late in ("-3d 16:59:59.999", "-3d 18:00"):
        check(runner(both_arrive(both_post(cast(FRIDAYS), late, *edges[1:])).events))


def test_a_window_follows_the_local_clock_over_a_change(runner: Runner) -> None:
    # New York changed to summer time on Sunday, 8 March 2026: on Friday the 13th 12:00 is 16:00 UTC.
    story = both_post(cast(FRIDAYS).at("8d 08:00"), "4d 16:00", "-3d 17:00", "-10d 17:00")
    check(runner(both_arrive(story, "8d 10:00").events), suggested("ada", "bob"))
    story = both_post(cast(FRIDAYS).at("8d 08:00"), "4d 17:00", "-3d 17:00", "-10d 17:00")
    check(runner(both_arrive(story, "8d 10:00").events))


def test_a_window_lasts_elapsed_minutes_while_clocks_change(runner: Runner) -> None:
    # Sunday, 8 March 2026, 01:30 EST + 60 minutes = 07:30 UTC, which local clocks call 03:30.
    chats: list[Json] = [
        {"hashtag": "hitsm", "weekday": 6, "start": "01:30", "minutes": 60, "time_zone": "America/New_York"}
    ]
    for post, sessions in (
        ("-1d 07:29:59.999", 1),
        ("-1d 07:30", 0),
        ("-1d 06:30", 1),
        ("-1d 06:29:59.999", 0),
    ):
        story = both_arrive(both_post(cast(chats, chat_sessions=1, chat_weight=0), post))
        check(runner(story.events), *[suggested("ada", "bob")] * sessions)


def test_a_window_may_pass_midnight(runner: Runner) -> None:
    # Saturday 23:30 for 90 minutes in UTC: Sunday 00:59 is in Saturday's session, and in no other.
    chats: list[Json] = [{"hashtag": "hitsm", "weekday": 5, "start": "23:30", "minutes": 90, "time_zone": "UTC"}]
    story = cast(chats, chat_sessions=1, chat_weight=0)
    story.post("x:ada", tags=["hitsm"], at="-2d 23:30").post("x:bob", tags=["hitsm"], at="-1d 00:59:59.999")
    reason = chat("hitsm", 1, "-1d 00:59:59.999", "x:2", "x:1")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))
    story = cast(chats, chat_sessions=1, chat_weight=0)
    story.post("x:ada", tags=["hitsm"], at="-2d 23:30").post("x:bob", tags=["hitsm"], at="-1d 01:00")
    check(runner(both_arrive(story).events))


def test_a_hashtag_may_have_a_window_and_a_day(runner: Runner) -> None:
    # The window and the UTC day are two sessions; the same window declared twice is one.
    window = {
        "hashtag": "hitsm",
        "weekday": 4,
        "start": "12:00",
        "minutes": 60,
        "time_zone": "America/New_York",
    }
    chats: list[Json] = [window, {"hashtag": "hitsm"}, dict(window)]
    story = both_arrive(both_post(cast(chats, chat_sessions=2), "-3d 17:30"))
    check(runner(story.events), suggested("ada", "bob", reasons=[chat("hitsm", 2, "-3d 17:30", "x:2", "x:1")]))
    check(runner(both_arrive(both_post(cast(chats, chat_sessions=3), "-3d 17:30")).events))


def test_a_chat_declared_later_sees_earlier_posts(runner: Runner) -> None:
    story = both_arrive(both_post(cast([]), *THREE_DAYS)).at("10:30").open(chats=DAILY, id="declares")
    check(runner(story.events), suggested("ada", "bob", at="10:30", by="declares"))


def test_a_chat_declared_no_more_counts_no_more(runner: Runner) -> None:
    story = both_post(cast(DAILY), *THREE_DAYS).at("09:00").open(chats=[])
    check(runner(both_arrive(story).events))
