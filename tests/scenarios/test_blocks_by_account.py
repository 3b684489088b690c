"""A block by account ends no card by itself: whose card went would tell whose account that is. What it does instead."""

import pytest

from tests.scenarios.expected import agreed, check, located, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story, friends, met_at_ten
from tests.scenarios.test_withdrawals import ENDS, end, match_until

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")


def test_blocking_accounts_one_after_the_other_tells_nothing_of_unnamed_cards(runner: Runner) -> None:
    story = met_at_ten("ada", "bob", "cyd").at("10:30")
    for account in ("x:cyd", "x:eve", "x:bob"):
        story.block("ada", account)
    cards = [suggested("ada", "bob"), suggested("ada", "cyd"), suggested("bob", "cyd")]
    check(runner(story.tick().events), *cards)


@pytest.mark.parametrize("cause", ENDS)
@pytest.mark.parametrize("goes", ["ada", "bob"])
def test_both_keep_the_card_until_its_natural_end(runner: Runner, goes: str, cause: str) -> None:
    story = end(match_until(cause).at("10:20").block("ada", "x:bob").at("11:00"), goes, cause)
    check(runner(story.events), FIRST, withdrawn("ada", "bob", cause, at="11:00"))


@pytest.mark.parametrize("gone", ["ada", "bob"])
def test_an_erasure_ends_it_as_ever(runner: Runner, gone: str) -> None:
    story = met_at_ten("ada", "bob").at("10:20").block("ada", "x:bob").at("11:00").erase(gone)
    other = "bob" if gone == "ada" else "ada"
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "erased", to=[other], at="11:00"))


@pytest.mark.parametrize("unblocked", [False, True])
@pytest.mark.parametrize("blocker", ["ada", "bob"])
def test_it_can_no_longer_be_agreed(runner: Runner, blocker: str, unblocked: bool) -> None:
    blocked = "x:bob" if blocker == "ada" else "x:ada"
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").at("10:20").block(blocker, blocked)
    if unblocked:
        story.at("10:30").unblock(blocker, blocked)
    story.answer("bob", "ada", "accepted").at("10:40").answer("ada", "bob", "accepted").tick()
    check(runner(story.events), FIRST)


@pytest.mark.parametrize("unblocked", [None, "10:30", "11:30", "14:00"])
def test_the_pair_is_never_suggested_again_also_when_unblocked(runner: Runner, unblocked: str | None) -> None:
    story = met_at_ten("ada", "bob").at("10:20").block("ada", "x:bob")
    for time in ("10:30", "11:00", "11:30", "14:00", "16:00"):
        story.at(time)
        if time == unblocked:
            story.unblock("ada", "x:bob")
        if time == "11:00":
            story.leave("bob").arrive("bob")
    story.tick().at("1d 09:00").arrive("ada").arrive("bob")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="11:00"))


def test_declining_still_ends_ones_own(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:20").block("ada", "x:bob").at("10:30").answer("ada", "bob", "declined")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "declined", to=["ada"], at="10:30"))


def test_a_block_by_id_beside_it_ends_ones_own(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:20").block("ada", "x:bob").at("10:30").block("ada", "bob", id="by-id")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "blocked", to=["ada"], at="10:30", by="by-id"))


def test_what_was_agreed_stays_and_passes_on(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted").at("10:20")
    story.block("ada", "x:bob").at("10:30").answer("bob", "ada", "here", place="hall-a").at("11:00").leave("ada")
    check(
        runner(story.at("11:00").arrive("ada").at("16:00").tick().events),
        FIRST,
        agreed("ada", "bob", at="10:00"),
        located("bob", "hall-a", to="ada", at="10:30"),
        withdrawn("ada", "bob", "left", at="11:00"),
    )


def test_a_block_takes_hold_when_the_account_becomes_the_others(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").block("ada", "m:bob").answer("ada", "bob", "accepted")
    story.at("11:00").verify("bob", "m:bob").answer("bob", "ada", "accepted")
    check(runner(story.events), FIRST)
    story.release("bob", "m:bob").at("11:30").leave("bob").at("16:00").arrive("bob")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="11:30"))


def test_a_claim_is_enough_to_be_blocked(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").register("bob", "m:bob").block("ada", "m:bob").at("10:40")
    story.answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    check(runner(story.events), FIRST)


def test_an_older_block_than_the_unblocking_spoils_nothing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").unblock("ada", "x:bob").at("10:40").block("ada", "x:bob", at="10:29")
    story.answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    check(runner(story.events), FIRST, agreed("ada", "bob", at="10:40"))


def test_a_block_before_the_match_and_taken_back_spoils_nothing(runner: Runner) -> None:
    story = friends("ada", "bob").block("ada", "x:bob").at("10:00").all_arrive("ada", "bob").at("10:30")
    story.unblock("ada", "x:bob").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    check(runner(story.events), suggested("ada", "bob", at="10:30"), agreed("ada", "bob", at="10:30"))


def test_the_blocker_of_an_account_that_went_to_somebody_else_has_two_cards(runner: Runner) -> None:
    # What spoiled the first match stays so; the new owner of the account is blocked from now on.
    story = met_at_ten("ada", "bob", "cyd").at("10:20").block("ada", "x:bob").at("10:30").release("bob", "x:bob")
    story.verify("cyd", "x:bob").answer("ada", "cyd", "accepted").answer("cyd", "ada", "accepted")
    story.answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    cards = [suggested("ada", "bob"), suggested("ada", "cyd"), suggested("bob", "cyd")]
    check(runner(story.tick().events), *cards)


def later_after(story: Story) -> Story:
    return story.answer("ada", "bob", "later").at("12:00").tick()


def test_ones_own_later_comes_again_beside_ones_own_block(runner: Runner) -> None:
    story = later_after(met_at_ten("ada", "bob").at("10:20").block("ada", "x:bob"))
    check(runner(story.events), FIRST, suggested("ada", "bob", to=["ada"], at="11:20"))
