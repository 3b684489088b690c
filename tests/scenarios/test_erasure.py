"""Erasure: final, told to the other only, and what was said by and to the erased is evidence for nobody."""

import pytest

from tests.scenarios.expected import check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Story, met_at_ten
from tests.scenarios.test_known_by_chat import DAILY, THREE_DAYS, both_post

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")


@pytest.mark.parametrize(("gone", "other"), [("ada", "bob"), ("bob", "ada")])
def test_the_other_is_told_at_once(runner: Runner, gone: str, other: str) -> None:
    story = met_at_ten("ada", "bob").at("10:30").erase(gone, id="erased").at("1d 10:00").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "erased", to=[other], at="10:30", by="erased"))


def test_who_declined_is_not_told(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("bob", "ada", "declined").at("10:30").erase("ada").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "declined", to=["bob"]))


def test_the_card_of_who_was_declined_ends(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("bob", "ada", "declined").at("10:30").erase("bob", id="erased")
    ends = [
        withdrawn("ada", "bob", "declined", to=["bob"]),
        withdrawn("ada", "bob", "erased", to=["ada"], at="10:30", by="erased"),
    ]
    check(runner(story.events), FIRST, *ends)


def test_erasure_is_final_for_the_id(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").erase("bob").register("bob", "x:bob").verify("bob", "x:bob")
    story.consent("bob", matching=True).arrive("bob").talk("x:ada", "x:bob").at("16:00").arrive("bob").arrive("ada")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "erased", to=["ada"]))
    assert runner.ties(story.events, everything=True) == []


def test_erasure_beats_all_whatever_its_at(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").erase("bob", at="07:00", id="erased").register("bob", "x:bob")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "erased", to=["ada"], at="10:30", by="erased"))


def test_who_is_erased_before_registering_never_registers(runner: Runner) -> None:
    story = Story().open().people("ada").erase("bob").people("bob").talk("x:ada", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))


def test_an_erased_attendee_takes_no_account_from_another(runner: Runner) -> None:
    story = Story().open().people("ada").erase("eve").verify("eve", "x:bob").people("bob").talk("x:ada", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), FIRST)


# Evidence


def next_owner(*, erased_at: str | None = None, late_post_at: str = "09:30") -> Story:
    """Eve, who had x:bob, is erased at 09:00; Bob verifies it after; one late post is all that is missing."""
    story = Story().open(**ONE_EACH).people("ada").register("eve").verify("eve", "x:bob").talk("x:ada", "x:bob")
    story.at("09:00").erase("eve", at=erased_at).people("bob").at("09:45").post("x:ada", "x:bob", at=late_post_at)
    return story.post("x:bob", "x:ada", at="09:45").at("10:00").all_arrive("ada", "bob")


def test_for_the_next_owner_only_later_posts_count(runner: Runner) -> None:
    check(runner(next_owner().events), FIRST)
    check(runner(next_owner(late_post_at="09:00").events), FIRST)


def test_a_post_that_comes_later_but_was_earlier_does_not_count(runner: Runner) -> None:
    check(runner(next_owner(late_post_at="08:59:59.999").events))


def test_a_post_of_before_in_the_log_does_not_count_whatever_its_at(runner: Runner) -> None:
    # The erasure says 07:00, the posts 08:00; but they came before it in the log.
    story = Story().open().people("ada").register("eve").verify("eve", "x:bob").talk("x:ada", "x:bob")
    story.at("09:00").erase("eve", at="07:00").people("bob").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


def test_a_release_before_the_erasure_leaves_the_evidence(runner: Runner) -> None:
    story = Story().open().people("ada").register("eve").verify("eve", "x:bob").talk("x:ada", "x:bob")
    story.release("eve", "x:bob").erase("eve").people("bob").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), FIRST)


def test_under_claimed_the_effective_claims_end_too(runner: Runner) -> None:
    story = Story().open(accounts="claimed").people("ada").register("eve", "x:bob").talk("x:ada", "x:bob").erase("eve")
    check(runner(story.people("bob").at("10:00").all_arrive("ada", "bob").events))


@pytest.mark.parametrize("accounts", ["verified", "claimed"])
def test_a_claim_without_effect_ends_nothing(runner: Runner, accounts: str) -> None:
    story = Story().open(accounts=accounts).people("ada", "bob").register("eve", "x:bob").talk("x:ada", "x:bob")
    check(runner(story.erase("eve").at("10:00").all_arrive("ada", "bob").events), FIRST)


def test_a_claim_under_verified_ends_nothing(runner: Runner) -> None:
    story = Story().open().people("ada").register("eve", "x:bob").talk("x:ada", "x:bob").erase("eve").people("bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), FIRST)


def test_what_the_same_post_said_to_somebody_else_stays(runner: Runner) -> None:
    story = Story().open().people("ada", "bob", "eve").talk("x:ada", "x:bob", posts=3).post("x:bob", "x:ada", "x:eve")
    check(runner(story.erase("eve").at("10:00").all_arrive("ada", "bob").events), FIRST)


def test_whom_an_erased_account_was_among_still_is_a_crowd(runner: Runner) -> None:
    crowd = [f"x:crowd{n}" for n in range(9)]
    story = Story().open(**ONE_EACH).people("ada", "bob", "eve").post("x:ada", "x:bob")
    story.post("x:bob", *crowd, "x:ada", "x:eve").erase("eve").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


def test_erasure_works_also_after_the_closing(runner: Runner) -> None:
    story = Story().open().people("ada", "bob", "cyd").talk("x:ada", "x:bob").talk("x:ada", "x:cyd").close()
    story.at("10:00").talk("x:bob", "x:cyd").erase("bob")
    assert [(tie["a"], tie["b"]) for tie in runner.ties(story.events, everything=True)] == [("ada", "cyd")]


def test_sessions_of_the_erased_are_no_evidence_for_the_next_owner(runner: Runner) -> None:
    story = both_post(Story().open(chats=DAILY).people("ada").register("eve").verify("eve", "x:bob"), *THREE_DAYS)
    story.erase("eve").people("bob").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


def test_the_erased_stay_in_the_number_of_a_session(runner: Runner) -> None:
    story = Story().open(chats=DAILY, chat_sessions=1, chat_weight=1000).people("ada", "bob", "eve")
    both_post(story, "-1d 12:00").post("x:eve", tags=["hitsm"], at="-1d 12:00")
    for n in range(8):
        story.post(f"x:stranger{n}", tags=["hitsm"], at="-1d 12:00")
    story.erase("eve").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))
    check(runner(story.at("10:10").open(chats=DAILY, chat_sessions=1, chat_weight=909).events), suggested("ada", "bob"))
