"""Room: at most so many suggestions to one person in 60 minutes and in 24 hours; what waits, and when it comes."""

from typing import Any

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story, friends

MANY = ["bob", "cyd", "dan", "eve", "fay"]


def hub(*others: str, **opening: Any) -> Story:
    """Ada knows each of the others equally well; they do not know each other."""
    story = Story().open(**opening).people("ada", *others)
    for other in others:
        story.talk("x:ada", f"x:{other}")
    return story


def test_three_in_an_hour_and_the_rest_when_there_is_budget(runner: Runner) -> None:
    story = hub(*MANY).at("10:00").all_arrive(*MANY, "ada").at("10:59:59.999").tick()
    first = [suggested("ada", who, at="10:00", by="ada-in") for who in ("bob", "cyd", "dan")]
    check(runner(story.events), *first)
    rest = [suggested("ada", who, at="11:00", by="ada-in") for who in ("eve", "fay")]
    check(runner(story.at("11:00").tick().events), *first, *rest)


def test_what_waits_is_due_without_a_record_at_its_time(runner: Runner) -> None:
    story = hub("bob", "cyd", per_hour=1).at("10:00").all_arrive("bob", "cyd", "ada").at("15:00").tick()
    first = suggested("ada", "bob", at="10:00", position="17-0")
    check(runner(story.events), first, suggested("ada", "cyd", at="11:00", by="ada-in", position="18-0"))


def test_the_day_is_a_limit_too(runner: Runner) -> None:
    story = hub("bob", "cyd", "dan", per_day=2, presence_hours=48).at("10:00").all_arrive("bob", "cyd", "dan", "ada")
    first = [suggested("ada", "bob", at="10:00"), suggested("ada", "cyd", at="10:00")]
    check(runner(story.at("1d 09:59:59.999").tick().events), *first)
    check(runner(story.at("1d 10:00").tick().events), *first, suggested("ada", "dan", at="1d 10:00", by="ada-in"))


def test_ten_a_day_by_default(runner: Runner) -> None:
    others = [f"p{n:02}" for n in range(11)]
    story = hub(*others, per_hour=99, presence_hours=48).at("10:00").all_arrive(*others, "ada").at("1d 10:00").tick()
    first = [suggested("ada", who, at="10:00") for who in others[:10]]
    check(runner(story.events), *first, suggested("ada", "p10", at="1d 10:00"))


def test_both_need_budget(runner: Runner) -> None:
    # Bob is full with Cyd; Ada, who has room, waits for him.
    story = friends("ada", "bob").people("cyd").talk("x:bob", "x:cyd").open(per_hour=1)
    story.at("10:00").all_arrive("bob", "cyd").at("10:20").all_arrive("ada").at("12:00").tick()
    check(runner(story.events), suggested("bob", "cyd", at="10:00"), suggested("ada", "bob", at="11:00", by="cyd-in"))


def test_no_budget_at_all(runner: Runner) -> None:
    for policy in ({"per_hour": 0}, {"per_day": 0}):
        check(runner(hub("bob", **policy).at("10:00").all_arrive("ada", "bob").at("20:00").tick().events))


def test_the_strongest_goes_first_then_by_ids(runner: Runner) -> None:
    story = Story().open(per_hour=2).people("ada", "bob", "cyd", "dan").talk("x:ada", "x:bob", at="-390d 08:00")
    story.talk("x:ada", "x:cyd", at="-390d 08:00").talk("x:ada", "x:dan", posts=12)
    story.at("10:00").all_arrive("bob", "cyd", "dan", "ada").at("12:00").tick()
    outputs = runner(story.events)
    check(outputs, suggested("ada", "dan"), suggested("ada", "bob"), suggested("ada", "cyd", at="11:00"))
    assert outputs[0]["score"] > outputs[1]["score"] == outputs[2]["score"]


def test_the_strongest_of_those_that_wait_goes_first(runner: Runner) -> None:
    story = hub("bob", "cyd", "dan", per_hour=1).at("10:00").all_arrive("bob", "cyd", "dan", "ada")
    story.at("10:30").talk("x:ada", "x:dan", posts=12).at("12:30").tick()
    order = [
        suggested("ada", "bob", at="10:00"),
        suggested("ada", "dan", at="11:00"),
        suggested("ada", "cyd", at="12:00"),
    ]
    check(runner(story.events), *order)


