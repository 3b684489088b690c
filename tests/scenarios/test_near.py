"""Where people are: the place, near, the places of an agreement."""

from typing import Any

import pytest

from tests.scenarios.expected import agreed, check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Json, friends, met_at_ten


def near(first: str, second: str, place: str | None = "hall-a", **opening: Any) -> list[Json]:
    """Ada arrives at hall-a at `first`, Bob at `second` in some place."""
    story = friends("ada", "bob", **opening).at(first).arrive("ada", "hall-a").at(second).arrive("bob", place)
    return story.events


def test_near_is_the_same_place_less_than_30_minutes_ago(runner: Runner) -> None:
    check(runner(near("10:00", "10:29:59.999")), suggested("ada", "bob", near=True))
    check(runner(near("10:00", "10:30")), suggested("ada", "bob", near=False))


def test_near_needs_one_place(runner: Runner) -> None:
    check(runner(near("10:00", "10:10", "hall-b")), suggested("ada", "bob", near=False))
    check(runner(near("10:00", "10:10", None)), suggested("ada", "bob", near=False))
    check(runner(met_at_ten("ada", "bob").events), suggested("ada", "bob", near=False))


def test_near_minutes_are_policy(runner: Runner) -> None:
    check(runner(near("10:00", "10:10", near_minutes=10)), suggested("ada", "bob", near=False))
    check(runner(near("10:00", "10:10", near_minutes=11)), suggested("ada", "bob", near=True))


@pytest.mark.parametrize("private", ["ada", "bob"])
def test_near_needs_both_to_share_their_place(runner: Runner, private: str) -> None:
    story = friends("ada", "bob").consent(private, share_place=False).at("10:00").arrive("ada", "hall-a")
    check(runner(story.arrive("bob", "hall-a").events), suggested("ada", "bob", near=False))


def test_near_ends_with_leaving_the_place(runner: Runner) -> None:
    for place, is_near in (("hall-a", False), ("hall-b", True)):
        story = friends("ada", "bob").at("10:00").arrive("ada", "hall-a").at("10:05").leave("ada", place)
        check(runner(story.at("10:10").arrive("bob", "hall-a").events), suggested("ada", "bob", near=is_near))


def test_the_place_is_the_one_of_the_last_arrival(runner: Runner) -> None:
    for last, is_near in (("hall-b", False), (None, False), ("hall-a", True)):
        story = friends("ada", "bob").at("10:00").arrive("ada", "hall-a").at("10:05").arrive("ada", last)
        check(runner(story.at("10:10").arrive("bob", "hall-a").events), suggested("ada", "bob", near=is_near))


def test_an_old_leaving_of_the_place_does_not_count(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada", "hall-a").at("10:10").leave("ada", "hall-a", at="09:00")
    check(runner(story.arrive("bob", "hall-a").events), suggested("ada", "bob", near=True))


def test_the_agreement_tells_the_places_only_of_who_shares(runner: Runner) -> None:
    story = friends("ada", "bob").consent("bob", share_place=False).at("10:00")
    story.arrive("ada", "hall-a").arrive("bob", "hall-b").answer("ada", "bob", "accepted")
    story.at("11:00").answer("bob", "ada", "accepted")
    places = {"ada": "hall-a", "bob": None}
    check(runner(story.events), suggested("ada", "bob"), agreed("ada", "bob", at="11:00", places=places))
    story = friends("ada", "bob").at("10:00").arrive("ada", "hall-a").arrive("bob", "hall-b")
    story.answer("ada", "bob", "accepted").at("10:30").leave("ada", "hall-a").answer("bob", "ada", "accepted")
    places = {"ada": None, "bob": "hall-b"}
    check(runner(story.events), suggested("ada", "bob"), agreed("ada", "bob", at="10:30", places=places))
