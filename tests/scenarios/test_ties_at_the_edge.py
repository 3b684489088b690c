"""Evidence that just is one: common contacts with many contacts, sessions of no weight, ties of everybody."""

import pytest

from streams.matching import ties_of
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Story
from tests.scenarios.test_explaining import matcher_of
from tests.scenarios.test_known_by_chat import DAILY
from tests.scenarios.test_session_weight import crowded


def popular(contacts: int, *, to_both: bool = False) -> Story:
    """Ada and Bob have one common contact, x:hub, who has so many."""
    story = Story().open(**ONE_EACH).people("ada", "bob").post("x:ada", "x:hub").post("x:bob", "x:hub")
    if to_both:
        story.post("x:hub", "x:ada", "x:bob")
    for n in range(contacts - 2):
        story.post("x:hub", f"x:fan{n}")
    return story


def talked(story: Story) -> Story:
    """Three posts of today: 3, 1 of them the less frequent way, and 4 for the day are 8."""
    return story.post("x:ada", "x:bob").post("x:bob", "x:ada").post("x:ada", "x:bob")


def test_a_common_contact_is_a_tie_of_all_only(runner: Runner) -> None:
    assert runner.ties(popular(2).events) == []
    [tie] = runner.ties(popular(2).events, everything=True)
    # A half, of 20 and a half.
    assert (tie["a"], tie["b"], tie["known"], tie["score"], tie["reasons"]) == ("ada", "bob", False, 0.0243, [])


# 8 of 28; beside that a hundredth is 3 of 10,000.
@pytest.mark.parametrize(("contacts", "score"), [(100, 0.2859), (101, 0.2857)])
def test_a_contact_of_100_says_something_one_of_101_nothing(runner: Runner, contacts: int, score: float) -> None:
    story = talked(popular(contacts))
    assert [tie["score"] for tie in runner.ties(story.events)] == [score]


def test_the_accounts_of_a_person_are_one_contact_of_their_contact(runner: Runner) -> None:
    # The hub has 101, then 102 contacts by account; Ada and Bob, with two each, are two of a hundred.
    story = popular(100).verify("ada", "m:ada").post("m:ada", "x:hub")
    assert [tie["score"] for tie in runner.ties(story.events, everything=True)] == [0.0004]
    story.verify("bob", "m:bob").post("x:hub", "m:bob")
    assert [tie["score"] for tie in runner.ties(story.events, everything=True)] == [0.0004]
    talked(story).post("x:hub", "x:one-more")
    assert [tie["score"] for tie in runner.ties(story.events)] == [0.2857]


def test_a_common_contact_that_says_nothing_is_no_tie() -> None:
    assert list(ties_of(matcher_of(popular(101)), everything=True)) == []


def test_a_contact_who_addressed_both_binds_what_they_said(runner: Runner) -> None:
    # With a bond of a fourth: 8 * (1 + 3/4) + 1/4.
    story = talked(popular(4, to_both=True))
    assert [tie["score"] for tie in runner.ties(story.events)] == [0.4160]
    assert [tie["score"] for tie in runner.ties(talked(popular(4)).events)] == [0.2920]


def test_a_session_of_no_weight_is_listed_with_all() -> None:
    matcher = matcher_of(crowded(Story().open(chats=DAILY).people("ada", "bob"), 501, "-1d 12:00"))
    [tie] = ties_of(matcher, everything=True)
    [reason] = tie.reasons
    assert (tie.known, tie.score, reason.kind, reason.count, reason.posts) == (False, 0, "chat", 1, ("x:2", "x:1"))


def test_ties_are_those_that_are_known_unless_all_are_asked_for() -> None:
    matcher = matcher_of(Story().open().people("ada", "bob").post("x:ada", "x:bob"))
    assert list(ties_of(matcher)) == []
    assert len(list(ties_of(matcher, everything=True))) == 1
