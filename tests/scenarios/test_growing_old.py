"""Each post and each session stops counting at its own moment, however often somebody looked before."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story
from tests.scenarios.test_known_by_chat import DAILY, FRIDAYS, both_arrive, both_post, cast


@pytest.mark.parametrize(("now", "posts"), [("4d 11:59", 4), ("4d 12:00", 3), ("5d 11:59", 3), ("5d 12:00", 2)])
@pytest.mark.parametrize("ticks", [[], ["3d 23:00", "4d 00:00", "4d 11:00"]])
def test_each_post_by_its_own_age(runner: Runner, now: str, posts: int, ticks: list[str]) -> None:
    story = Story().at("3d 08:00").open(evidence_days=5).people("ada", "bob").post("x:ada", "x:bob", at="-1d 12:00")
    story.post("x:bob", "x:ada", at="12:00").post("x:ada", "x:bob", at="1d 12:00").post("x:bob", "x:ada", at="2d 12:00")
    for tick in ticks:
        story.at(tick).tick()
    ties = runner.ties(story.at(now).tick().events, everything=True)
    assert [tie["reasons"][0]["count"] for tie in ties] == [posts]


def test_posts_of_one_day_stop_one_by_one(runner: Runner) -> None:
    story = Story().open(evidence_days=2).people("ada", "bob")
    for hour in (3, 1, 5, 2, 4):  # not in the order of the log
        story.post(*(("x:ada", "x:bob") if hour % 2 else ("x:bob", "x:ada")), at=f"0{hour}:00")
    counts = []
    for hour in range(1, 6):
        story.at(f"2d 0{hour}:00").tick()
        counts.append([tie["reasons"][0]["count"] for tie in runner.ties(story.events, everything=True)])
    assert counts == [[4], [3], [2], [1], []]


def test_a_post_that_comes_late_stops_at_its_own_moment(runner: Runner) -> None:
    # The day that it is of has been looked at already.
    story = Story().open(evidence_days=2).people("ada", "bob")
    story.post("x:ada", "x:bob", at="06:00").post("x:bob", "x:ada", at="06:00").post("x:ada", "x:bob", at="06:00")
    story.at("2d 05:00").tick().post("x:ada", "x:bob", at="05:30").post("x:bob", "x:ada", at="06:30")
    counts = []
    for time in ("2d 05:29", "2d 05:30", "2d 06:00", "2d 06:30"):
        story.at(time).tick()
        counts.append([tie["reasons"][0]["count"] for tie in runner.ties(story.events, everything=True)])
    assert counts == [[5], [4], [1], []]


@pytest.mark.parametrize("tick", [None, "4d 00:00", "4d 16:59:59.999"])
@pytest.mark.parametrize(("now", "counts"), [("4d 16:59:59.999", True), ("4d 17:00", False)])
def test_a_session_stops_at_the_moment_of_its_start(runner: Runner, tick: str | None, now: str, counts: bool) -> None:
    story = both_post(cast(FRIDAYS, chat_sessions=1, chat_weight=0, evidence_days=7), "-3d 17:30")
    if tick:
        story.at(tick).tick()
    check(runner(both_arrive(story, now).events), *[suggested("ada", "bob", at=now)] * counts)


def test_each_session_by_its_own_age(runner: Runner) -> None:
    story = both_post(
        Story().open(chats=DAILY, evidence_days=4).people("ada", "bob"), "-1d 12:00", "-3d 12:00", "07:00"
    )
    counts = []
    for time in ("10:00", "1d 00:00", "2d 23:00", "3d 00:00", "3d 23:00", "4d 00:00"):
        story.at(time).tick()
        counts.append([tie["reasons"][0]["count"] for tie in runner.ties(story.events, everything=True)])
    assert counts == [[3], [2], [2], [1], [1], []]


def test_a_session_stops_at_its_moment_whatever_began_since(runner: Runner) -> None:
    chats = [*FRIDAYS, {"hashtag": "day"}]
    story = both_post(cast(chats, chat_sessions=1, chat_weight=0, evidence_days=7), "-3d 17:30")
    story.at("4d 00:00").tick().at("4d 01:00").post("x:cyd", tags=["day"]).at("4d 17:00").tick()
    assert runner.ties(story.events, everything=True) == []
    check(runner(both_arrive(story, "4d 17:00").events))


def test_the_second_session_stops_at_its_moment_too(runner: Runner) -> None:
    story = both_post(cast(FRIDAYS, evidence_days=14).at("4d 16:45"), "-10d 17:30", "-3d 17:30", "4d 16:30")
    counts = []
    for time in ("4d 16:59", "4d 17:00", "11d 00:00", "11d 16:59", "11d 17:00", "18d 00:00", "18d 15:59", "18d 16:00"):
        story.at(time).tick()
        counts.append([tie["reasons"][0]["count"] for tie in runner.ties(story.events, everything=True)])
    assert counts == [[3], [2], [2], [2], [1], [1], [1], []]


@pytest.mark.parametrize(("now", "counts"), [("4d 16:59:59.999", True), ("4d 17:00", False)])
def test_a_session_that_began_too_long_ago_is_none_for_late_posts(runner: Runner, now: str, counts: bool) -> None:
    story = both_arrive(cast(FRIDAYS, chat_sessions=1, chat_weight=0, evidence_days=7, presence_hours=240))
    story.at(now).post("x:ada", tags=["hitsm"], at="-3d 17:30").post("x:bob", tags=["hitsm"], at="-3d 17:30", id="x:b")
    check(runner(story.events), *[suggested("ada", "bob", at=now, by="x:b")] * counts)


@pytest.mark.parametrize(("oldest", "posts"), [("-399d 10:00:00.001", 4), ("-399d 10:00", 3), ("-401d 10:00", 3)])
def test_a_post_that_comes_too_late_is_no_evidence_for_who_is_here(runner: Runner, oldest: str, posts: int) -> None:
    story = both_arrive(Story().open().people("ada", "bob").talk("x:ada", "x:bob", posts=3), "1d 09:00")
    story.at("1d 10:00").post("x:bob", "x:ada", at=oldest)
    check(runner(story.events), *[suggested("ada", "bob", at="1d 10:00")] * (posts == 4))
    assert [tie["reasons"][0]["count"] for tie in runner.ties(story.events, everything=True)] == [posts]
