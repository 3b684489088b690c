"""Why a pair is, or is not, suggested: each condition with its verdict and its facts, word for word."""

import json

import pytest

from schemas.codec import Codec, Record
from schemas.times import millis
from services.cli.logs.explanation_text import to_sentence
from streams.matching import Matcher
from streams.matching.explanation.explain import explain, rules, why_not
from streams.matching.explanation.steps import BudgetRule, ChatsRule, ConversationRule, PresenceRule
from tests.scenarios.runners import EngineSession
from tests.scenarios.story import CONFERENCE, Story, friends, met_at_ten, when
from tests.scenarios.test_answers import agreed_at_eleven
from tests.scenarios.test_known_by_chat import DAILY, both_post
from tests.scenarios.test_session_weight import crowded


def matcher_of(story: Story) -> Matcher:
    """A matcher that has folded the story."""
    session, codec, matcher = EngineSession(), Codec(), Matcher(CONFERENCE)
    for event in story.events:
        session.apply(event)
        record = codec.decode(json.dumps(session.events[-1]).encode())
        assert isinstance(record, Record)
        matcher.apply(record.event, record.at, record.recorded)
    return matcher


def missing(story: Story) -> list[str]:
    """What keeps Ada and Bob from a suggestion, as sentences."""
    return [to_sentence(step) for step in why_not(matcher_of(story), "ada", "bob")]


def steps(story: Story, now: str = "10:00") -> dict[str, list[tuple[bool | None, str]]]:
    """By the name of the condition: its verdict and text, of Ada and of Bob where it is about one of them."""
    found: dict[str, list[tuple[bool | None, str]]] = {}
    for step in explain(matcher_of(story), "bob", "ada", millis(when(now))):
        found.setdefault(step.name, []).append((step.ok, to_sentence(step)))
    return found


def test_all_conditions_hold_in_the_order_of_the_contract() -> None:
    story = friends("ada", "bob").at("09:00").arrive("ada", "hall-a").arrive("bob")
    found = steps(story.leave("ada").arrive("ada", "hall-b", at="08:30"), "08:59")
    assert list(found) == [
        *("conference", "registered", "consent", "present", "accounts", "conversation", "chats", "known"),
        *("blocked", "earlier", "room"),
    ]
    assert found["conference"] == [(True, "The conference is open.")]
    assert found["registered"] == [
        (True, "ada is registered, last on 2026-03-09 08:00 UTC."),
        (True, "bob is registered, last on 2026-03-09 08:00 UTC."),
    ]
    assert found["consent"] == [(True, "ada consents to matching."), (True, "bob consents to matching.")]
    assert found["accounts"] == [(None, "ada posts as x:ada."), (None, "bob posts as x:bob.")]
    assert found["blocked"] == [(True, "Neither blocked the other.")]


# The conference and its people


def test_before_the_opening_only_that_is_reported() -> None:
    story = Story().people("ada", "bob")
    assert steps(story) == {"conference": [(False, "The conference has not been opened yet.")]}
    assert missing(story) == ["The conference has not been opened yet."]


def test_a_closed_conference() -> None:
    story = friends("ada", "bob").close()
    closed = "The conference is closed: nothing is put out any more."
    assert steps(story)["conference"] == [(False, closed)]
    assert closed in missing(story)


def test_who_is_erased_or_was_only_heard_of() -> None:
    story = Story().open().people("ada").arrive("bob")
    assert steps(story)["registered"][1] == (False, "bob is not registered.")
    assert steps(story)["consent"][1] == (False, "bob does not consent to matching.")
    assert steps(story)["chats"] == [(None, "Chats: count for nothing, bob did not consent to chats.")]
    unheard = Story().open().people("ada")
    assert steps(unheard)["registered"][1] == (False, "bob is not registered.")
    assert list(steps(unheard)) == ["conference", "registered"]
    erased = steps(story.erase("bob"))
    assert erased["registered"][1] == (False, "bob was erased, for ever.")
    assert list(erased) == ["conference", "registered"]


def test_consents() -> None:
    story = friends("ada", "bob").consent("bob", matching=False, chats=False)
    assert steps(story)["consent"][1] == (False, "bob does not consent to matching.")
    assert steps(story)["chats"] == [(None, "Chats: count for nothing, bob did not consent to chats.")]
    both = steps(story.consent("ada", chats=False))
    assert both["chats"] == [(None, "Chats: count for nothing, ada and bob did not consent to chats.")]


