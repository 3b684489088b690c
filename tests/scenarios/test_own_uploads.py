"""What somebody brings of themselves puts them into no chat session, until somebody else there speaks to them."""

from typing import Any

import pytest

from tests.scenarios.expected import chat, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Story
from tests.scenarios.test_known_by_chat import DAILY, FRIDAYS, THREE_DAYS, both_arrive
from tests.scenarios.test_session_weight import crowded

FIRST = suggested("ada", "bob", at="10:00", by="bob-in")
OF_ADA = "attendee:ada"


def cast(*others: str, **opening: Any) -> Story:
    """A chat of every day in which Bob was on three days."""
    story = Story().open(chats=DAILY, **opening).people("ada", "bob", *others)
    for day in THREE_DAYS:
        story.post("x:bob", tags=["hitsm"], at=day)
    return story


def brought(story: Story, *days: str, to: tuple[str, ...] = (), by: str = "ada", actor: str = "x:ada") -> Story:
    """Posts of the chat that somebody brings of themselves, back-dated."""
    for day in days:
        story.post(actor, *to, tags=["hitsm"], at=day, source=f"attendee:{by}")
    return story


def spoken_to(
    story: Story, *days: str, actor: str = "x:cyd", to: str = "x:ada", tag: str = "hitsm", **fields: Any
) -> Story:
    """Somebody speaks to her in the chat."""
    for day in days:
        story.post(actor, to, tags=[tag], at=day, **fields)
    return story


def test_three_back_dated_uploads_make_nobody_known(runner: Runner) -> None:
    story = both_arrive(brought(cast(), *THREE_DAYS))
    check(runner(story.events))
    assert runner.ties(story.events, everything=True) == []


def test_speaking_to_somebody_in_them_shows_nothing_either(runner: Runner) -> None:
    check(runner(both_arrive(brought(cast(), *THREE_DAYS, to=("x:bob", "x:cyd"))).events))


@pytest.mark.parametrize("source", [None, "connector:bluesky", "organizer:himss"])
def test_what_others_brought_puts_one_into_its_session(runner: Runner, source: str | None) -> None:
    story = brought(cast(organizer="himss"), *THREE_DAYS[1:])
    fields = {"source": source} if source else {}
    check(runner(both_arrive(story).events))
    story.at("10:10").post("x:ada", tags=["hitsm"], at=THREE_DAYS[0], **fields)
    check(runner(story.events))  # in one session of three
    for number, day in enumerate(THREE_DAYS[1:]):
        story.post("x:ada", tags=["hitsm"], at=day, id=f"x:late{number}", **fields)
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="x:late1"))


def test_who_is_spoken_to_in_a_session_is_in_it(runner: Runner) -> None:
    story = spoken_to(brought(cast(), *THREE_DAYS), *THREE_DAYS)
    reason = chat("hitsm", 3, "-1d 12:00", "x:6", "x:3", "x:5", "x:2", "x:4")
    check(runner(both_arrive(story).events), {**FIRST, "reasons": [reason]})


def test_each_session_by_itself(runner: Runner) -> None:
    story = both_arrive(spoken_to(brought(cast(), *THREE_DAYS), *THREE_DAYS[:2]))
    check(runner(story.events))
    story.at("10:10").post("x:cyd", reply_to="x:ada", tags=["hitsm"], at=THREE_DAYS[2], id="x:reply")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="x:reply"))


def test_the_other_one_may_be_who_speaks(runner: Runner) -> None:
    check(runner(both_arrive(spoken_to(brought(cast(), *THREE_DAYS), *THREE_DAYS, actor="x:bob")).events), FIRST)


def test_speaking_outside_of_the_session_is_not_enough(runner: Runner) -> None:
    story = spoken_to(brought(cast(), *THREE_DAYS), *THREE_DAYS, tag="other")
    spoken_to(story, "07:00", "-4d 23:59:59.999")  # of the chat, on other days
    check(runner(both_arrive(story).events))


def test_a_window_is_a_session_of_its_own(runner: Runner) -> None:
    story = Story().open(chats=FRIDAYS, chat_sessions=1, chat_weight=0).people("ada", "bob")
    story.post("x:bob", tags=["hitsm"], at="-3d 17:30")
    brought(story, "-3d 17:30")
    both_arrive(spoken_to(story, "-3d 16:59:59.999", "-3d 18:00"))
    check(runner(story.events))
    check(runner(spoken_to(story.at("10:10"), "-3d 17:59:59.999").events), suggested("ada", "bob", at="10:10"))


@pytest.mark.parametrize("fields", [{"repost_of": "x:ada"}, {"source": OF_ADA}])
def test_a_repost_or_a_post_of_ones_own_second_account_vouches_for_nobody(runner: Runner, fields: Any) -> None:
    story = brought(cast().verify("ada", "m:ada"), *THREE_DAYS)
    check(runner(both_arrive(spoken_to(story, *THREE_DAYS, actor="m:ada", **fields)).events))


