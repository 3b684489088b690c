"""Later once more, met, not met, here: what each brings, and to whom."""

import pytest

from tests.scenarios.expected import agreed, check, conversation, located, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import met_at_ten
from tests.scenarios.test_answers import AGREED, FIRST, agreed_at_eleven

# Later


def test_later_is_suggested_once_more_after_60_minutes_to_who_said_it(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later", id="later").at("11:29:59.999").tick()
    check(runner(story.events), FIRST)
    story.at("12:00").tick().at("15:00").answer("ada", "bob", "later").at("17:00").tick()
    again = suggested("ada", "bob", to=["ada"], at="11:30", by="later", position="13-0")
    check(runner(story.events), FIRST, again)


def test_later_of_both_comes_to_each_after_their_own(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later", id="ada-later").at("11:00")
    story.answer("bob", "ada", "later", id="bob-later").at("13:00").tick()
    check(
        runner(story.events),
        FIRST,
        suggested("ada", "bob", to=["ada"], at="11:30", by="ada-later"),
        suggested("ada", "bob", to=["bob"], at="12:00", by="bob-later"),
    )


@pytest.mark.parametrize("order", [("ada", "bob"), ("bob", "ada")])
def test_later_of_both_at_one_moment_comes_to_each_by_ids(runner: Runner, order: tuple[str, str]) -> None:
    story = met_at_ten("ada", "bob").at("10:30")
    for who, other in (order, order[::-1]):
        story.answer(who, other, "later", id=f"{who}-later")
    check(
        runner(story.at("13:00").tick().events),
        FIRST,
        suggested("ada", "bob", to=["ada"], at="11:30", by="ada-later", position="13-0"),
        suggested("ada", "bob", to=["bob"], at="11:30", by="bob-later", position="13-1"),
    )


def test_later_twice_counts_from_the_last(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("11:00")
    story.answer("ada", "bob", "later", id="last").at("13:00").tick()
    check(runner(story.events), FIRST, suggested("ada", "bob", to=["ada"], at="12:00", by="last"))


def test_a_later_that_stands_no_more_brings_nothing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("11:00")
    check(runner(story.answer("ada", "bob", "accepted").at("13:00").tick().events), FIRST)


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
        suggested("ada", "bob", to=["ada"], at="11:30", by="late", position="11-0"),
    )


@pytest.mark.parametrize("word", ["accepted", "later", "declined", "met", "not_met"])
@pytest.mark.parametrize("who", ["ada", "bob"])
def test_a_later_comes_again_whatever_the_other_said(runner: Runner, who: str, word: str) -> None:
    other = "bob" if who == "ada" else "ada"
    story = met_at_ten("ada", "bob").at("10:20").answer(other, who, word).at("10:30").answer(who, other, "later")
    seen = [output for output in runner(story.at("13:00").tick().events) if who in output["to"]]
    check(seen, FIRST, suggested("ada", "bob", to=[who], at="11:30"))


@pytest.mark.parametrize("blocked", ["ada", "x:ada"])
@pytest.mark.parametrize("first", [True, False])
def test_a_later_comes_again_to_who_was_blocked(runner: Runner, blocked: str, first: bool) -> None:
    story = met_at_ten("ada", "bob").at("10:20" if first else "10:40").block("bob", blocked)
    story.at("10:50").answer("ada", "bob", "later", at="10:30")
    seen = [output for output in runner(story.at("13:00").tick().events) if "ada" in output["to"]]
    check(seen, FIRST, suggested("ada", "bob", to=["ada"], at="11:30"))


def test_a_later_comes_again_with_the_reasons_of_now(runner: Runner) -> None:
    # They no longer know each other, and still something is left.
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").delete("x:bob", "x:2")
    reason = conversation(3, "08:00", "x:4", "x:3", "x:1")
    second = suggested("ada", "bob", to=["ada"], at="11:30", reasons=[reason])
    check(runner(story.at("12:00").tick().events), FIRST, second)


def test_a_later_comes_again_with_the_last_reasons_where_none_are_left(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later")
    story.delete("x:bob", "x:2").delete("x:bob", "x:4")
    reason = conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1")
    second = suggested("ada", "bob", to=["ada"], at="11:30", reasons=[reason])
    check(runner(story.at("12:00").tick().events), {**FIRST, "reasons": [reason]}, second)


def test_the_last_reasons_are_those_that_oneself_was_given(runner: Runner) -> None:
    # Bob was shown a newer post in a second suggestion that Ada must not notice.
    story = met_at_ten("ada", "bob").at("10:10").answer("bob", "ada", "later").post("x:ada", "x:bob", id="x:new")
    story.at("10:30").answer("ada", "bob", "later").at("11:20").tick()
    for post in ("x:2", "x:4"):
        story.delete("x:bob", post)
    first = conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1")
    of_bob = conversation(5, "10:10", "x:new", "x:4", "x:3", "x:2", "x:1")
    check(
        runner(story.at("12:00").tick().events),
        {**FIRST, "reasons": [first]},
        suggested("ada", "bob", to=["bob"], at="11:10", reasons=[of_bob]),
        suggested("ada", "bob", to=["ada"], at="11:30", reasons=[first]),
    )


def test_a_later_comes_again_also_to_who_is_past_new_presence_hours(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("12:30").answer("ada", "bob", "later").at("13:00").open(presence_hours=2)
    check(runner(story.at("14:00").tick().events), FIRST, suggested("ada", "bob", to=["ada"], at="13:30"))


def test_a_later_does_not_come_again_after_an_agreement_or_ones_own_end(runner: Runner) -> None:
    story = agreed_at_eleven().answer("ada", "bob", "later").at("13:00").tick()
    check(runner(story.events), FIRST, AGREED)
    story = met_at_ten("ada", "bob").answer("ada", "bob", "later").at("10:30").answer("ada", "bob", "declined")
    check(runner(story.at("12:00").tick().events), FIRST, withdrawn("ada", "bob", "declined", to=["ada"], at="10:30"))
    story = met_at_ten("ada", "bob").answer("ada", "bob", "later").at("10:30").leave("bob").at("12:00").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="10:30"))


# Met, not met


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_met_by_either_closes_without_a_word(runner: Runner, who: str) -> None:
    other = "bob" if who == "ada" else "ada"
    story = agreed_at_eleven().at("11:10").answer(who, other, "met").at("11:20")
    story.answer("ada", "bob", "here", place="hall-a").answer("bob", "ada", "declined").leave("ada").leave("bob")
    story.at("17:00").arrive("ada").arrive("bob")
    check(runner(story.at("1d 17:00").arrive("ada").tick().events), FIRST, AGREED)


@pytest.mark.parametrize("word", ["met", "not_met"])
@pytest.mark.parametrize("who", ["ada", "bob"])
def test_met_before_an_agreement_is_without_effect(runner: Runner, who: str, word: str) -> None:
    other = "bob" if who == "ada" else "ada"
    story = met_at_ten("ada", "bob").at("10:30").answer(who, other, "accepted").at("10:50").answer(who, other, word)
    story.at("11:00").answer(other, who, "accepted", id="yes").at("11:30").leave("ada").at("16:00").arrive("ada")
    check(
        runner(story.events),
        FIRST,
        AGREED,
        withdrawn("ada", "bob", "left", at="11:30"),
        suggested("ada", "bob", n=1, at="16:00"),
    )


def test_met_before_an_agreement_does_not_count_after_it_either(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted", at="10:20")
    story.answer("ada", "bob", "met").at("11:00").answer("bob", "ada", "accepted", id="yes")
    story.at("11:30").answer("bob", "ada", "here", place="hall-a")
    check(runner(story.events), FIRST, AGREED, located("bob", "hall-a", to="ada"))


def test_met_loses_against_a_newer_decision(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:10").answer("ada", "bob", "met", at="10:29").at("11:30").leave("ada")
    check(runner(story.events), FIRST, AGREED, withdrawn("ada", "bob", "left", at="11:30"))


@pytest.mark.parametrize("after", [True, False])
def test_met_after_a_decline_of_the_other_closes_what_was_agreed(runner: Runner, after: bool) -> None:
    story = agreed_at_eleven() if after else met_at_ten("ada", "bob").at("11:00")
    story.at("11:10").answer("ada", "bob", "declined").answer("bob", "ada", "met").at("11:20").leave("ada").leave("bob")
    no = withdrawn("ada", "bob", "declined", to=["ada"])
    ends = [] if after else [withdrawn("ada", "bob", "left", to=["bob"], at="11:20")]
    check(runner(story.events), FIRST, *[AGREED] * after, no, *ends)


def test_not_met_never_replaces_a_decision(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted").at("10:40")
    story.answer("ada", "bob", "not_met").at("11:00").answer("bob", "ada", "accepted", id="yes")
    check(runner(story.events), FIRST, AGREED)
    story.at("11:10").answer("bob", "ada", "not_met").at("11:20").answer("bob", "ada", "here", place="hall-a")
    check(runner(story.events), FIRST, AGREED, located("bob", "hall-a", to="ada"))


# Here


def test_here_is_passed_on_after_the_agreement(runner: Runner) -> None:
    story = agreed_at_eleven().at("11:05").answer("bob", "ada", "here", place="hall-b", id="here")
    passed = located("bob", "hall-b", to="ada", at="11:05", by="here", position="13-0")
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