def test_presence() -> None:
    story = friends("ada", "bob").at("09:00").arrive("ada", "hall-a")
    assert steps(story)["present"] == [
        (True, "ada is here: last arrival 2026-03-09 09:00 UTC at hall-a, lapses 2026-03-09 21:00 UTC."),
        (False, "bob has not arrived."),
    ]
    story.arrive("bob")
    here = "bob is here: last arrival 2026-03-09 09:00 UTC, lapses 2026-03-09 21:00 UTC."
    assert steps(story, "20:59")["present"][1] == (True, here)
    lapsed = "bob's last sign was on 2026-03-09 09:00 UTC; the presence lapsed on 2026-03-09 21:00 UTC."
    assert steps(story, "21:00")["present"][1] == (False, lapsed)
    story.at("09:30").leave("bob")
    assert steps(story)["present"][1] == (False, "bob left the conference on 2026-03-09 09:30 UTC.")


def test_accounts_that_do_not_count() -> None:
    story = Story().open().people("ada").verify("ada", "m:ada").register("bob", "x:bob", "m:bob")
    assert steps(story)["accounts"] == [
        (None, "ada posts as x:ada, m:ada."),
        (
            None,
            "bob has no account that counts (claims x:bob, m:bob, not verified): there can be no evidence.",
        ),
    ]
    story.register("bob")
    none = "bob has no account that counts (claims none): there can be no evidence."
    assert steps(story)["accounts"][1] == (None, none)


# Evidence


def test_a_conversation_that_is_too_short() -> None:
    story = (
        Story().open(known_days=3).people("ada", "bob").post("x:ada", "x:bob", at="-1d 12:00").post("x:bob", "x:ada")
    )
    assert steps(story)["conversation"] == [
        (
            None,
            "Conversation: ada addressed bob in 1 and bob ada in 1 posts, on 2 UTC days. "
            "Each way at least 2, and 4 posts on 3 days, are needed.",
        )
    ]
    unknown = "They do not know each other: 1 posts one way, 1 the other, 0 common sessions."
    assert steps(story)["known"] == [(False, unknown)]
    assert unknown in missing(story)


def test_a_conversation_that_is_enough() -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob", posts=90).post("x:ada", "x:bob")
    assert steps(story)["conversation"] == [
        (
            None,
            "Conversation: ada addressed bob in 46 and bob ada in 45 posts, on 2 UTC days. "
            "Each way at least 2, and 4 posts on 2 days, are reached.",
        )
    ]
    # 91 posts + 45 each way + 4 for each day = 144, of 164.
    assert steps(story)["known"] == [(True, "They know each other by conversation; the score is 0.8780.")]


def test_chats() -> None:
    story = Story().open(chats=DAILY, chat_sessions=2, chat_weight=1909).people("ada", "bob")
    assert steps(story)["chats"] == [
        (None, "Chats: 0 common sessions weigh 0 thousandths. Needed are 2 sessions and 1909 thousandths.")
    ]
    crowded(story, 11, "-1d 12:00")
    assert steps(story)["chats"] == [
        (
            None,
            "Chats: 1 common session (of 11 people) weigh 909 thousandths. Needed are 2 sessions and 1909 thousandths.",
        )
    ]
    unknown = "They do not know each other: 0 posts one way, 0 the other, 1 common sessions."
    assert steps(story)["known"] == [(False, unknown)]
    both_post(crowded(story, 7, "-3d 12:00"), "-2d 12:00")
    assert steps(story)["chats"] == [
        (
            None,
            "Chats: 3 common sessions (of 2 to 11 people) weigh 2909 thousandths. "
            "Needed are 2 sessions and 1909 thousandths.",
        )
    ]
    assert steps(story)["known"][0][1].startswith("They know each other by chat; the score is 0.0")
    story.talk("x:ada", "x:bob")
    assert steps(story)["known"][0][1].startswith("They know each other by conversation and chat; the score is 0.4")


# Blocks, earlier matches, room


def test_blocks() -> None:
    story = friends("ada", "bob").block("bob", "x:ada")
    assert steps(story)["blocked"] == [(False, "bob blocked ada.")]
    assert steps(story.block("ada", "bob"))["blocked"] == [(False, "ada blocked bob and bob blocked ada.")]


def earlier(story: Story, now: str) -> tuple[bool | None, str]:
    """The verdict, and the text without the match's id."""
    [(ok, text)] = steps(story, now)["earlier"]
    return ok, text.partition(" ")[2]


