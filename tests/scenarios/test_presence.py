"""Who is present: arrivals, leavings, signs, disorder."""

import pytest

from tests.scenarios.expected import check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import friends, met_at_ten


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


@pytest.mark.parametrize("word", ["accepted", "later", "not_met"])
def test_an_answer_on_an_open_card_is_a_sign(runner: Runner, word: str) -> None:
    story = met_at_ten("ada", "bob", "cyd", per_hour=1, per_day=1).at("21:00")
    story.answer("ada", "bob", word, id="ada-says").answer("bob", "ada", "not_met").at("1d 08:59").tick()
    first = [suggested("ada", "bob", at="10:00")]
    check(runner(story.events), *first)
    story.at("1d 09:00").tick()
    check(runner(story.events), *first, withdrawn("ada", "bob", "expired", at="1d 09:00", by="ada-says"))


def test_an_answer_counts_as_a_sign_from_when_it_was_given(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("21:00").answer("ada", "bob", "accepted", at="10:30", id="ada-says")
    story.answer("bob", "ada", "not_met").at("1d 00:00").tick()
    lapse = withdrawn("ada", "bob", "expired", at="22:30", by="ada-says")
    check(runner(story.events), suggested("ada", "bob", at="10:00"), lapse)


def test_an_answer_of_no_effect_is_no_sign(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("21:00").answer("ada", "bob", "here", place="hall-a")
    story.answer("bob", "ada", "accepted").answer("cyd", "ada", "accepted").at("1d 00:00").tick()
    lapse = withdrawn("ada", "bob", "expired", at="22:00", by="ada-in")
    check(runner(story.events), suggested("ada", "bob", at="10:00"), lapse)


def test_a_here_after_the_agreement_is_a_sign(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted")
    story.at("21:00").answer("ada", "bob", "here", place="hall-a").answer("bob", "ada", "here", place="hall-a")
    story.at("1d 08:59").tick()
    kinds = [output["type"] for output in runner(story.events)]
    assert kinds == ["match.suggested", "match.agreed", "match.located", "match.located"]


def test_a_losing_answer_is_a_sign_all_the_same(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("20:00").answer("ada", "bob", "accepted", id="wins")
    story.at("20:30").answer("ada", "bob", "declined", at="19:00", id="loses").answer("bob", "ada", "not_met")
    story.at("1d 08:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        withdrawn("ada", "bob", "expired", at="1d 08:00", by="wins"),
    )


def test_who_declined_lapses_from_the_decline(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").answer("ada", "bob", "declined", id="no").at("21:00")
    story.arrive("bob").at("1d 08:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        withdrawn("ada", "bob", "declined", to=["ada"], at="11:00", by="no"),
        withdrawn("ada", "bob", "expired", to=["bob"], at="23:00", by="no"),
    )


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
    again = past.at("14:00").answer("ada", "bob", "not_met", id="sign").at("17:00").tick()
    check(runner(again.events), first, withdrawn("ada", "bob", "expired", at="16:00", by="sign"))


def test_who_is_not_past_the_new_hours_lapses_by_them(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").open(presence_hours=2).at("13:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        withdrawn("ada", "bob", "expired", at="12:00", by="ada-in"),
    )
