"""Withdrawals: their causes and their people; once more after 4 hours; blocks; cards that rest on chats alone."""

import pytest

from tests.scenarios.expected import agreed, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Json, Story, friends, met_at_ten
from tests.scenarios.test_known_by_chat import DAILY, THREE_DAYS, both_arrive, both_post
from tests.scenarios.test_known_by_chat import cast as chat_cast

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")


def match_until(cause: str) -> Story:
    """A match of 10:00; where it is to expire, presence lasts an hour."""
    return met_at_ten("ada", "bob", presence_hours=1 if cause == "expired" else 12)


def end(story: Story, who: str, cause: str) -> Story:
    if cause == "left":
        return story.leave(who, id="end")
    return story.tick() if cause == "expired" else story.consent(who, matching=False, id="end")


def ended(cause: str) -> Story:
    """A match of 10:00 that ends at 11:00; at once everything holds again, but 4 hours must pass."""
    story = end(match_until(cause).at("11:00"), "bob", cause)
    return story.consent("bob", matching=True).arrive("ada").arrive("bob")


def end_of(cause: str) -> Json:
    return withdrawn("ada", "bob", cause, at="11:00", by="ada-in" if cause == "expired" else "end")


ENDS = ["left", "consent_withdrawn", "expired"]


@pytest.mark.parametrize("cause", ENDS)
@pytest.mark.parametrize("answer", [None, "accepted", "later", "not_met"])
def test_who_goes_withdraws_the_match_from_both(runner: Runner, cause: str, answer: str | None) -> None:
    story, time = match_until(cause), "11:00" if cause == "expired" else "10:50"
    if answer:
        story.answer("ada", "bob", answer).answer("bob", "ada", "not_met")
    end(story.at(time), "ada", cause)
    check(runner(story.events), FIRST, withdrawn("ada", "bob", cause, at=time))


def test_leaving_a_place_withdraws_nothing(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").all_arrive("ada", "bob", place="hall-a").at("10:30")
    check(runner(story.leave("ada", "hall-a").leave("ada", "hall-b").events), FIRST)


def test_a_leaving_older_than_the_arrival_withdraws_nothing(runner: Runner) -> None:
    check(runner(met_at_ten("ada", "bob").at("10:30").leave("ada", at="09:59").events), FIRST)


def test_consents_to_chats_and_place_withdraw_no_conversation(runner: Runner) -> None:
    check(runner(met_at_ten("ada", "bob").at("10:30").consent("ada", chats=False, share_place=False).events), FIRST)


@pytest.mark.parametrize(("ada", "bob", "first"), [("09:00", "10:00", "ada-in"), ("10:00", "10:00", "ada-in")])
def test_a_lapse_comes_from_the_last_sign_of_who_lapses_first(runner: Runner, ada: str, bob: str, first: str) -> None:
    story = friends("ada", "bob").at(ada).arrive("ada", id="ada-in").at(bob).arrive("bob", id="bob-in")
    story.at("1d 10:00").tick()
    lapse = "21:00" if ada == "09:00" else "22:00"
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "expired", at=lapse, by=first))


def test_a_lapse_of_the_second_by_id(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("12:00").arrive("ada").at("23:00").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "expired", at="22:00", by="bob-in"))


def test_a_match_is_withdrawn_to_a_person_once(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").leave("ada", id="end").consent("ada", matching=False).leave("bob")
    story.block("ada", "bob").erase("bob").tick()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="10:30", by="end"))


# Once more


@pytest.mark.parametrize("cause", ENDS)
def test_once_more_after_4_hours(runner: Runner, cause: str) -> None:
    story = ended(cause).open().at("14:59:59.999").arrive("ada").arrive("bob")
    check(runner(story.events), FIRST, end_of(cause))
    again = suggested("ada", "bob", n=1, at="15:00", by=end_of(cause)["caused_by"])
    check(runner(story.at("16:00").tick().events), FIRST, end_of(cause), again)


@pytest.mark.parametrize("answer", ["accepted", "later", "met", "not_met"])
@pytest.mark.parametrize("who", ["ada", "bob"])
def test_once_more_also_after_an_answer_of_either(runner: Runner, answer: str, who: str) -> None:
    story = met_at_ten("ada", "bob").answer(who, "bob" if who == "ada" else "ada", answer).at("10:30").leave("bob")
    story.at("11:00").arrive("bob").at("16:00").tick()
    again = suggested("ada", "bob", n=1, at="14:30")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "left", at="10:30"), again)


@pytest.mark.parametrize("met", [False, True])
def test_once_more_after_an_agreement_unless_they_met(runner: Runner, met: bool) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").answer("bob", "ada", "accepted").at("10:30")
    if met:
        story.answer("bob", "ada", "met")
    story.leave("bob").at("11:00").arrive("bob").at("16:00").tick()
    ends = [withdrawn("ada", "bob", "left", at="10:30"), suggested("ada", "bob", n=1, at="14:30")]
    check(runner(story.events), FIRST, agreed("ada", "bob"), *([] if met else ends))


