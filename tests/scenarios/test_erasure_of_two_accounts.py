"""An attendee with several accounts, some of which nobody else has to do with."""

from tests.scenarios.expected import check
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story


def test_an_account_that_only_the_other_one_mentioned_goes_too(runner: Runner) -> None:
    story = (
        Story().open().people("bob").register("ada", "x:ada", "x:ada2").verify("ada", "x:ada").verify("ada", "x:ada2")
    )
    story.post("x:ada", "x:ada2").talk("x:ada", "x:bob", posts=4).erase("ada").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))
    assert runner.ties(story.events, everything=True) == []