def test_who_no_longer_fits_when_there_is_budget_is_passed_over(runner: Runner) -> None:
    story = hub("bob", "cyd", "dan", per_hour=1).at("10:00").all_arrive("bob", "cyd", "dan", "ada")
    story.at("10:30").leave("cyd").at("12:30").tick()
    check(runner(story.events), suggested("ada", "bob", at="10:00"), suggested("ada", "dan", at="11:00"))


def test_a_withdrawal_gives_no_budget_back(runner: Runner) -> None:
    story = hub("bob", "cyd", per_hour=1).at("10:00").all_arrive("bob", "cyd", "ada").at("10:30").leave("bob")
    kinds = [(output["type"], output["at"][11:16]) for output in runner(story.at("10:59").tick().events)]
    assert kinds == [("match.suggested", "10:00"), ("match.withdrawn", "10:30")]


def test_a_new_opening_changes_the_budget_from_then_on(runner: Runner) -> None:
    story = hub("bob", "cyd", per_hour=1).at("10:00").all_arrive("bob", "cyd", "ada").at("10:30")
    story.open(per_hour=2, id="more")
    check(runner(story.events), suggested("ada", "bob", at="10:00"), suggested("ada", "cyd", at="10:30", by="more"))


def test_who_waited_before_a_larger_budget_is_found_by_the_next_arrival(runner: Runner) -> None:
    story = hub("bob", "cyd", "dan", per_hour=1).at("10:00").all_arrive("bob", "cyd", "ada").at("10:30")
    story.open(per_hour=3, id="more").at("10:40").all_arrive("dan")
    ada = [suggested("ada", "bob", at="10:00"), suggested("ada", "cyd", at="10:30", by="more")]
    check(runner(story.events), *ada, suggested("ada", "dan", at="10:40", by="dan-in"))


# A second suggestion takes room of those who said `later` alone


def test_a_second_suggestion_needs_budget_of_who_said_later_only(runner: Runner) -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd").talk("x:bob", "x:cyd")
    story.at("10:00").all_arrive("ada", "bob").at("10:10").answer("ada", "bob", "later", id="later")
    # Bob is full from 11:00 on, with Cyd; that does not keep the second suggestion from Ada.
    story.at("11:00").all_arrive("cyd").at("11:30").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        suggested("bob", "cyd", at="11:00", by="cyd-in"),
        suggested("ada", "bob", to=["ada"], at="11:10", by="later"),
    )


def test_a_second_suggestion_waits_for_budget(runner: Runner) -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd").talk("x:ada", "x:cyd")
    story.at("10:00").all_arrive("ada", "bob").at("10:10").answer("ada", "bob", "later")
    story.at("11:05").all_arrive("cyd").at("13:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        suggested("ada", "cyd", at="11:05", by="cyd-in"),
        suggested("ada", "bob", to=["ada"], at="12:05", by="cyd-in"),
    )


def test_a_second_suggestion_takes_budget(runner: Runner) -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd").talk("x:ada", "x:cyd")
    story.at("10:00").all_arrive("ada", "bob").at("10:10").answer("ada", "bob", "later", id="later")
    story.at("11:30").all_arrive("cyd").at("13:00").tick()
    second = suggested("ada", "bob", to=["ada"], at="11:10")
    check(runner(story.events), suggested("ada", "bob"), second, suggested("ada", "cyd", at="12:10", by="later"))


# What set the due time


def test_budget_comes_from_the_suggestion_that_stops_counting(runner: Runner) -> None:
    story = hub(*MANY, per_hour=2).at("10:00").all_arrive("ada", "bob").at("10:10").all_arrive("cyd")
    story.at("10:20").all_arrive("dan", "eve").at("11:30").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00", by="bob-in"),
        suggested("ada", "cyd", at="10:10", by="cyd-in"),
        suggested("ada", "dan", at="11:00", by="bob-in"),
        suggested("ada", "eve", at="11:10", by="cyd-in"),
    )