def test_once_more_when_everything_holds_again_later(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").leave("bob").at("15:00").tick().arrive("bob", id="back")
    ends = [withdrawn("ada", "bob", "left"), suggested("ada", "bob", n=1, at="15:00", by="back", position="13-0")]
    check(runner(story.events), FIRST, *ends)


def test_at_most_two_matches(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").leave("bob").arrive("bob").at("16:00").leave("bob").arrive("bob")
    story.at("1d 01:00").arrive("ada").arrive("bob")
    check(
        runner(story.events),
        FIRST,
        withdrawn("ada", "bob", "left", at="11:00"),
        suggested("ada", "bob", n=1, at="15:00"),
        withdrawn("ada", "bob", "left", n=1, at="16:00"),
    )


def test_the_new_match_is_answered_by_its_own_name(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("11:00").leave("bob").arrive("bob").at("15:00").tick()
    story.answer("ada", "bob", "declined").answer("bob", "ada", "declined", n=1, id="no")
    check(
        runner(story.events),
        FIRST,
        withdrawn("ada", "bob", "left"),
        suggested("ada", "bob", n=1, at="15:00"),
        withdrawn("ada", "bob", "declined", n=1, to=["bob"], at="15:00", by="no"),
    )


def test_the_4_hours_come_before_budget(runner: Runner) -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd").talk("x:ada", "x:cyd")
    story.at("10:00").all_arrive("ada", "bob").at("11:00").leave("bob", id="end").arrive("bob")
    story.at("14:00").all_arrive("cyd").at("15:00").tick()
    check(
        runner(story.events),
        FIRST,
        withdrawn("ada", "bob", "left"),
        suggested("ada", "cyd", at="14:00"),
        suggested("ada", "bob", n=1, at="15:00", by="end"),
    )


# Blocks by id; those by account are in test_blocks_by_account


def test_a_block_is_shown_to_the_blocker_alone(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").block("ada", "bob", id="blocks")
    blocked = withdrawn("ada", "bob", "blocked", to=["ada"], at="10:30", by="blocks")
    check(runner(story.events), FIRST, blocked)
    story.at("11:00").leave("bob", id="left")
    check(runner(story.events), FIRST, blocked, withdrawn("ada", "bob", "left", to=["bob"], at="11:00", by="left"))


def test_the_blocked_ones_card_lapses(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").block("bob", "ada", id="blocks").at("1d 10:00").tick()
    blocked = withdrawn("ada", "bob", "blocked", to=["bob"], at="10:30", by="blocks")
    check(runner(story.events), FIRST, blocked, withdrawn("ada", "bob", "expired", to=["ada"], at="22:00", by="ada-in"))


def test_a_pair_whose_match_was_blocked_is_never_suggested_again(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").block("ada", "bob").unblock("ada", "bob").at("11:00").leave("bob")
    story.at("16:00").arrive("bob").tick()
    ends = [withdrawn("ada", "bob", "blocked", to=["ada"]), withdrawn("ada", "bob", "left", to=["bob"])]
    check(runner(story.events), FIRST, *ends)


@pytest.mark.parametrize("name", ["bob", "x:bob"])
def test_a_block_between_two_matches_ends_with_the_unblocking(runner: Runner, name: str) -> None:
    story = met_at_ten("ada", "bob").at("10:30").leave("bob").arrive("bob").block("ada", name).at("15:00")
    story.unblock("ada", name, id="unblocks")
    ends = [withdrawn("ada", "bob", "left"), suggested("ada", "bob", n=1, at="15:00", by="unblocks")]
    check(runner(story.events), FIRST, *ends)


def test_an_older_block_than_the_unblocking_withdraws_nothing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").unblock("ada", "bob").at("10:40").block("ada", "bob", at="10:29")
    check(runner(story.events), FIRST)


# Chats alone


def chat_match() -> Story:
    return both_arrive(both_post(chat_cast(DAILY), *THREE_DAYS))


def test_a_card_on_chats_alone_ends_with_the_consent_to_chats(runner: Runner) -> None:
    story = chat_match().at("10:30").consent("bob", chats=False, id="no")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "consent_withdrawn", at="10:30", by="no"))
    story.consent("bob", chats=True).at("15:00").tick()
    again = suggested("ada", "bob", n=1, at="14:30", by="no")
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "consent_withdrawn"), again)


def test_a_card_on_chats_alone_as_it_was_suggested_stays_one(runner: Runner) -> None:
    story = chat_match().at("10:20").talk("x:ada", "x:bob").at("10:30").consent("bob", chats=False)
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "consent_withdrawn", at="10:30"))


def test_a_card_with_a_conversation_stays(runner: Runner) -> None:
    story = both_arrive(both_post(chat_cast(DAILY), *THREE_DAYS).talk("x:ada", "x:bob"))
    check(runner(story.at("10:30").consent("bob", chats=False).events), FIRST)


def test_chats_beside_too_short_a_conversation_are_chats_alone(runner: Runner) -> None:
    story = both_arrive(both_post(chat_cast(DAILY), *THREE_DAYS).talk("x:ada", "x:bob", posts=2))
    story.at("10:30").consent("bob", chats=False)
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "consent_withdrawn", at="10:30"))


def test_the_others_chat_card_ends_too(runner: Runner) -> None:
    story = chat_match().at("10:20").answer("ada", "bob", "declined").at("10:30").consent("ada", chats=False, id="no")
    ends = [
        withdrawn("ada", "bob", "declined", to=["ada"]),
        withdrawn("ada", "bob", "consent_withdrawn", to=["bob"], at="10:30", by="no"),
    ]
    check(runner(story.events), FIRST, *ends)
