"""Accepted and declined: the agreement, disorder, who may answer, what the other is told."""

import pytest

from tests.scenarios.expected import agreed, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story, met_at_ten

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")


def agreed_at_eleven() -> Story:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted")
    return story.at("11:00").answer("bob", "ada", "accepted", id="yes")


AGREED = agreed("ada", "bob", at="11:00", by="yes")


# Accepted


def test_both_accepted_is_agreed(runner: Runner) -> None:
    check(runner(agreed_at_eleven().events), FIRST, AGREED)


def test_one_accepted_is_not_told(runner: Runner) -> None:
    check(runner(met_at_ten("ada", "bob").answer("ada", "bob", "accepted").at("20:00").tick().events), FIRST)


def test_agreed_once(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:10").answer("ada", "bob", "accepted").answer("ada", "bob", "later")
    check(runner(story.answer("ada", "bob", "accepted").events), FIRST, AGREED)


def test_of_answers_the_later_at_counts(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").answer("ada", "bob", "later", at="10:30")
    story.answer("ada", "bob", "accepted", at="10:20").answer("bob", "ada", "accepted")
    check(runner(story.events), FIRST)
    story.answer("ada", "bob", "accepted", at="10:30", id="yes")
    check(runner(story.events), FIRST, AGREED)


def test_only_the_two_may_answer(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").people("eve").at("11:00")
    story.event("match.answered", match=["ada", "bob", 0], attendee="eve", answer="declined")
    story.event("match.answered", match=["ada", "bob", 0], attendee="eve", answer="accepted")
    check(runner(story.answer("ada", "bob", "accepted").events), FIRST)


def test_an_answer_to_no_match_is_without_effect(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").event("match.answered", match="m:unknown", attendee="ada", answer="declined")
    check(runner(story.answer("ada", "bob", "accepted", n=1).answer("bob", "ada", "accepted").events), FIRST)


def test_an_answer_before_its_match_is_not_kept(runner: Runner) -> None:
    early = Story().open().people("ada", "bob").answer("ada", "bob", "declined").talk("x:ada", "x:bob")
    check(runner(early.at("10:00").all_arrive("ada", "bob").events), FIRST)


def test_accepted_after_the_withdrawal_is_without_effect(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").at("10:30").leave("bob", id="left")
    story.answer("bob", "ada", "accepted").at("14:00").arrive("bob").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="10:30", by="left"))


# Declined


def test_declined_is_shown_only_to_who_declined(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "declined", id="no")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "declined", to=["ada"], at="10:30", by="no"))


@pytest.mark.parametrize("who", ["ada", "bob"])
@pytest.mark.parametrize("end", ["left", "consent_withdrawn"])
def test_the_others_card_ends_with_the_first_who_goes(runner: Runner, who: str, end: str) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "declined").at("12:00")
    story.leave(who, id="end") if end == "left" else story.consent(who, matching=False, id="end")
    no = withdrawn("ada", "bob", "declined", to=["ada"])
    story.at("13:00").leave("ada").leave("bob")  # a match is withdrawn to a person once
    check(runner(story.events), FIRST, no, withdrawn("ada", "bob", end, to=["bob"], at="12:00", by="end"))


def test_a_decline_is_final(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "declined")
    story.answer("ada", "bob", "accepted").at("10:40").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "declined", to=["ada"]))


def test_after_a_decline_never_again(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "declined").at("11:00").leave("ada").leave("bob")
    story.at("16:00").arrive("ada").arrive("bob").at("1d 10:00").arrive("ada").arrive("bob")
    ends = [withdrawn("ada", "bob", "declined", to=["ada"]), withdrawn("ada", "bob", "left", to=["bob"])]
    check(runner(story.events), FIRST, *ends)


def test_both_may_decline(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "declined").answer("bob", "ada", "declined")
    ends = [withdrawn("ada", "bob", "declined", to=["ada"]), withdrawn("ada", "bob", "declined", to=["bob"])]
    check(runner(story.at("12:00").leave("ada").events), FIRST, *ends)


def test_an_older_decline_loses_against_a_newer_accepted(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted")
    story.at("11:00").answer("ada", "bob", "declined", at="10:29").answer("bob", "ada", "accepted", id="yes")
    check(runner(story.events), FIRST, AGREED)


def test_one_may_decline_after_the_agreement(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:30").answer("ada", "bob", "declined", id="no")
    check(
        runner(story.events),
        FIRST,
        AGREED,
        withdrawn("ada", "bob", "declined", to=["ada"], at="11:30", by="no"),
    )


def test_an_agreed_match_is_withdrawn_too(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:30").leave("ada", id="left")
    check(runner(story.events), FIRST, AGREED, withdrawn("ada", "bob", "left", at="11:30", by="left"))
