"""Doubles at the very moments at which ids are forgotten, and at which the lists of ids are turned."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Story, friends, when


@pytest.mark.parametrize("ticks", [[], ["7d 08:00"], ["7d 08:00", "8d 09:00"], ["3d 08:00", "7d 23:00"]])
@pytest.mark.parametrize(("time", "is_double"), [("8d 09:59:59.999", True), ("8d 10:00", False)])
def test_an_id_is_recognised_for_7_days_whatever_comes_between(
    runner: Runner, ticks: list[str], time: str, is_double: bool
) -> None:
    story = friends("ada", "bob").at("1d 10:00").arrive("ada").leave("ada", id="once")
    for tick in ticks:
        story.at(tick).tick()
    story.at(time).arrive("ada", id="once").all_arrive("bob")
    check(runner(story.events), *[suggested("ada", "bob", at=time)] * (not is_double))


@pytest.mark.parametrize("pause", ["14d 09:00", "15d 08:00", "22d 08:00", "30d 08:00"])
def test_after_a_long_pause_old_ids_are_new_again_and_new_ones_are_duplicates(runner: Runner, pause: str) -> None:
    story = friends("ada", "bob").arrive("ada", id="once").at(pause).arrive("ada", id="once")
    check(runner(story.all_arrive("bob").events), suggested("ada", "bob", at=pause, position="11-0"))
    story = friends("ada", "bob").arrive("ada").leave("ada", id="once").at(pause).arrive("ada").leave("ada", id="twice")
    check(runner(story.tick().arrive("ada", id="twice").all_arrive("bob").events))


@pytest.mark.parametrize(("time", "is_double"), [("8d 07:59:59.999", True), ("8d 08:00", False)])
def test_a_post_is_recognised_up_to_the_moment_at_which_it_stops_counting(
    runner: Runner, time: str, is_double: bool
) -> None:
    story = Story().open(evidence_days=8, **ONE_EACH).people("ada", "bob").post("x:ada", "x:bob", id="x:once")
    # The copy says that it is newer than the post back: it is if it is no double.
    story.at(time).again("x:once", at=when("7d 12:00")).post("x:bob", "x:ada", at="7d 06:00", id="x:back")
    posts = ["x:back", "x:once"] if is_double else ["x:once", "x:back"]
    assert [tie["reasons"][0]["posts"] for tie in runner.ties(story.events)] == [posts]


@pytest.mark.parametrize(
    ("stops", "now", "posts"),
    [
        ("6d 08:00", "7d 07:59:59.999", ["x:back"]),
        ("6d 08:00", "7d 08:00", ["x:once", "x:back"]),
        ("7d 08:00", "7d 07:59:59.999", ["x:back", "x:once"]),
        ("7d 08:00", "7d 08:00", ["x:once", "x:back"]),
        ("7d 08:00:00.001", "7d 08:00", ["x:back", "x:once"]),
    ],
)
def test_a_post_that_is_about_to_stop_counting_is_recognised_for_7_days(
    runner: Runner, stops: str, now: str, posts: list[str]
) -> None:
    day, _, time = stops.partition("d ")
    story = Story().open().people("ada", "bob").post("x:ada", "x:bob", at=f"{int(day) - 400}d {time}", id="x:once")
    story.at(now).again("x:once", at=when("6d 12:00")).post("x:bob", "x:ada", at="6d 06:00", id="x:back")
    assert [tie["reasons"][0]["posts"] for tie in runner.ties(story.events, everything=True)] == [posts]
