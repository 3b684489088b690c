"""Who knows whom by conversation: directions, counts, days, reposts, crowds, deletions, 400 days."""

from typing import Any

import pytest

from tests.scenarios.expected import check, conversation, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Json, Story


def cast(**opening: Any) -> Story:
    return Story().open(**opening).people("ada", "bob")


def both_arrive(story: Story, at: str = "10:00") -> Story:
    return story.at(at).all_arrive("ada", "bob")


def test_two_posts_each_way_on_two_days_are_enough(runner: Runner) -> None:
    story = both_arrive(cast().talk("x:ada", "x:bob"))
    reason = conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1")
    check(runner(story.events), suggested("ada", "bob", at="10:00", by="bob-in", reasons=[reason]))


@pytest.mark.parametrize("posts", [1, 2, 3])
def test_fewer_are_not_enough(runner: Runner, posts: int) -> None:
    check(runner(both_arrive(cast().talk("x:ada", "x:bob", posts=posts)).events))


def test_many_posts_of_one_utc_day_are_not_enough(runner: Runner) -> None:
    story = cast()
    for minute in range(10, 20):
        story.post("x:ada", "x:bob", at=f"00:{minute}").post("x:bob", "x:ada", at=f"07:{minute}")
    check(runner(both_arrive(story).events))


def test_days_are_utc_days_of_either(runner: Runner) -> None:
    # One posts on one day, the other on the next one.
    story = cast().post("x:ada", "x:bob", at="-1d 23:58").post("x:ada", "x:bob", at="-1d 23:59:59.999")
    story.post("x:bob", "x:ada", at="00:00").post("x:bob", "x:ada", at="00:01")
    check(runner(both_arrive(story).events), suggested("ada", "bob"))


def test_one_direction_never_suffices(runner: Runner) -> None:
    story = cast()
    for day in range(9):
        story.post("x:ada", "x:bob", at=f"-{day + 1}d 12:00")
    check(runner(both_arrive(story).events))


def test_who_is_answered_once_is_not_known(runner: Runner) -> None:
    # Somebody mentions Bob for days; Bob says "stop", once.
    story = cast()
    for day in range(9):
        story.post("x:ada", "x:bob", at=f"-{day + 1}d 12:00")
    check(runner(both_arrive(story.post("x:bob", "x:ada")).events))
    story.at("10:10").post("x:bob", reply_to="x:ada", id="x:twice")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="x:twice"))


def test_a_reply_addresses_like_a_mention(runner: Runner) -> None:
    story = cast().post("x:ada", reply_to="x:bob", at="-1d 08:00").post("x:bob", reply_to="x:ada", at="-1d 09:00")
    story.post("x:ada", reply_to="x:bob").post("x:bob", reply_to="x:ada")
    reason = conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))


def test_a_post_that_mentions_and_replies_to_one_person_counts_once(runner: Runner) -> None:
    story = cast().post("x:bob", "x:ada", "x:ada", reply_to="x:ada")
    check(runner(both_arrive(story.talk("x:ada", "x:bob", posts=1).post("x:ada", "x:bob")).events))


def test_a_repost_is_no_evidence_whatever_else_it_has(runner: Runner) -> None:
    story = cast().talk("x:ada", "x:bob", posts=3).post("x:bob", "x:ada", reply_to="x:ada", repost_of="x:ada")
    check(runner(both_arrive(story).events))


def test_a_null_repost_is_a_post(runner: Runner) -> None:
    story = cast().talk("x:ada", "x:bob", posts=3).post("x:bob", "x:ada", reply_to=None, repost_of=None)
    check(runner(both_arrive(story).events), suggested("ada", "bob"))


@pytest.mark.parametrize(("others", "is_conversation"), [(9, True), (10, False)])
def test_who_addresses_more_than_ten_talks_to_nobody(runner: Runner, others: int, is_conversation: bool) -> None:
    crowd = [f"x:crowd{n}" for n in range(others)]
    story = cast().talk("x:ada", "x:bob", posts=3).post("x:bob", *crowd, "x:ada")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * is_conversation)


def test_ten_are_counted_by_account_and_without_the_author(runner: Runner) -> None:
    crowd = [f"x:crowd{n}" for n in range(9)]
    story = cast().talk("x:ada", "x:bob", posts=3).post("x:bob", *crowd, *crowd, "x:ada", "x:bob", reply_to="x:ada")
    check(runner(both_arrive(story).events), suggested("ada", "bob"))


@pytest.mark.parametrize(
    ("short", "enough"),
    [({"known_each": 3}, {"known_each": 2}), ({"known_posts": 6}, {"known_posts": 5}), ({"known_days": 3}, {})],
)
def test_what_makes_known_is_policy(runner: Runner, short: Json, enough: Json) -> None:
    check(runner(both_arrive(cast(**short).talk("x:ada", "x:bob", posts=5)).events))
    check(runner(both_arrive(cast(**enough).talk("x:ada", "x:bob", posts=5)).events), suggested("ada", "bob"))


