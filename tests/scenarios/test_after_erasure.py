"""What is left of the erased: a number in their sessions, and that their posts can still be deleted."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Story
from tests.scenarios.test_known_by_chat import DAILY, both_arrive, both_post

ALONE = suggested("ada", "bob", at="10:00", by="bob-in")


def ten_and_eve(*, without: int = 0, **opening: object) -> Story:
    """Ada, Bob and so many strangers are ten people of today's session; Eve, who is erased at 09:00, the eleventh."""
    story = Story().open(chats=DAILY, chat_sessions=1, chat_weight=1000, **opening).people("ada", "bob", "eve")
    both_post(story, "08:00")
    for n in range(8 - without):
        story.post(f"x:stranger{n}", tags=["hitsm"])
    return story.post("x:eve", tags=["hitsm"], id="x:of-eve").at("09:00").erase("eve", id="erased")


def test_a_deletion_takes_the_erased_out_of_the_number(runner: Runner) -> None:
    check(runner(both_arrive(ten_and_eve()).events))
    check(runner(both_arrive(ten_and_eve().delete("x:eve", "x:of-eve")).events), ALONE)


def test_a_deletion_takes_out_what_was_said_before_the_erasure_only(runner: Runner) -> None:
    story = ten_and_eve().post("x:eve", tags=["hitsm"], id="x:anew").delete("x:eve", "x:of-eve")
    check(runner(both_arrive(story).events))
    story = ten_and_eve().post("x:eve", tags=["hitsm"], id="x:anew").delete("x:eve", "x:of-eve")
    check(runner(both_arrive(story.delete("x:eve", "x:anew")).events), ALONE)


def test_nobody_else_deletes_what_the_erased_said(runner: Runner) -> None:
    check(runner(both_arrive(ten_and_eve().delete("x:stranger0", "x:of-eve").delete("x:nobody", "x:of-eve")).events))


def test_the_erased_are_one_person_whenever_they_posted(runner: Runner) -> None:
    # Eve is the tenth. What comes of her later, said before the erasure or after, makes no eleventh.
    story = ten_and_eve(without=1).post("x:eve", tags=["hitsm"], at="08:30").post("x:eve", tags=["hitsm"])
    check(runner(both_arrive(story).events), ALONE)


@pytest.mark.parametrize("deleted", [False, True])
def test_a_late_post_of_the_erased_counts_in_the_number(runner: Runner, deleted: bool) -> None:
    # Eve's other post is gone; this one, said before the erasure, comes after it.
    story = ten_and_eve().delete("x:eve", "x:of-eve").post("x:eve", tags=["hitsm"], at="08:30", id="x:late")
    if deleted:
        story.delete("x:eve", "x:late")
    check(runner(both_arrive(story).events), *[ALONE] * deleted)


def test_the_erased_are_one_person_after_others_grew_too_old(runner: Runner) -> None:
    story = ten_and_eve(without=1, evidence_days=2, presence_hours=48)
    story.post("x:old", at="-1d 12:00").at("1d 13:00").post("x:eve", tags=["hitsm"], at="09:30")
    story.all_arrive("ada", "bob")
    check(runner(story.events), suggested("ada", "bob", at="1d 13:00"))


def test_a_post_of_the_moment_of_the_erasure_counts_for_the_next_owner(runner: Runner) -> None:
    story = Story().open(**ONE_EACH).people("ada").register("eve").verify("eve", "x:bob").post("x:bob", "x:ada")
    story.at("09:00").erase("eve").people("bob").at("09:30").post("x:bob", "x:ada", at="09:00").post("x:ada", "x:bob")
    check(runner(both_arrive(story).events), ALONE)


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("seen_first", ["x:eve", "x:bob"])
def test_what_the_same_post_said_to_somebody_else_can_be_deleted(
    runner: Runner, seen_first: str, deleted: bool
) -> None:
    story = Story().open().people("ada").post(seen_first).people("bob", "eve").talk("x:ada", "x:bob", posts=3)
    story.post("x:bob", "x:ada", "x:eve", id="x:both").erase("eve")
    if deleted:
        story.delete("x:bob", "x:both")
    check(runner(both_arrive(story).events), *[ALONE] * (not deleted))


def test_a_deletion_before_its_post_holds_after_an_erasure(runner: Runner) -> None:
    story = Story().open(**ONE_EACH).people("ada", "bob", "eve").delete("x:ada", "x:later").erase("eve")
    story.post("x:ada", "x:bob", id="x:later").post("x:bob", "x:ada")
    check(runner(both_arrive(story).events))


@pytest.mark.parametrize("late", ["x:later", "x:other"])
def test_what_the_erased_deleted_before_it_came_stays_deleted(runner: Runner, late: str) -> None:
    story = Story().open(**ONE_EACH).people("ada").register("eve").verify("eve", "x:bob")
    story.delete("x:bob", "x:later").at("09:00").erase("eve").people("bob")
    story.post("x:bob", "x:ada", id=late).post("x:ada", "x:bob")
    check(runner(both_arrive(story).events), *[ALONE] * (late == "x:other"))
