"""What one of the two answers, blocks or unblocks before an agreement shows nowhere in what the other gets.

The law over random histories is in tests/laws/test_private_acts; these are its stories by name.
"""

from collections.abc import Callable

import pytest

from tests.scenarios.expected import check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Json, Story, met_at_ten
from tests.scenarios.test_known_by_chat import DAILY, THREE_DAYS, both_arrive, both_post
from tests.scenarios.test_known_by_chat import cast as chat_cast
from tests.scenarios.test_withdrawals import ENDS, end

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")
ACTS: dict[str, Callable[[Story], Story]] = {
    "nothing": lambda story: story,
    **{
        word: lambda story, word=word: story.answer("bob", "ada", word)  # type: ignore[misc]
        for word in ("accepted", "later", "declined", "met", "not_met")
    },
    "here": lambda story: story.answer("bob", "ada", "here", place="hall-b"),
    "blocked by id": lambda story: story.block("bob", "ada"),
    "blocked by account": lambda story: story.block("bob", "x:ada"),
    "blocked and unblocked": lambda story: story.block("bob", "x:ada").unblock("bob", "x:ada"),
    "all of it": lambda story: (
        story.answer("bob", "ada", "later").block("bob", "x:ada").answer("bob", "ada", "declined")
    ),
}
acts = pytest.mark.parametrize("act", ACTS)


def seen_by_ada(outputs: list[Json]) -> list[Json]:
    """What she gets of it: no cause, no position, nobody else's name in `to`."""
    hidden = ("cause", "caused_by", "position", "to")
    return [{name: o[name] for name in o if name not in hidden} for o in outputs if "ada" in o["to"]]


@acts
def test_ones_later_comes_back_whatever_the_other_did(runner: Runner, act: str) -> None:
    story = ACTS[act](met_at_ten("ada", "bob").at("10:20")).at("10:30").answer("ada", "bob", "later")
    story.at("11:40").tick().at("12:00").leave("bob")
    seen = seen_by_ada(runner(story.events))
    assert [(o["type"], o["at"][11:16]) for o in seen] == [
        ("match.suggested", "10:00"),
        ("match.suggested", "11:30"),
        ("match.withdrawn", "12:00"),
    ]


@acts
@pytest.mark.parametrize("cause", [*ENDS, "erased"])
def test_the_card_ends_at_the_same_moment_and_looks_the_same(runner: Runner, act: str, cause: str) -> None:
    def told(act: str) -> list[Json]:
        story = ACTS[act](met_at_ten("ada", "bob", presence_hours=2).at("10:20"))
        story.at("12:00" if cause == "expired" else "11:00")
        story = story.erase("bob") if cause == "erased" else end(story, "bob", cause)
        return seen_by_ada(runner(story.tick().events))

    seen = told(act)
    assert [o["type"] for o in seen] == ["match.suggested", "match.withdrawn"]
    assert act == "nothing" or seen == told("nothing")


@acts
def test_presence_does_not_show_that_one_has_answered(runner: Runner, act: str) -> None:
    story = ACTS[act](met_at_ten("ada", "bob").at("21:00")).at("23:00").tick()
    assert [o["at"][11:16] for o in seen_by_ada(runner(story.events))] == ["10:00", "22:00"]


@pytest.mark.parametrize("act", ["declined", "blocked by id", "blocked by account", "met"])
def test_an_acceptance_is_answered_by_nothing(runner: Runner, act: str) -> None:
    story = ACTS[act](met_at_ten("ada", "bob").at("10:20")).at("10:30").answer("ada", "bob", "accepted")
    assert len(seen_by_ada(runner(story.at("12:00").tick().events))) == 1


@pytest.mark.parametrize("act", ["nothing", "later"])
def test_a_reminder_of_one_does_not_change_on_what_the_others_card_rests(runner: Runner, act: str) -> None:
    # It was suggested for chats alone; when Bob is reminded they have talked too, and still it ends with the chats.
    story = ACTS[act](both_arrive(both_post(chat_cast(DAILY), *THREE_DAYS)).at("10:10")).talk("x:ada", "x:bob")
    story.at("11:30").tick().consent("ada", chats=False, id="no")
    reminder = [suggested("ada", "bob", to=["bob"], at="11:10")] * (act == "later")
    end_of_it = withdrawn("ada", "bob", "consent_withdrawn", at="11:30", by="no")
    check(runner(story.events), FIRST, *reminder, end_of_it)


def test_a_second_match_does_not_tell_that_one_had_said_later(runner: Runner) -> None:
    def told(*words: str) -> list[Json]:
        story = met_at_ten("ada", "bob").at("10:20")
        for word in words:
            story.answer("bob", "ada", word)
        story.at("11:00").leave("ada").arrive("ada").at("16:00").tick()
        return seen_by_ada(runner(story.events))

    assert [(o["type"], o["at"][11:16]) for o in told()][1:] == [
        ("match.withdrawn", "11:00"),
        ("match.suggested", "15:00"),
    ]
    assert told("later") == told("accepted") == told("met") == told()
