"""Consents and blocks: which of several counts, whom a block names, that it works both ways."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story

# Consents


def test_both_must_consent_to_matching(runner: Runner) -> None:
    story = Story().open().people("ada").people("bob", matching=False).talk("x:ada", "x:bob")
    story.at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))
    story.at("10:10").consent("bob", matching=True, id="yes")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="yes"))


def test_consent_counts_in_the_first_registration_only(runner: Runner) -> None:
    story = Story().open().people("ada").people("bob", matching=False).talk("x:ada", "x:bob")
    story.register("bob", matching=True).at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


def test_the_first_registration_is_the_first_in_the_log(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").register("bob", matching=False, at="07:00").talk("x:ada", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), suggested("ada", "bob"))


def test_a_change_of_consent_beats_the_registration_whatever_its_at(runner: Runner) -> None:
    story = Story().open().people("ada").consent("bob", matching=False, at="07:00").people("bob")
    check(runner(story.talk("x:ada", "x:bob").at("10:00").all_arrive("ada", "bob").events))


def test_each_consent_goes_by_itself_the_later_at_winning(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob").at("09:00")
    story.consent("bob", matching=False, at="08:20").consent("bob", chats=False, at="08:40")
    story.consent("bob", matching=True, at="08:30").consent("bob", matching=False, chats=True, at="08:25")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), suggested("ada", "bob"))


def test_of_consents_at_one_time_the_later_in_the_log_counts(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob")
    story.consent("bob", matching=False).consent("bob", matching=True)
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), suggested("ada", "bob"))
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob")
    story.consent("bob", matching=True).consent("bob", matching=False)
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))


# Blocks


@pytest.mark.parametrize("name", ["bob", "x:bob", "m:bob"])
@pytest.mark.parametrize("blocker_first", [True, False])
def test_a_block_by_id_or_account_works_both_ways(runner: Runner, name: str, blocker_first: bool) -> None:
    story = Story().open().people("ada").register("bob", "m:bob").verify("bob", "x:bob").talk("x:ada", "x:bob")
    story.block("ada", name).at("10:00").all_arrive(*(["ada", "bob"] if blocker_first else ["bob", "ada"]))
    check(runner(story.events))
    story.at("10:30").unblock("ada", name, id="unblocks")
    check(runner(story.events), suggested("ada", "bob", at="10:30", by="unblocks"))


def test_a_block_is_undone_by_the_same_text_only(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob").block("ada", "x:bob").unblock("ada", "bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))


def test_a_claim_without_effect_is_blocked_too(runner: Runner) -> None:
    story = Story().open().people("ada", "bob", "eve").talk("x:ada", "x:eve")
    story.register("eve", "x:bob").block("ada", "x:bob").at("10:00").all_arrive("ada", "eve")
    check(runner(story.events))
    story.at("10:30").register("eve", id="claims nothing")
    check(runner(story.events), suggested("ada", "eve", at="10:30", by="claims nothing"))


def test_a_block_holds_for_who_registers_or_verifies_later(runner: Runner) -> None:
    story = Story().open().people("ada").block("ada", "x:bob").block("ada", "eve").people("bob", "eve")
    story.talk("x:ada", "x:bob").talk("x:ada", "x:eve")
    check(runner(story.at("10:00").all_arrive("ada", "bob", "eve").events))


def test_of_blocks_the_later_at_counts(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob").at("09:00")
    story.block("ada", "bob", at="08:30").unblock("ada", "bob", at="08:29")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob").at("09:00")
    story.block("ada", "bob", at="08:30").unblock("ada", "bob", at="08:30")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events), suggested("ada", "bob"))


def test_a_block_by_one_who_is_not_registered_yet_holds(runner: Runner) -> None:
    story = Story().open().people("ada").block("bob", "ada").people("bob").talk("x:ada", "x:bob")
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))
