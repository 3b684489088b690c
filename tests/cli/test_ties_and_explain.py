"""`hallway ties` and `hallway explain`: who knows whom, and why a pair was or was not suggested."""

import itertools
import json
from pathlib import Path

import pytest

from schemas.codec import Codec, Record
from services.tools.simulation import simulate
from streams.matching import ties
from streams.matching.explanation.listing import ties_of
from streams.replay import Replay
from tests.cli.conftest import Hallway, Log, rows
from tests.scenarios.story import CONFERENCE, Story, friends, met_at_ten
from tests.scenarios.test_known_by_chat import DAILY, THREE_DAYS, both_post

AT = ("--conference", CONFERENCE)


# -- ties ----------------------------------------------------------------------------------------------------------


def test_ties_are_strongest_first_then_by_ids(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    story = friends("ada", "bob", "cyd").talk("x:bob", "x:cyd", posts=9).post("x:dan", "x:ada").people("dan")
    path, out = log(story), tmp_path / "ties.jsonl"
    found = hallway("ties", path, *AT)
    assert (found.rows[0]["a"], found.rows[0]["b"]) == ("bob", "cyd")
    assert [tie["known"] for tie in found.rows] == [True] * 3
    assert list(found.rows[0]) == ["a", "b", "score", "known", "reasons"]
    assert "3 ties at himss" in found.err
    hallway("ties", path, *AT, "--output", out)
    assert rows(out) == found.rows
    wide = hallway("ties", path, *AT, "--all").rows
    assert ("ada", "dan", False) in [(tie["a"], tie["b"], tie["known"]) for tie in wide]


@pytest.mark.parametrize("everything", [False, True])
def test_ties_are_those_of_a_look_at_every_pair(everything: bool) -> None:
    codec, replay = Codec(), Replay()
    for line in simulate(attendees=100, posts=4_000, days=1, seed=11):
        record = codec.decode(line.rstrip())
        if isinstance(record, Record):
            replay.feed(record)
    [matcher] = replay.matchers.values()
    state, expected = matcher.state, []
    people = sorted(name for name, person in state.attendees.items() if person.registered >= 0)
    for one, other in itertools.combinations(people, 2):
        a, b = state.attendees[one], state.attendees[other]
        points, known = ties.score(state, a, b, state.now), ties.known(state, a, b)
        if known or (everything and (points or ties.reasons(state, a, b, one_sided=True))):
            expected.append((-points / 10_000, one, other, known))
    found = [(-tie.score, tie.a, tie.b, tie.known) for tie in ties_of(matcher, everything)]
    assert found == sorted(expected) != []


def test_an_unknown_conference_is_refused_with_a_near_name(hallway: Hallway, log: Log) -> None:
    for command in (["ties"], ["explain"]):
        names = ["ada", "bob"] if command == ["explain"] else []
        done = hallway(*command, log(friends("ada", "bob")), "--conference", "himms", *names)
        assert (done.code, done.out) == (2, b"")
        assert "Did you mean himss?" in done.err


# -- explain -------------------------------------------------------------------------------------------------------

HERE = "10:00"


def _why_not() -> dict[str, tuple[Story, str]]:
    """Stories that end without a suggestion, and what the explanation says of it."""
    ada, bob = "ada", "bob"
    unready = friends(ada, bob).at(HERE)
    quiet = Story().open().people(ada, bob).at(HERE)
    full = met_at_ten("x", "y", "z", ada, per_hour=3)
    return {
        "not registered": (
            Story().open().people(ada).verify(bob, "x:bob").all_arrive(ada, bob),
            "bob is not registered",
        ),
        "no consent": (
            friends(ada, bob).consent(bob, matching=False).all_arrive(ada, bob),
            "bob does not consent to matching",
        ),
        "not arrived": (unready.arrive(ada), "bob has not arrived"),
        "left": (
            friends(ada, bob).at("09:00").arrive(bob).leave(bob).at(HERE).arrive(ada),
            "bob left the conference",
        ),
        "lapsed": (friends(ada, bob).arrive(bob).at("20:00").arrive(ada), "the presence lapsed on 2026-03-09 20:00"),
        "one-sided": (
            quiet.post("x:ada", "x:bob").post("x:ada", "x:bob").all_arrive(ada, bob),
            "2 posts one way, 0 the other",
        ),
        "too little": (
            Story().open().people(ada, bob).talk("x:ada", "x:bob", posts=2).all_arrive(ada, bob),
            "They do not know each other: 1 posts one way, 1 the other",
        ),
        "no account": (
            Story().open().people(ada).register(bob, "x:bob").talk("x:ada", "x:bob").all_arrive(ada, bob),
            "bob has no account that counts (claims x:bob, not verified)",
        ),
        "no chat consent": (
            both_post(Story().open(chats=DAILY).people(ada).people(bob, chats=False), *THREE_DAYS).all_arrive(ada, bob),
            "bob did not consent to chats",
        ),
        "blocked": (friends(ada, bob).block(bob, ada).all_arrive(ada, bob), "bob blocked ada"),
        "closed": (friends(ada, bob).close().all_arrive(ada, bob), "No outputs for them"),
        "not opened": (Story().people(ada, bob).talk("x:ada", "x:bob"), "has not been opened yet"),
        "no room": (full.people(bob).talk("x:ada", "x:bob").arrive(bob), "3 of 3 suggestions in 60 minutes"),
    }


@pytest.mark.parametrize("case", _why_not())
def test_explains_why_not(hallway: Hallway, log: Log, case: str) -> None:
    story, said = _why_not()[case]
    done = hallway("explain", log(story), *AT, "bob", "ada")
    assert done.code == 0, done.err
    text = done.out.decode()
    assert said in text
    assert "No outputs for them." in text
    assert "They were not suggested. What was missing:" in text


def test_explains_what_was_suggested_and_what_became_of_it(hallway: Hallway, log: Log) -> None:
    story = met_at_ten("ada", "bob")
    [output] = hallway("replay", log(story)).rows
    story.at("10:05").event("match.answered", match=output["match"], attendee="ada", answer="declined")
    text = hallway("explain", log(story), *AT, "ada", "bob").out.decode()
    assert "2026-03-09 10:00:00 UTC  suggested to ada and bob" in text
    assert "0.4113, 4 posts (m-" in text
    assert "withdrawn from ada: declined" in text
    assert "ada said declined" in text
    assert "They were suggested, see above." in text
    assert "What prevents another suggestion: earlier" in text


def test_explains_an_earlier_moment(hallway: Hallway, log: Log) -> None:
    path = log(met_at_ten("ada", "bob").at("12:00").leave("ada"))
    before = hallway("explain", path, *AT, "ada", "bob", "--at", "2026-03-09T09:00:00Z").out.decode()
    assert "ada has not arrived" in before
    assert "at 2026-03-09 09:00:00 UTC?" in before
    between = hallway("explain", path, *AT, "ada", "bob", "--at", "2026-03-09T12:00:00+01:00").out.decode()
    assert "at 2026-03-09 11:00:00 UTC?" in between
    assert "is open (no answers). It is not suggested a second time." in between
    assert "withdrawn" not in between
    assert hallway("explain", path, *AT, "ada", "bob", "--at", "noon").code == 2


def test_what_is_due_until_the_moment_has_happened(hallway: Hallway, log: Log) -> None:
    path = log(met_at_ten("ada", "bob"))
    text = hallway("explain", path, *AT, "ada", "bob", "--at", "2026-03-09T23:00:00Z").out.decode()
    assert "2026-03-09 22:00:00 UTC  withdrawn from ada and bob: expired" in text
    assert "a new match may come on 2026-03-10 02:00" in text


def test_unknown_attendees_are_refused_with_near_names(hallway: Hallway, log: Log) -> None:
    done = hallway("explain", log(friends("ada", "bob")), *AT, "adda", "bob")
    assert (done.code, done.out) == (2, b"")
    assert "no attendee adda. Did you mean ada?" in done.err
    assert hallway("explain", log(friends("ada", "bob")), *AT, "bob", "bob").code == 2


def test_an_erased_attendee_is_said_to_be(hallway: Hallway, log: Log) -> None:
    text = hallway(
        "explain", log(friends("ada", "bob").erase("bob")), *AT, "ada", "bob", "--at", "2026-03-10T00:00:00Z"
    )
    assert "bob was erased, for ever" in text.out.decode()


def test_rejected_lines_are_reported(hallway: Hallway, log: Log) -> None:
    path = Path(log(friends("ada", "bob")))
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    assert "1 line of the input rejected" in hallway("explain", path, *AT, "ada", "bob").err
    assert "1 line of the input rejected" in hallway("ties", path, *AT).err
    assert json.loads(hallway("ties", path, *AT).out)["known"] is True


def test_of_a_conference_that_was_never_opened_it_is_reported(hallway: Hallway, log: Log) -> None:
    path = log(Story().people("ada", "bob").talk("x:ada", "x:bob"))
    ties = hallway("ties", path, "--conference", "himss")
    assert (ties.code, ties.out) == (0, b"")
    explained = hallway("explain", path, "ada", "bob", "--conference", "himss")
    for said in (ties.err, explained.out.decode()):
        assert "himss was not opened up to here" in said
    assert "1969" not in explained.out.decode()
