"""Who is present: arrivals, leavings, signs, disorder."""

import pytest

from tests.scenarios.expected import agreed, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story, friends, met_at_ten


def test_both_must_be_present(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada", id="ada-in")
    check(runner(story.events))
    check(
        runner(story.at("10:10").arrive("bob", id="bob-in").events),
        suggested("ada", "bob", at="10:10", by="bob-in"),
    )


def test_who_left_is_not_present(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada").at("10:30").leave("ada").at("11:00").arrive("bob")
    check(runner(story.events))
    story.at("11:30").arrive("ada", id="back")
    check(runner(story.events), suggested("ada", "bob", at="11:30", by="back"))


def test_who_left_a_place_is_still_present(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada", "hall-a").at("10:30").leave("ada", "hall-a")
    check(runner(story.at("11:00").arrive("bob", id="bob-in").events), suggested("ada", "bob", by="bob-in"))


@pytest.mark.parametrize(("time", "present"), [("21:59:59.999", True), ("22:00", False)])
def test_present_is_less_than_12_hours_after_the_last_sign(runner: Runner, time: str, present: bool) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada").at(time).arrive("bob")
    check(runner(story.events), *[suggested("ada", "bob", at=time)] * present)


def test_presence_hours_are_policy(runner: Runner) -> None:
    story = friends("ada", "bob", presence_hours=1).at("10:00").arrive("ada").at("11:00").arrive("bob")
    check(runner(story.events))


def test_a_new_arrival_is_a_new_sign(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada").at("20:00").arrive("ada").at("1d 07:59").arrive("bob")
    check(runner(story.events), suggested("ada", "bob", at="1d 07:59"))


def test_a_late_arrival_counts_from_when_it_happened(runner: Runner) -> None:
    story = friends("ada", "bob").at("1d 07:59").arrive("ada", at="20:00", id="ada-in").arrive("bob")
    story.at("1d 09:00").tick()
    lapse = withdrawn("ada", "bob", "expired", at="1d 08:00", by="ada-in")
    check(runner(story.events), suggested("ada", "bob", at="1d 07:59"), lapse)
    check(runner(friends("ada", "bob").at("1d 08:00").arrive("ada", at="20:00").arrive("bob").events))


def test_of_arrivals_and_leavings_the_later_at_counts(runner: Runner) -> None:
    gone = friends("ada", "bob").at("11:00").leave("ada", at="10:30").arrive("ada", at="10:00").arrive("bob")
    check(runner(gone.events))
    here = friends("ada", "bob").at("11:00").arrive("ada", at="10:30").leave("ada", at="10:00").arrive("bob")
    check(runner(here.events), suggested("ada", "bob", at="11:00"))


def test_at_one_time_the_later_in_the_log_counts(runner: Runner) -> None:
    gone = friends("ada", "bob").at("11:00").arrive("ada", at="10:30").leave("ada", at="10:30").arrive("bob")
    check(runner(gone.events))
    here = friends("ada", "bob").at("11:00").leave("ada", at="10:30").arrive("ada", at="10:30").arrive("bob")
    check(runner(here.events), suggested("ada", "bob", at="11:00"))


def test_a_future_arrival_counts_as_now(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada", at="10:09").arrive("bob").at("22:05").tick()
    lapse = withdrawn("ada", "bob", "expired", at="22:00")
    check(runner(story.events), suggested("ada", "bob", at="10:00"), lapse)


def test_a_future_leaving_counts_as_now_so_a_later_arrival_beats_it(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").leave("ada", at="10:09").at("10:05").arrive("ada").arrive("bob")
    check(runner(story.events), suggested("ada", "bob", at="10:05"))


# Signs

FIRST = suggested("ada", "bob", at="10:00")
LAPSE = withdrawn("ada", "bob", "expired", at="22:00", by="ada-in")


@pytest.mark.parametrize("word", ["accepted", "later", "met", "not_met"])
def test_no_answer_is_a_sign(runner: Runner, word: str) -> None:
    story = met_at_ten("ada", "bob").at("21:00").answer("bob", "ada", "later").answer("ada", "bob", word)
    story.at("21:30").answer("ada", "bob", "here", place="hall-a").at("22:30").tick()
    check(runner(story.events), FIRST, LAPSE)


def test_a_decline_is_no_sign(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").answer("ada", "bob", "declined", id="no").at("21:00")
    story.arrive("bob").at("1d 08:00").tick()
    check(
        runner(story.events),
        FIRST,
        withdrawn("ada", "bob", "declined", to=["ada"], at="11:00", by="no"),
        withdrawn("ada", "bob", "expired", to=["bob"], at="22:00", by="ada-in"),
    )


def test_an_acceptance_that_makes_the_agreement_is_no_sign(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("21:00").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    story.answer("ada", "bob", "not_met").answer("bob", "ada", "later").at("23:00").tick()
    check(runner(story.events), FIRST, agreed("ada", "bob", at="21:00"), LAPSE)


def agreed_at_eleven() -> Story:
    return met_at_ten("ada", "bob").at("11:00").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")


def test_a_here_after_the_agreement_is_a_sign(runner: Runner) -> None:
    story = agreed_at_eleven().at("21:00").answer("ada", "bob", "here", place="hall-a", id="ada-here")
    story.at("21:30").answer("bob", "ada", "here", place="hall-a").at("1d 08:59").tick()
    kinds = [output["type"] for output in runner(story.events)]
    assert kinds == ["match.suggested", "match.agreed", "match.located", "match.located"]
    lapse = withdrawn("ada", "bob", "expired", at="1d 09:00", by="ada-here")
    check(runner(story.at("1d 09:00").tick().events)[4:], lapse)


def test_a_here_counts_as_a_sign_from_when_it_was_said(runner: Runner) -> None:
    # The second one, older than the first, is not passed on, but says that Bob was there then.
    story = agreed_at_eleven().at("20:30").answer("ada", "bob", "here", place="hall-a", at="20:00")
    story.answer("bob", "ada", "here", place="hall-b", at="12:00", id="bob-here")
    story.answer("bob", "ada", "here", place="hall-a", at="11:30").at("1d 00:30").tick()
    lapse = withdrawn("ada", "bob", "expired", at="1d 00:00", by="bob-here")
    check(runner(story.events)[4:], lapse)


def test_a_here_on_a_card_that_the_other_gave_up_is_a_sign(runner: Runner) -> None:
    story = agreed_at_eleven().answer("bob", "ada", "declined").at("21:00").arrive("bob", id="bob-again")
    story.answer("ada", "bob", "here", place="hall-a").at("1d 09:00").tick()
    no = withdrawn("ada", "bob", "declined", to=["bob"])
    lapse = withdrawn("ada", "bob", "expired", to=["ada"], at="1d 09:00")
    check(runner(story.events), FIRST, agreed("ada", "bob"), no, lapse)


def test_a_here_on_a_card_that_one_gave_up_is_no_sign(runner: Runner) -> None:
    story = agreed_at_eleven().answer("ada", "bob", "declined").at("21:00").arrive("bob")
    story.answer("ada", "bob", "here", place="hall-a").at("1d 00:00").tick()
    no = withdrawn("ada", "bob", "declined", to=["ada"])
    lapse = withdrawn("ada", "bob", "expired", to=["bob"], at="22:00", by="ada-in")
    check(runner(story.events), FIRST, agreed("ada", "bob"), no, lapse)


# A new opening with other presence_hours


def test_fewer_presence_hours_withdraw_nothing_for_who_is_past_them(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("13:00").open(presence_hours=2).at("1d 13:00").tick()
    check(runner(story.events), suggested("ada", "bob", at="10:00"))


def test_who_is_past_the_new_presence_hours_is_not_present(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada").at("12:00").open(presence_hours=2).arrive("bob")
    check(runner(story.events))
    check(runner(story.at("12:10").arrive("ada", id="new").events), suggested("ada", "bob", by="new"))


def test_past_the_new_hours_a_card_ends_by_leaving_or_by_a_lapse_after_a_new_sign(runner: Runner) -> None:
    past = met_at_ten("ada", "bob").at("13:00").open(presence_hours=2)
    first = suggested("ada", "bob", at="10:00")
    left = past.at("14:00").leave("bob", id="left")
    check(runner(left.events), first, withdrawn("ada", "bob", "left", at="14:00", by="left"))
    past = met_at_ten("ada", "bob").at("13:00").open(presence_hours=2)
    again = past.at("14:00").arrive("ada", id="sign").at("17:00").tick()
    check(runner(again.events), first, withdrawn("ada", "bob", "expired", at="16:00", by="sign"))


def test_who_is_not_past_the_new_hours_lapses_by_them(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").open(presence_hours=2).at("13:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        withdrawn("ada", "bob", "expired", at="12:00", by="ada-in"),
    )