def test_who_speaks_to_more_than_ten_vouches_for_nobody(runner: Runner) -> None:
    story = brought(cast(), *THREE_DAYS)
    for day in THREE_DAYS:
        story.post("x:cyd", "x:ada", *[f"x:crowd{n}" for n in range(10)], tags=["hitsm"], at=day)
    check(runner(both_arrive(story).events))


def test_a_deleted_post_vouches_no_more(runner: Runner) -> None:
    story = spoken_to(brought(cast(), *THREE_DAYS), *THREE_DAYS)
    check(runner(both_arrive(story.delete("x:cyd", "x:7")).events))


def test_speaking_to_a_second_account_of_theirs_is_enough(runner: Runner) -> None:
    story = brought(cast().verify("ada", "m:ada"), *THREE_DAYS)
    check(runner(both_arrive(spoken_to(story, *THREE_DAYS, to="m:ada")).events), FIRST)


def test_what_came_by_another_account_puts_the_person_in(runner: Runner) -> None:
    story = brought(cast().verify("ada", "m:ada"), *THREE_DAYS)
    for day in THREE_DAYS:
        story.post("m:ada", tags=["hitsm"], at=day)
    check(runner(both_arrive(story).events), FIRST)


# Who vouches


def test_what_another_attendee_brought_of_themselves_vouches(runner: Runner) -> None:
    story = brought(cast("cyd"), *THREE_DAYS)
    check(runner(both_arrive(brought(story, *THREE_DAYS, to=("x:ada",), by="cyd", actor="x:cyd")).events), FIRST)


def puppet(story: Story) -> Story:
    """Ada proves a second account, lets it speak to her first one in the chat, and gives it up."""
    story.verify("ada", "x:puppet")
    return brought(story, *THREE_DAYS, to=("x:ada",), actor="x:puppet")


def test_a_puppet_that_was_given_up_vouches_for_nobody(runner: Runner) -> None:
    story = puppet(brought(cast(), *THREE_DAYS)).release("ada", "x:puppet")
    check(runner(both_arrive(story).events))


def test_a_puppet_that_somebody_else_proved_since_vouches_for_nobody(runner: Runner) -> None:
    story = puppet(brought(cast("cyd"), *THREE_DAYS)).verify("cyd", "x:puppet")
    check(runner(both_arrive(story).events))


def test_what_a_helper_brought_by_an_account_that_they_gave_up_vouches_for_nobody(runner: Runner) -> None:
    story = brought(cast("cyd"), *THREE_DAYS).verify("cyd", "x:puppet")
    brought(story, *THREE_DAYS, to=("x:ada",), by="cyd", actor="x:puppet")
    check(runner(both_arrive(story).events), FIRST)
    for ends in (["release"], ["release", "verify"]):  # also if it is proved anew
        gone = brought(cast("cyd"), *THREE_DAYS).verify("cyd", "x:puppet")
        brought(gone, *THREE_DAYS, to=("x:ada",), by="cyd", actor="x:puppet")
        for end in ends:
            getattr(gone, end)("cyd", "x:puppet")
        check(runner(both_arrive(gone).events))


def test_proving_again_what_one_has_leaves_what_it_vouches_for(runner: Runner) -> None:
    story = brought(cast("cyd"), *THREE_DAYS)
    brought(story, *THREE_DAYS, to=("x:ada",), by="cyd", actor="x:cyd").verify("cyd", "x:cyd")
    check(runner(both_arrive(story).events), FIRST)


def test_what_is_brought_after_the_account_was_proved_anew_vouches(runner: Runner) -> None:
    story = brought(cast("cyd"), *THREE_DAYS).release("cyd", "x:cyd").verify("cyd", "x:cyd")
    check(runner(both_arrive(brought(story, *THREE_DAYS, to=("x:ada",), by="cyd", actor="x:cyd")).events), FIRST)


# Whose it is later


def test_what_was_brought_stays_so_for_the_next_owner(runner: Runner) -> None:
    story = Story().open(chats=DAILY).people("ada").register("eve").verify("eve", "x:bob")
    for day in THREE_DAYS:
        story.post("x:ada", tags=["hitsm"], at=day)
    brought(story, *THREE_DAYS, by="eve", actor="x:bob").release("eve", "x:bob").people("bob")
    check(runner(both_arrive(story).events))
    check(runner(spoken_to(story.at("10:10"), *THREE_DAYS, to="x:bob").events), suggested("ada", "bob", at="10:10"))


def test_a_card_ends_as_unproved_when_the_account_of_who_vouched_is_not_theirs(runner: Runner) -> None:
    # Ada's card rests on Cyd's account speaking to her; Ada loses her own second account, and so what is left is seen.
    story = spoken_to(brought(cast("cyd"), *THREE_DAYS, actor="x:ada"), *THREE_DAYS)
    both_arrive(story.verify("ada", "m:ada")).at("10:30").delete("x:cyd", "x:7")
    check(
        runner(story.at("11:00").verify("eve", "m:ada").events), FIRST, withdrawn("ada", "bob", "unproved", at="11:00")
    )


