"""Later once more, met, not met, here: what each brings, and to whom."""

import pytest

from tests.scenarios.expected import agreed, check, located, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import met_at_ten
from tests.scenarios.test_answers import AGREED, FIRST, agreed_at_eleven

# Later


def test_later_is_suggested_once_more_after_60_minutes_to_who_said_it(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later", id="later").at("11:29:59.999").tick()
    check(runner(story.events), FIRST)
    story.at("12:00").tick().at("15:00").answer("ada", "bob", "later").at("17:00").tick()
    again = suggested("ada", "bob", to=["ada"], at="11:30", by="later", position="12-0")
    check(runner(story.events), FIRST, again)


def test_later_of_both_counts_from_the_last(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("11:00")
    story.answer("bob", "ada", "later", id="last").at("13:00").tick()
    check(runner(story.events), FIRST, suggested("ada", "bob", at="12:00", by="last"))


def test_later_twice_counts_from_the_last(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("11:00")
    story.answer("ada", "bob", "later", id="last").at("13:00").tick()
    check(runner(story.events), FIRST, suggested("ada", "bob", to=["ada"], at="12:00", by="last"))


def test_a_later_that_stands_no_more_brings_nothing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("11:00")
    check(runner(story.answer("ada", "bob", "accepted").at("13:00").tick().events), FIRST)


def test_later_beside_accepted_is_suggested_to_who_said_it(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("bob", "ada", "accepted").at("10:30").answer("ada", "bob", "later")
    check(runner(story.at("13:00").tick().events), FIRST, suggested("ada", "bob", to=["ada"], at="11:30"))


def test_after_the_second_suggestion_they_can_agree(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("bob", "ada", "accepted").at("10:30").answer("ada", "bob", "later")
    story.at("12:00").answer("ada", "bob", "accepted", id="yes")
    second = suggested("ada", "bob", to=["ada"], at="11:30")
    check(runner(story.events), FIRST, second, agreed("ada", "bob", at="12:00", by="yes"))


def test_a_later_whose_60_minutes_are_over_takes_effect_with_its_record(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:30").answer("ada", "bob", "later", at="10:30", id="late")
    check(
        runner(story.events),
        FIRST,
        suggested("ada", "bob", to=["ada"], at="11:30", by="late", position="10-0"),
    )


def test_a_later_is_not_suggested_again_to_who_no_longer_know_each_other(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").delete("x:bob", "x:2")
    check(runner(story.at("12:00").tick().events), FIRST)
    story.at("12:30").post("x:bob", "x:ada", id="x:new")
    check(runner(story.events), FIRST, suggested("ada", "bob", to=["ada"], at="12:30", by="x:new"))


def test_a_later_is_not_suggested_again_after_an_agreement_or_a_withdrawal(runner: Runner) -> None:
    story = agreed_at_eleven().answer("ada", "bob", "later").at("13:00").tick()
    check(runner(story.events), FIRST, AGREED)
    story = met_at_ten("ada", "bob").answer("ada", "bob", "later").answer("bob", "ada", "declined").at("12:00").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "declined", to=["bob"], at="10:00"))


# Met, not met


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_met_by_either_closes_without_a_word(runner: Runner, who: str) -> None:
    other = "bob" if who == "ada" else "ada"
    story = agreed_at_eleven().at("11:10").answer(who, other, "met").at("11:20")
    story.answer("ada", "bob", "here", place="hall-a").answer("bob", "ada", "declined").leave("ada").leave("bob")
    story.at("17:00").arrive("ada").arrive("bob")
    check(runner(story.at("1d 17:00").arrive("ada").tick().events), FIRST, AGREED)


def test_met_closes_also_before_an_agreement(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "met").at("10:10").answer("bob", "ada", "accepted")
    check(runner(story.answer("ada", "bob", "accepted").leave("ada").at("1d 09:00").tick().events), FIRST)


def test_met_loses_against_a_newer_decision(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted").at("11:00")
    story.answer("ada", "bob", "met", at="10:29").answer("bob", "ada", "accepted", id="yes")
    check(runner(story.events), FIRST, AGREED)


def test_met_after_a_decline_of_the_other_still_closes(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "declined").answer("bob", "ada", "met")
    check(runner(story.leave("ada").leave("bob").events), FIRST, withdrawn("ada", "bob", "declined", to=["ada"]))


def test_not_met_never_replaces_a_decision(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted").at("10:40")
    story.answer("ada", "bob", "not_met").at("11:00").answer("bob", "ada", "accepted", id="yes")
    check(runner(story.events), FIRST, AGREED)


# Here


def test_here_is_passed_on_after_the_agreement(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:05").answer("bob", "ada", "here", place="hall-b", id="here")
    passed = located("bob", "hall-b", to="ada", at="11:05", by="here", position="12-0")
    check(runner(story.events), FIRST, AGREED, passed)


def test_here_needs_no_share_place(runner: Runner) -> None:
    story = agreed_at_eleven().consent("bob", share_place=False)
    story.answer("bob", "ada", "here", place="hall-b")
    check(runner(story.events), FIRST, AGREED, located("bob", "hall-b", to="ada"))


def test_here_before_the_agreement_is_as_if_not_said(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "here", place="hall-a")
    story.answer("ada", "bob", "accepted").at("11:00").answer("bob", "ada", "accepted", id="yes").tick()
    check(runner(story.events), FIRST, AGREED)
    unsaid = met_at_ten("ada", "bob").at("10:10").answer("ada", "bob", "here", place="hall-a").leave("ada").at("15:00")
    unsaid.arrive("ada", id="back")
    ends = [withdrawn("ada", "bob", "left", at="10:10"), suggested("ada", "bob", n=1, at="15:00", by="back")]
    check(runner(unsaid.events), FIRST, *ends)


def test_an_older_here_is_not_passed_on(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:10").answer("ada", "bob", "here", place="hall-b", at="11:08")
    story.answer("ada", "bob", "here", place="hall-a", at="11:07").answer(
        "bob", "ada", "here", place="hall-a", at="11:01"
    )
    story.answer("ada", "bob", "here", place="hall-c", at="11:08")
    passed = [
        located("ada", "hall-b", to="bob"),
        located("bob", "hall-a", to="ada"),
        located("ada", "hall-c", to="bob"),
    ]
    check(runner(story.events), FIRST, AGREED, *passed)


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_here_is_not_passed_on_when_one_has_declined(runner: Runner, who: str) -> None:
    story = agreed_at_eleven().at("11:05").answer("bob", "ada", "declined")
    story.answer(who, "bob" if who == "ada" else "ada", "here", place="hall-b")
    check(runner(story.events), FIRST, AGREED, withdrawn("ada", "bob", "declined", to=["bob"]))


def test_here_never_replaces_a_decision(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:05").answer("ada", "bob", "here", place="hall-a").at("11:10")
    story.answer("ada", "bob", "declined", at="11:04")
    here = located("ada", "hall-a", to="bob")
    check(runner(story.events), FIRST, AGREED, here, withdrawn("ada", "bob", "declined", to=["ada"], at="11:10"))
