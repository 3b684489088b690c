"""What a session of a chat weighs by its people, and how long it counts."""

import pytest

from tests.scenarios.expected import chat, check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story
from tests.scenarios.test_known_by_chat import DAILY, FRIDAYS, THREE_DAYS, both_arrive, both_post, cast

# Weight


def crowded(story: Story, people: int, *times: str) -> Story:
    """Ada, Bob and strangers: so many people in each session."""
    for time in times:
        both_post(story, time)
        for n in range(people - 2):
            story.post(f"x:stranger{n}", tags=["hitsm"], at=time)
    return story


@pytest.mark.parametrize(
    ("people", "weight"),
    [
        (10, 1000),
        (11, 909),
        pytest.param(500, 20, marks=pytest.mark.slow),
        pytest.param(501, 0, marks=pytest.mark.slow),
    ],
)
def test_a_session_weighs_ten_thousand_by_its_people(runner: Runner, people: int, weight: int) -> None:
    enough = crowded(cast(DAILY, chat_sessions=1, chat_weight=weight), people, "-1d 12:00")
    check(runner(both_arrive(enough).events), suggested("ada", "bob"))
    short = crowded(cast(DAILY, chat_sessions=1, chat_weight=weight + 1), people, "-1d 12:00")
    check(runner(both_arrive(short).events))


def test_a_session_of_weight_0_is_a_common_session(runner: Runner) -> None:
    story = crowded(both_post(cast(DAILY), *THREE_DAYS[1:]), 501, "-3d 12:00")
    reason = chat("hitsm", 3, "-1d 12:00", "x:4", "x:3", "x:2", "x:1", "x:6")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))


def test_several_accounts_of_one_attendee_are_one_person_of_a_session(runner: Runner) -> None:
    story = crowded(cast(DAILY, chat_sessions=1, chat_weight=1000), 10, "-1d 12:00")
    story.post("m:ada", tags=["hitsm"], at="-1d 12:00")
    check(runner(both_arrive(story).events))
    story.at("10:30").verify("ada", "m:ada", id="hers")
    check(runner(story.events), suggested("ada", "bob", at="10:30", by="hers"))


def test_a_deleted_last_post_takes_its_author_out_of_the_number(runner: Runner) -> None:
    story = crowded(cast(DAILY, chat_sessions=1, chat_weight=1000), 11, "-1d 12:00")
    story.post("x:stranger0", tags=["hitsm"], at="-1d 13:00", id="x:more")
    both_arrive(story).at("10:30").delete("x:stranger0", "x:more")
    check(runner(story.events))
    story.at("10:40").delete("x:stranger0", "x:3", id="last")
    check(runner(story.events), suggested("ada", "bob", at="10:40", by="last"))


# Age


def test_a_session_counts_by_its_start(runner: Runner) -> None:
    # Each opening of the window is 17:00 UTC; Ada and Bob posted at 17:30.
    story = both_post(cast(FRIDAYS, chat_sessions=1, chat_weight=0, evidence_days=7, presence_hours=8760), "-3d 17:30")
    check(runner(both_arrive(story, "4d 16:59:59.999").events), suggested("ada", "bob"))
    check(
        runner(
            both_arrive(
                both_post(cast(FRIDAYS, chat_sessions=1, chat_weight=0, evidence_days=7), "-3d 17:30"),
                "4d 17:00",
            ).events
        )
    )


def test_a_day_counts_by_its_start(runner: Runner) -> None:
    days = ("-399d 23:59", "-2d 12:00", "-1d 12:00")
    check(runner(both_arrive(both_post(cast(DAILY), *days), "23:59:59.999").events), suggested("ada", "bob"))
    check(runner(both_arrive(both_post(cast(DAILY).at("1d 00:00"), *days), "1d 00:00").events))