# The number of people


def eleven(story: Story, **fields: Any) -> Story:
    """Ada, Bob and eight strangers; the eleventh is Eve, by a post of her own."""
    crowded(story.people("ada", "bob", "eve"), 10, "-1d 12:00")
    return story.post("x:eve", tags=["hitsm"], at="-1d 12:00", **fields)


def ten_count(**opening: Any) -> Story:
    return Story().open(chats=DAILY, chat_sessions=1, chat_weight=1000, **opening)


def test_who_is_not_in_it_is_not_among_its_people(runner: Runner) -> None:
    check(runner(both_arrive(eleven(ten_count(), source="attendee:eve")).events), FIRST)
    check(runner(both_arrive(eleven(ten_count())).events))


def test_who_was_spoken_to_is_among_its_people(runner: Runner) -> None:
    story = eleven(ten_count(), source="attendee:eve")
    check(runner(both_arrive(spoken_to(story, "-1d 13:00", actor="x:stranger0", to="x:eve")).events))


def test_nobody_makes_a_session_light_by_uploads(runner: Runner) -> None:
    # Accounts that were proved, posted and given up again do not count among the people.
    story = crowded(ten_count().people("ada", "bob", "eve"), 10, "-1d 12:00")
    for n in range(5):
        story.verify("eve", f"x:many{n}").post(f"x:many{n}", tags=["hitsm"], at="-1d 12:00", source="attendee:eve")
        story.release("eve", f"x:many{n}")
    check(runner(both_arrive(story).events), FIRST)


# Erasures


def test_what_the_erased_brought_is_in_no_session_any_more(runner: Runner) -> None:
    story = eleven(ten_count(), source="attendee:eve")
    spoken_to(story, "-1d 13:00", actor="x:stranger0", to="x:eve")
    check(runner(both_arrive(story.erase("eve")).events), FIRST)
    check(runner(both_arrive(eleven(ten_count()).erase("eve")).events))  # what others brought stays in the number


def test_who_the_erased_spoke_to_is_in_the_session_no_more(runner: Runner) -> None:
    story = spoken_to(brought(cast("cyd"), *THREE_DAYS), *THREE_DAYS)
    check(runner(both_arrive(story).events), FIRST)
    gone = spoken_to(brought(cast("cyd"), *THREE_DAYS), *THREE_DAYS).erase("cyd")
    check(runner(both_arrive(gone).events))


def test_an_erasure_withdraws_no_card_of_others(runner: Runner) -> None:
    story = both_arrive(spoken_to(brought(cast("cyd"), *THREE_DAYS), *THREE_DAYS)).at("10:30").erase("cyd").tick()
    check(runner(story.events), FIRST)
    assert runner.ties(story.events, everything=True) == []


def test_the_next_owner_of_an_erased_account_has_neither(runner: Runner) -> None:
    story = Story().open(chats=DAILY).people("ada").register("eve").verify("eve", "x:bob")
    for day in THREE_DAYS:
        story.post("x:ada", "x:bob", tags=["hitsm"], at=day)
    brought(story, *THREE_DAYS, by="eve", actor="x:bob").erase("eve").people("bob")
    check(runner(both_arrive(story).events))
    # What Bob brings of himself stands alone as well: what was said to the account before the erasure was not to him.
    brought(story.at("10:10"), *THREE_DAYS, by="bob", actor="x:bob")
    check(runner(story.events))


def test_what_an_erased_account_said_does_not_put_its_next_owner_into_a_session(runner: Runner) -> None:
    # Else anybody could take the account of somebody erased to make their own uploads count.
    story = cast().register("eve").verify("eve", "x:eve")
    for day in THREE_DAYS:
        story.post("x:eve", tags=["hitsm"], at=day)
    story.erase("eve").verify("ada", "x:eve")
    check(runner(both_arrive(brought(story, *THREE_DAYS)).events))


# Conversations


def test_ones_own_uploads_are_a_conversation_only_with_the_others_posts(runner: Runner) -> None:
    story = Story().open().people("ada", "bob")
    for n in range(9):
        story.post("x:ada", "x:bob", at=f"-{n + 1}d 08:00", source=OF_ADA)
    check(runner(both_arrive(story).events))
    story.at("10:10").post("x:bob", "x:ada", at="-1d 08:00").post("x:bob", "x:ada", id="x:second")
    check(runner(story.events), suggested("ada", "bob", at="10:10", by="x:second"))


def test_both_may_bring_their_own_sides(runner: Runner) -> None:
    story = Story().open(**ONE_EACH).people("ada", "bob").post("x:ada", "x:bob", source=OF_ADA)
    check(runner(both_arrive(story.post("x:bob", "x:ada", source="attendee:bob")).events), FIRST)
