"""Room when the hour and the day are both full; answers to a card that was taken back from one of the two."""

import pytest

from tests.scenarios.expected import check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import met_at_ten
from tests.scenarios.test_budget import hub

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")


@pytest.mark.parametrize(("second", "freed", "by"), [("10:30", "11:30", "cyd-in"), ("09:30", "11:00", "bob-in")])
def test_the_later_of_the_two_limits_counts(runner: Runner, second: str, freed: str, by: str) -> None:
    story = hub("bob", "cyd", "dan", per_hour=1, per_day=2, presence_hours=48)
    story.at("11:00").all_arrive("ada", "bob").at(f"1d {second}").all_arrive("cyd").at("1d 10:45").all_arrive("dan")
    check(
        runner(story.at("1d 12:00").tick().events),
        suggested("ada", "bob", at="11:00"),
        suggested("ada", "cyd", at=f"1d {second}", by="cyd-in"),
        suggested("ada", "dan", at=f"1d {freed}", by=by),
    )


def test_who_accepted_and_then_blocked_does_not_agree(runner: Runner) -> None:
    story = (
        met_at_ten("ada", "bob").at("10:10").answer("ada", "bob", "accepted").at("10:20").block("ada", "bob", id="b")
    )
    story.at("10:30").answer("bob", "ada", "accepted")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "blocked", to=["ada"], at="10:20", by="b"))