def test_one_post_each_way_can_be_made_enough_each_of_the_three_by_itself(runner: Runner) -> None:
    check(runner(both_arrive(cast(**ONE_EACH).talk("x:ada", "x:bob", posts=2)).events), suggested("ada", "bob"))
    for name, more in (("known_each", 2), ("known_posts", 3), ("known_days", 2)):
        check(runner(both_arrive(cast(**{**ONE_EACH, name: more}).talk("x:ada", "x:bob", posts=2)).events))
    three_days = cast(known_days=3).talk("x:ada", "x:bob", posts=9)
    check(runner(both_arrive(three_days).events))
    three_days.post("x:bob", "x:ada", at="-2d 12:00", id="x:old")
    check(runner(three_days.events), suggested("ada", "bob", by="x:old"))


# Age


@pytest.mark.parametrize(("oldest", "counts"), [("-400d 10:00", False), ("-400d 10:00:00.001", True)])
def test_a_post_counts_less_than_400_days(runner: Runner, oldest: str, counts: bool) -> None:
    story = cast().post("x:ada", "x:bob", at=oldest).talk("x:bob", "x:ada", posts=3)
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * counts)


def test_what_was_known_is_forgotten_with_its_posts(runner: Runner) -> None:
    # Those of the day before the story are the first to go.
    story = cast(presence_hours=8760).talk("x:ada", "x:bob")
    check(runner(both_arrive(story, "399d 07:59").events), suggested("ada", "bob", at="399d 07:59"))
    check(runner(both_arrive(cast().talk("x:ada", "x:bob"), "399d 08:00").events))


def test_evidence_days_are_policy(runner: Runner) -> None:
    check(
        runner(both_arrive(cast(evidence_days=2).talk("x:ada", "x:bob"), "1d 07:59").events),
        suggested("ada", "bob"),
    )
    check(runner(both_arrive(cast(evidence_days=2).talk("x:ada", "x:bob"), "1d 08:00").events))


def test_posts_before_the_registration_count(runner: Runner) -> None:
    story = Story().open().talk("x:ada", "x:bob").at("09:00").people("ada", "bob")
    check(runner(both_arrive(story).events), suggested("ada", "bob"))


def test_a_post_can_be_what_was_missing(runner: Runner) -> None:
    story = both_arrive(cast().talk("x:ada", "x:bob", posts=3)).at("10:05").post("x:bob", "x:ada", id="x:last")
    check(runner(story.events), suggested("ada", "bob", at="10:05", by="x:last", position="10-0"))


# Deletions


def test_a_deleted_post_is_no_evidence(runner: Runner) -> None:
    story = cast().talk("x:ada", "x:bob").delete("x:ada", "x:3")
    check(runner(both_arrive(story).events))


def test_a_deletion_may_come_before_its_post(runner: Runner) -> None:
    story = cast().delete("x:ada", "x:3").talk("x:ada", "x:bob")
    check(runner(both_arrive(story).events))


def test_only_the_actor_deletes(runner: Runner) -> None:
    story = cast().delete("x:bob", "x:3").talk("x:ada", "x:bob").delete("x:bob", "x:1")
    check(runner(both_arrive(story).events), suggested("ada", "bob"))


def test_deleted_posts_withdraw_nothing(runner: Runner) -> None:
    story = both_arrive(cast().talk("x:ada", "x:bob"))
    for post in ("x:1", "x:3"):
        story.at("10:30").delete("x:ada", post)
    check(runner(story.tick().events), suggested("ada", "bob", at="10:00"))


# What the reason says


def test_the_newest_five_posts_are_named_newest_first(runner: Runner) -> None:
    story = cast().post("x:bob", "x:ada", at="-1d 08:00")
    for minute in (3, 1, 7, 2, 6, 4, 5):  # the order in the log is not that of the posts
        story.post("x:ada", "x:bob", at=f"07:0{minute}", id=f"x:at{minute}")
    story.post("x:bob", "x:ada", at="07:08", id="x:back")
    reason = conversation(9, "07:08", "x:back", "x:at7", "x:at6", "x:at5", "x:at4")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))


def test_of_posts_at_one_time_the_later_in_the_log_is_newer(runner: Runner) -> None:
    story = cast(**ONE_EACH).post("x:ada", "x:bob", id="x:zz").post("x:bob", "x:ada", id="x:aa")
    reason = conversation(3, "08:00", "x:mm", "x:aa", "x:zz")
    story.post("x:ada", "x:bob", id="x:mm")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))


def test_the_hashtag_is_the_one_most_posts_have_then_the_first_by_alphabet(runner: Runner) -> None:
    most = cast(**ONE_EACH).post("x:ada", "x:bob", tags=["fhir", "aa"]).post("x:bob", "x:ada", tags=["fhir"])
    most.post("x:ada", "x:bob")
    reason = conversation(3, "08:00", "x:3", "x:2", "x:1", hashtag="fhir")
    check(runner(both_arrive(most).events), suggested("ada", "bob", reasons=[reason]))
    even = cast().talk("x:ada", "x:bob", tags=["fhir", "aa", "fhir"])
    reason = conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1", hashtag="aa")
    check(runner(both_arrive(even).events), suggested("ada", "bob", reasons=[reason]))


def test_a_future_post_counts_as_of_now(runner: Runner) -> None:
    story = cast().talk("x:ada", "x:bob", posts=3).post("x:bob", "x:ada", at="08:09", id="x:ahead")
    reason = conversation(4, "08:00", "x:ahead", "x:3", "x:2", "x:1")
    check(runner(both_arrive(story).events), suggested("ada", "bob", reasons=[reason]))
