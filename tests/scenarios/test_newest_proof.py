"""The newest proof has an account: who had it loses it, and every card of theirs that rests on nothing any more."""

import pytest

from tests.scenarios.expected import agreed, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story, met_at_ten
from tests.scenarios.test_known_by_chat import DAILY, THREE_DAYS, both_arrive, both_post
from tests.scenarios.test_known_by_chat import cast as chat_cast

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")
UNPROVED = withdrawn("ada", "bob", "unproved", at="11:00", by="proof")


def taken(story: Story, *, account: str = "x:bob", by: str = "eve") -> Story:
    """Eve, who is not here, proves it at 11:00."""
    return story.at("11:00").register(by).verify(by, account, id="proof")


def test_the_present_owner_proves_it_and_the_first_verifiers_card_goes(runner: Runner) -> None:
    # Somebody verified what was never theirs, and got the card of the owner's friend.
    story = taken(met_at_ten("ada", "bob"))
    check(runner(story.events), FIRST, UNPROVED)
    story.at("11:10").arrive("eve", id="eve-in")
    check(runner(story.events), FIRST, UNPROVED, suggested("ada", "eve", at="11:10", by="eve-in"))


def test_also_by_somebody_who_is_not_registered(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").verify("eve", "x:bob", id="proof")
    check(runner(story.events), FIRST, UNPROVED)


def test_the_card_with_the_new_owner_goes_too(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").verify("ada", "x:bob", id="proof")
    check(runner(story.events), FIRST, UNPROVED)


def test_an_agreed_card_goes_too(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    check(runner(taken(story).events), FIRST, agreed("ada", "bob"), UNPROVED)


def test_only_who_still_has_the_card_is_told(runner: Runner) -> None:
    story = taken(met_at_ten("ada", "bob").at("10:30").answer("bob", "ada", "declined"))
    no = withdrawn("ada", "bob", "declined", to=["bob"])
    check(runner(story.events), FIRST, no, {**UNPROVED, "to": ["ada"]})
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    check(runner(taken(story.answer("ada", "bob", "met")).events), FIRST, agreed("ada", "bob"))


def test_a_card_that_rests_on_another_account_stays(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").verify("bob", "m:bob").talk("x:ada", "m:bob")
    check(runner(taken(story).events), FIRST)


def test_a_card_that_rests_on_chats_stays_or_goes_with_them(runner: Runner) -> None:
    story = both_post(chat_cast(DAILY), *THREE_DAYS).talk("x:ada", "m:bob").verify("bob", "m:bob")
    check(runner(taken(both_arrive(story), account="m:bob").events), FIRST)
    chats_alone = both_arrive(both_post(chat_cast(DAILY), *THREE_DAYS))
    check(runner(taken(chats_alone).events), FIRST, UNPROVED)


def test_every_card_of_who_lost_it_is_looked_at(runner: Runner) -> None:
    story = taken(met_at_ten("ada", "bob", "cyd"))
    cards = [suggested("ada", "bob"), suggested("ada", "cyd"), suggested("bob", "cyd")]
    ends = [withdrawn(*pair, "unproved", at="11:00", by="proof") for pair in (("ada", "bob"), ("bob", "cyd"))]
    check(runner(story.events), *cards, *ends)


def test_a_card_whose_posts_were_deleted_goes_with_a_proof_of_another_account(runner: Runner) -> None:
    # Deleted posts withdraw nothing by themselves; the loss of an account looks at what is left.
    story = met_at_ten("ada", "bob").verify("bob", "m:bob").delete("x:ada", "x:1")
    check(runner(taken(story, account="m:bob").events), FIRST, UNPROVED)


def test_verifying_what_one_has_changes_nothing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").delete("x:ada", "x:1").at("11:00").verify("bob", "x:bob")
    check(runner(story.tick().events), FIRST)


@pytest.mark.parametrize("back", ["proved", "released and proved"])
def test_such_a_pair_is_never_suggested_again(runner: Runner, back: str) -> None:
    story = taken(met_at_ten("ada", "bob")).at("12:00")
    if back == "released and proved":
        story.release("eve", "x:bob")
    story.verify("bob", "x:bob").at("16:00").arrive("ada").arrive("bob").at("1d 01:00").tick()
    check(runner(story.events), FIRST, UNPROVED)


def test_a_pair_without_an_open_card_may_come_when_they_know_each_other_again(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").leave("bob").arrive("bob")
    taken(story).at("12:00").verify("bob", "x:bob").at("15:00").tick()
    again = suggested("ada", "bob", n=1, at="14:30")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="10:30"), again)


def test_an_erased_attendee_takes_nothing(runner: Runner) -> None:
    check(runner(met_at_ten("ada", "bob").at("11:00").erase("eve").verify("eve", "x:bob").tick().events), FIRST)


# Under `claimed`


def claimed() -> Story:
    """Bob only claims x:bob, and gets Ada's card by it."""
    story = Story().open(accounts="claimed").people("ada").talk("x:ada", "x:bob").register("bob", "x:bob")
    return story.at("10:00").all_arrive("ada", "bob")


def test_a_proof_ends_the_cards_of_an_effective_claim(runner: Runner) -> None:
    check(runner(taken(claimed()).events), FIRST, UNPROVED)


def test_proving_ones_own_claim_changes_nothing(runner: Runner) -> None:
    check(runner(claimed().at("11:00").verify("bob", "x:bob").tick().events), FIRST)


def test_a_claim_that_two_had_is_lost_by_nobody(runner: Runner) -> None:
    # The card outlived the second claim, which withdraws nothing; nobody had the account as Eve proves it.
    story = claimed().at("10:30").register("cyd", "x:bob")
    check(runner(taken(story).events), FIRST)


def test_a_claim_without_effect_under_verified_is_lost_by_nobody(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").register("bob", "m:bob").delete("x:ada", "x:1")
    check(runner(taken(story, account="m:bob").events), FIRST)
