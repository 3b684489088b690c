"""Ties: every pair that knows each other, and with all every pair with any evidence."""

from tests.scenarios.expected import chat, conversation
from tests.scenarios.runners import Runner
from tests.scenarios.story import Json, Story, friends
from tests.scenarios.test_known_by_chat import DAILY, THREE_DAYS, both_post


def pairs(ties: list[Json]) -> list[tuple[str, str, bool]]:
    return [(tie["a"], tie["b"], tie["known"]) for tie in ties]


def test_a_tie_says_who_how_much_and_why(runner: Runner) -> None:
    [tie] = runner.ties(friends("ada", "bob").events)
    assert 0 < tie.pop("score") <= 1
    reason = conversation(4, "08:00", "x:4", "x:3", "x:2", "x:1")
    assert tie == {"a": "ada", "b": "bob", "known": True, "reasons": [reason]}


def test_presence_consent_and_blocks_do_not_matter(runner: Runner) -> None:
    story = friends("ada", "bob").consent("ada", matching=False, share_place=False).block("bob", "ada")
    assert pairs(runner.ties(story.events)) == [("ada", "bob", True)]


def test_only_registered_attendees_have_ties(runner: Runner) -> None:
    story = Story().open().people("ada").verify("bob", "x:bob").talk("x:ada", "x:bob").talk("x:ada", "x:cyd")
    assert runner.ties(story.events, everything=True) == []


def test_the_strongest_first_then_by_ids(runner: Runner) -> None:
    story = Story().open().people("ada", "bob", "cyd", "dan").talk("x:bob", "x:cyd", posts=9)
    story.talk("x:cyd", "x:dan", at="-300d 08:00").talk("x:ada", "x:dan", at="-300d 08:00")
    ties = runner.ties(story.events)
    assert pairs(ties)[0] == ("bob", "cyd", True)
    assert [tie["score"] for tie in ties] == sorted((tie["score"] for tie in ties), reverse=True)
    twins = Story().open().people("ada", "bob", "cyd", "dan").talk("x:cyd", "x:dan").talk("x:ada", "x:bob")
    assert pairs(runner.ties(twins.events)) == [("ada", "bob", True), ("cyd", "dan", True)]


def test_all_lists_one_sided_conversations_too(runner: Runner) -> None:
    story = Story().open().people("ada", "bob").post("x:bob", "x:ada", tags=["fhir"])
    assert runner.ties(story.events) == []
    [tie] = runner.ties(story.events, everything=True)
    reason = conversation(1, "08:00", "x:1", hashtag="fhir")
    assert (tie["known"], tie["reasons"]) == (False, [reason])


def test_all_lists_a_single_common_session(runner: Runner) -> None:
    story = both_post(Story().open(chats=DAILY).people("ada", "bob"), "-1d 12:00")
    assert runner.ties(story.events) == []
    [tie] = runner.ties(story.events, everything=True)
    assert (tie["known"], tie["reasons"]) == (False, [chat("hitsm", 1, "-1d 12:00", "x:2", "x:1")])


def test_a_one_sided_conversation_is_listed_with_all_only(runner: Runner) -> None:
    story = both_post(Story().open(chats=DAILY).people("ada", "bob"), *THREE_DAYS).post("x:ada", "x:bob")
    talk, sessions = conversation(1, "08:00", "x:7"), chat("hitsm", 3, "-1d 12:00", "x:6", "x:5", "x:4", "x:3", "x:2")
    assert [tie["reasons"] for tie in runner.ties(story.events)] == [[sessions]]
    assert [tie["reasons"] for tie in runner.ties(story.events, everything=True)] == [[talk, sessions]]


def test_chats_make_no_tie_without_both_consents_to_chats(runner: Runner) -> None:
    story = both_post(Story().open(chats=DAILY).people("ada").people("bob", chats=False), *THREE_DAYS)
    assert runner.ties(story.events, everything=True) == []


def test_ties_are_those_of_the_last_now(runner: Runner) -> None:
    story = friends("ada", "bob").at("399d 07:59").tick()
    assert pairs(runner.ties(story.events)) == [("ada", "bob", True)]
    story.at("399d 08:00").tick()
    assert runner.ties(story.events) == []
    assert pairs(runner.ties(story.events, everything=True)) == [("ada", "bob", False)]
    assert runner.ties(story.at("400d 08:00").tick().events, everything=True) == []


def test_the_score_never_falls_by_more_evidence_of_the_pair(runner: Runner) -> None:
    story, scores = friends("ada", "bob", chats=DAILY), []
    for step in range(4):
        scores.append(runner.ties(story.events)[0]["score"])
        story.post("x:ada", "x:bob", at=f"-{100 * step}d 08:00")
        scores.append(runner.ties(story.events)[0]["score"])
        both_post(story, f"-{step}d 07:00")
    assert scores == sorted(scores)


def test_older_evidence_weighs_less(runner: Runner) -> None:
    story = Story().open().people("ada", "bob", "cyd", "dan")
    story.talk("x:ada", "x:bob", at="-180d 08:00").talk("x:cyd", "x:dan")
    new, old = runner.ties(story.events)
    assert (new["a"], old["a"]) == ("cyd", "ada")
    assert new["score"] > old["score"] > 0