def test_when_both_get_budget_it_comes_from_the_first_by_id(runner: Runner) -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd", "dan").talk("x:ada", "x:cyd").talk("x:bob", "x:dan")
    story.at("10:00").all_arrive("dan", "bob", "cyd", "ada").at("11:00").tick()
    # Bob has been suggested to Dan, then Ada to Cyd, for Bob was full as Ada came.
    check(
        runner(story.events),
        suggested("bob", "dan", at="10:00", by="bob-in"),
        suggested("ada", "cyd", at="10:00", by="ada-in"),
        suggested("ada", "bob", at="11:00", by="ada-in"),
    )


def test_the_hour_comes_before_the_day(runner: Runner) -> None:
    story = hub("bob", "cyd", "dan", per_hour=1, per_day=2, presence_hours=48)
    story.at("11:00").all_arrive("ada", "bob").at("1d 10:00").all_arrive("cyd").at("1d 10:30").all_arrive("dan")
    check(
        runner(story.at("1d 11:00").tick().events),
        suggested("ada", "bob", at="11:00", by="bob-in"),
        suggested("ada", "cyd", at="1d 10:00", by="cyd-in"),
        suggested("ada", "dan", at="1d 11:00", by="cyd-in"),
    )


def test_the_day_of_the_first_comes_before_the_hour_of_the_second(runner: Runner) -> None:
    # At 11:00 of the second day Ada's day has room again, for Cyd's stops counting; and so has Bob's hour, for Dan's.
    story = hub("bob", "cyd", "eve", per_hour=1, per_day=2, presence_hours=48).people("dan").talk("x:bob", "x:dan")
    story.at("11:00").all_arrive("ada", "cyd").at("1d 09:00").all_arrive("eve").at("1d 10:00").all_arrive("bob", "dan")
    check(
        runner(story.at("1d 11:00").tick().events),
        suggested("ada", "cyd", at="11:00", by="cyd-in"),
        suggested("ada", "eve", at="1d 09:00", by="eve-in"),
        suggested("bob", "dan", at="1d 10:00", by="dan-in"),
        suggested("ada", "bob", at="1d 11:00", by="cyd-in"),
    )


def test_a_later_and_budget_at_one_moment_come_from_the_later(runner: Runner) -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd").talk("x:ada", "x:cyd")
    story.at("10:00").all_arrive("ada", "bob").at("11:00").all_arrive("cyd").answer("ada", "bob", "later", id="later")
    check(
        runner(story.at("12:00").tick().events),
        suggested("ada", "bob", at="10:00"),
        suggested("ada", "cyd", at="11:00"),
        suggested("ada", "bob", to=["ada"], at="12:00", by="later"),
    )


def test_budget_is_judged_as_it_stood_when_the_moment_began(runner: Runner) -> None:
    # At 11:00 both of Ada's suggestions stop counting, which came from two records: what waits comes from the first.
    story = hub(*MANY[:4], per_hour=2).at("10:00").all_arrive("ada", "bob", "cyd", "dan", "eve").at("12:30").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00", by="bob-in"),
        suggested("ada", "cyd", at="10:00", by="cyd-in"),
        suggested("ada", "dan", at="11:00", by="bob-in"),
        suggested("ada", "eve", at="11:00", by="bob-in"),
    )


def test_under_a_lower_limit_budget_comes_from_the_one_whose_end_makes_it(runner: Runner) -> None:
    # Both of 10:00 stop counting at 11:00; while one of them counts there is no room for a third.
    story = hub("bob", "cyd", "dan", per_hour=2).at("10:00").all_arrive("ada", "bob", "cyd").at("10:30")
    story.open(per_hour=1).all_arrive("dan").at("12:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00", by="bob-in"),
        suggested("ada", "cyd", at="10:00", by="cyd-in"),
        suggested("ada", "dan", at="11:00", by="cyd-in"),
    )


@pytest.mark.parametrize("ticks", [["12:00"], ["10:30", "11:00", "12:00"], ["10:59:59.999", "11:00:00.001"]])
def test_the_spacing_of_ticks_changes_nothing(runner: Runner, ticks: list[str]) -> None:
    story = hub("bob", "cyd", per_hour=1).at("10:00").all_arrive("bob", "cyd", "ada")
    for tick in ticks:
        story.at(tick).tick()
    check(runner(story.events), suggested("ada", "bob", at="10:00"), suggested("ada", "cyd", at="11:00", by="ada-in"))