def test_no_earlier_match() -> None:
    assert steps(friends("ada", "bob"))["earlier"] == [(True, "They were never suggested to each other before.")]


def test_an_open_match() -> None:
    story = met_at_ten("ada", "bob")
    assert earlier(story, "12:00") == (False, "is open (no answers). It is not suggested a second time.")
    story.at("10:30").answer("ada", "bob", "later").answer("bob", "ada", "accepted")
    said = "is open (ada said later; bob said accepted). "
    once_more = "It is suggested once more to ada on 2026-03-09 11:30 UTC."
    assert earlier(story, "11:29") == (False, said + once_more)
    assert earlier(story, "11:30") == (True, said + once_more)
    story.at("11:40").tick()
    assert earlier(story, "11:40") == (False, said + "It is not suggested a second time.")
    story.at("12:00").block("ada", "bob")
    assert earlier(story, "12:00") == (
        False,
        said + "It was withdrawn to ada, and the pair is not suggested again.",
    )


def test_an_agreed_match() -> None:
    said = "is open (ada said accepted; bob said accepted). Both agreed."
    assert earlier(agreed_at_eleven(), "12:00") == (False, said)


def test_a_match_that_ended_without_an_answer() -> None:
    story = met_at_ten("ada", "bob").at("10:30").leave("bob")
    waits = "ended; a new match may come on 2026-03-09 14:30 UTC."
    assert earlier(story, "14:29") == (False, waits)
    assert earlier(story, "14:30") == (True, "ended (no answers); a new match may come.")


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_a_match_after_which_they_met(who: str) -> None:
    other = "bob" if who == "ada" else "ada"
    story = agreed_at_eleven().at("11:30").answer(who, other, "met")
    said = {who: "met", other: "accepted"}
    told = f"is done (ada said {said['ada']}; bob said {said['bob']}): they met. They are not suggested again."
    assert earlier(story, "16:00") == (False, told)


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_a_match_that_ended_for_good(who: str) -> None:
    story = met_at_ten("ada", "bob").answer(who, "bob" if who == "ada" else "ada", "declined").at("10:30").leave("bob")
    told = f"ended for good ({who} said declined). They are not suggested again."
    assert earlier(story, "16:00") == (False, told)


@pytest.mark.parametrize("word", ["accepted", "later"])
def test_a_match_that_ended_with_an_answer_may_come_once_more(word: str) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", word).at("10:30").leave("bob")
    assert earlier(story, "14:29") == (False, "ended; a new match may come on 2026-03-09 14:30 UTC.")
    assert earlier(story, "14:30") == (True, f"ended (ada said {word}); a new match may come.")


def test_budget() -> None:
    story = Story().open(per_hour=1, per_day=2).people("ada", "bob", "cyd").talk("x:ada", "x:cyd")
    story.at("10:00").all_arrive("ada", "cyd")
    got = "ada got 1 of 1 suggestions in 60 minutes, 1 of 2 in 24 hours"
    none = "bob got 0 of 1 suggestions in 60 minutes, 0 of 2 in 24 hours: there is room."
    assert steps(story, "10:59")["room"] == [(False, f"{got}: no room until 2026-03-09 11:00 UTC."), (True, none)]
    later = "ada got 0 of 1 suggestions in 60 minutes, 1 of 2 in 24 hours: there is room."
    assert steps(story, "11:00")["room"] == [(True, later), (True, none)]
    never = steps(story.open(per_day=0), "11:00")["room"]
    got = "suggestions in 60 minutes, {} of 0 in 24 hours: no room as long as the budget is 0."
    assert never == [(False, f"ada got 0 of 3 {got.format(1)}"), (False, f"bob got 0 of 3 {got.format(0)}")]


# Rules: of nobody


def test_the_rules_are_those_of_the_opening() -> None:
    story = Story().open(chats=DAILY, per_hour=1, known_posts=5, presence_hours=6).people("ada", "bob")
    assert rules(matcher_of(story).state) == [
        PresenceRule(6),
        ConversationRule(2, 5, 2),
        ChatsRule(("hitsm",), 3, 2_000),
        BudgetRule(1, 10),
    ]
    before = rules(matcher_of(story).state)
    assert rules(matcher_of(story.talk("x:ada", "x:bob").at("10:00").all_arrive("ada", "bob")).state) == before
