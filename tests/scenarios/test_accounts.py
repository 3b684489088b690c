"""Whose account it is: verified, claimed, released, replaced; several of one person; what comes before."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story


def claimants(*, accounts: str = "claimed") -> Story:
    """Ada, verified, talked with x:bob; Bob claims x:bob first, Eve second."""
    story = Story().open(accounts=accounts).people("ada").talk("x:ada", "x:bob")
    return story.register("bob", "x:bob").register("eve", "x:bob")


def all_arrive(story: Story) -> Story:
    return story.at("10:00").all_arrive("ada", "bob", "eve")


def test_a_claim_makes_no_tie_by_default(runner: Runner) -> None:
    check(runner(all_arrive(claimants(accounts="verified")).events))


def test_under_claimed_what_one_claims_is_theirs(runner: Runner) -> None:
    story = Story().open(accounts="claimed").people("ada").talk("x:ada", "x:bob").register("bob", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), suggested("ada", "bob", by="bob-in"))


def test_under_claimed_what_two_claim_is_nobodys(runner: Runner) -> None:
    check(runner(all_arrive(claimants()).events))


def test_who_claims_second_takes_it_from_the_first_and_has_it_neither(runner: Runner) -> None:
    story = Story().open(accounts="claimed").people("ada").talk("x:ada", "x:bob").register("bob", "x:bob")
    story.at("09:00").register("eve", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob", "eve").events))


def test_a_second_claim_withdraws_nothing(runner: Runner) -> None:
    story = Story().open(accounts="claimed").people("ada").talk("x:ada", "x:bob").register("bob", "x:bob")
    story.at("10:00").all_arrive("ada", "bob").at("10:30").register("eve", "x:bob").tick()
    check(runner(story.events), suggested("ada", "bob", at="10:00"))


def test_a_claim_of_who_is_erased_is_none(runner: Runner) -> None:
    check(runner(all_arrive(claimants().erase("bob")).events), suggested("ada", "eve"))


def test_a_verification_beats_every_claim(runner: Runner) -> None:
    check(runner(all_arrive(claimants().verify("eve", "x:bob")).events), suggested("ada", "eve"))


def test_a_claim_beside_a_verification_is_without_effect(runner: Runner) -> None:
    story = Story().open(accounts="claimed").people("ada").talk("x:ada", "x:bob").register("bob").register("eve")
    story.verify("bob", "x:bob").register("eve", "x:bob")
    check(runner(all_arrive(story).events), suggested("ada", "bob"))


def test_the_newest_in_the_log_to_verify_has_it_whatever_its_at(runner: Runner) -> None:
    story = claimants(accounts="verified").verify("eve", "x:bob").verify("bob", "x:bob", at="07:00")
    check(runner(all_arrive(story).events), suggested("ada", "bob"))


def test_an_old_proof_does_not_come_back_with_the_release_of_a_newer_one(runner: Runner) -> None:
    story = claimants(accounts="verified").verify("eve", "x:bob").verify("bob", "x:bob").release("bob", "x:bob")
    check(runner(all_arrive(story).events))
    story.at("10:10").verify("eve", "x:bob", id="anew")
    check(runner(story.events), suggested("ada", "eve", at="10:10", by="anew"))


def test_evidence_from_before_a_release_counts_for_the_next_owner(runner: Runner) -> None:
    story = claimants(accounts="verified").verify("eve", "x:bob").at("09:00").release("eve", "x:bob")
    story.verify("bob", "x:bob")
    check(runner(all_arrive(story).events), suggested("ada", "bob"))


def test_only_the_owner_releases(runner: Runner) -> None:
    story = claimants(accounts="verified").verify("eve", "x:bob").release("bob", "x:bob")
    check(runner(all_arrive(story).events), suggested("ada", "eve"))


def test_a_release_gives_up_the_claim_too(runner: Runner) -> None:
    story = claimants().verify("bob", "x:bob").release("bob", "x:bob")
    check(runner(all_arrive(story).events), suggested("ada", "eve"))


def test_a_claim_that_was_released_can_be_made_again(runner: Runner) -> None:
    story = claimants().release("bob", "x:bob")
    check(runner(all_arrive(story).events), suggested("ada", "eve"))
    check(runner(all_arrive(claimants().release("bob", "x:bob").register("bob", "x:bob")).events))


def test_a_registration_replaces_the_claims(runner: Runner) -> None:
    check(runner(all_arrive(claimants().register("bob", "m:bob")).events), suggested("ada", "eve"))
    check(runner(all_arrive(claimants().register("bob", "m:bob", "x:bob")).events))


def test_of_registrations_the_later_at_sets_the_claims(runner: Runner) -> None:
    check(runner(all_arrive(claimants().register("bob", "m:bob", at="07:59")).events))
    check(runner(all_arrive(claimants().register("bob", "m:bob", at="08:00")).events), suggested("ada", "eve"))


def test_registrations_never_touch_verified_accounts(runner: Runner) -> None:
    story = claimants(accounts="verified").verify("bob", "x:bob").register("bob")
    check(runner(all_arrive(story).events), suggested("ada", "bob"))


@pytest.mark.parametrize("accounts", ["verified", "claimed"])
def test_a_verified_account_needs_no_claim(runner: Runner, accounts: str) -> None:
    story = claimants(accounts=accounts).register("eve").verify("eve", "x:bob")
    check(runner(all_arrive(story).events), suggested("ada", "eve"))


def test_a_release_withdraws_nothing(runner: Runner) -> None:
    story = all_arrive(claimants(accounts="verified").verify("bob", "x:bob"))
    story.at("10:10").release("bob", "x:bob").tick()
    check(runner(story.events), suggested("ada", "bob", at="10:00"))


# Several accounts of one person


def test_a_conversation_goes_on_over_the_accounts_of_a_person(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").verify("bob", "m:bob").talk("x:ada", "m:bob", posts=2)
    story.post("x:ada", "x:bob").post("x:bob", "x:ada")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), suggested("ada", "bob"))


def test_a_post_to_two_accounts_of_one_person_is_one_post(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").verify("bob", "m:bob").post("x:ada", "m:bob", "x:bob")
    story.talk("x:bob", "x:ada", posts=1).post("x:bob", "x:ada")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))


def test_posts_between_own_accounts_are_no_conversation(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").verify("bob", "m:bob").talk("m:bob", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))
    assert runner.ties(story.events, everything=True) == []


# Before the registration, before the opening


def test_what_comes_before_the_registration_takes_effect_with_it(runner: Runner) -> None:
    story = Story().open().people("ada").verify("bob", "x:bob").talk("x:ada", "x:bob")
    story.at("10:00").arrive("ada").arrive("bob").at("10:05").register("bob", id="registers")
    check(runner(story.events), suggested("ada", "bob", at="10:05", by="registers", position="10-0"))


def test_an_account_belongs_to_who_verified_it_before_registering(runner: Runner) -> None:
    story = Story().open().people("ada").talk("x:ada", "x:bob").register("eve").verify("eve", "x:bob")
    story.verify("bob", "x:bob")
    check(runner(all_arrive(story).events))
    story.at("10:10").register("bob", id="registers")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="registers"))


def test_what_comes_before_the_opening_takes_effect_with_it(runner: Runner) -> None:
    story = Story().people("ada", "bob").talk("x:ada", "x:bob").at("10:00").arrive("ada").arrive("bob")
    check(runner(story.events))
    story.at("10:30").open(id="opens")
    check(runner(story.events), suggested("ada", "bob", at="10:30", by="opens", position="10-0"))


def test_open_is_opened_whatever_its_dates_say(runner: Runner) -> None:
    story = Story().at("-200d 08:00").open().people("ada", "bob").talk("x:ada", "x:bob")
    check(runner(story.all_arrive("ada", "bob").events), suggested("ada", "bob", at="-200d 08:00"))
