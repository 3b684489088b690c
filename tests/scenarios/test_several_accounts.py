"""Several accounts of one person: one person in a session as long as they are that one's; one in a conversation."""

import pytest

from tests.scenarios.expected import check, suggested
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story
from tests.scenarios.test_known_by_chat import DAILY, both_arrive
from tests.scenarios.test_session_weight import crowded


def twelve(weight: int) -> Story:
    """A session of twelve accounts, of which one, m:ada, is nobody's."""
    story = crowded(
        Story().open(chats=DAILY, chat_sessions=1, chat_weight=weight).people("ada", "bob"), 11, "-1d 12:00"
    )
    return story.post("m:ada", tags=["hitsm"], at="-1d 12:00", id="x:second")


# A session of 11 people weighs 909, of 12 people 833.
@pytest.mark.parametrize(("weight", "known"), [(909, True), (910, False)])
def test_two_accounts_are_one_person(runner: Runner, weight: int, known: bool) -> None:
    story = twelve(weight).verify("ada", "m:ada")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)


@pytest.mark.parametrize("story_of", ["release", "other"])
@pytest.mark.parametrize(("weight", "known"), [(833, True), (834, False)])
def test_an_account_that_goes_is_a_person_of_its_own_again(
    runner: Runner, story_of: str, weight: int, known: bool
) -> None:
    story = twelve(weight).verify("ada", "m:ada").release("ada", "m:ada")
    if story_of == "other":
        story.register("eve").verify("eve", "m:ada")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)


@pytest.mark.parametrize(("weight", "known"), [(909, True), (910, False)])
def test_a_deleted_post_of_the_second_account_takes_nobody_out(runner: Runner, weight: int, known: bool) -> None:
    story = twelve(weight).verify("ada", "m:ada").delete("m:ada", "x:second")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)


@pytest.mark.parametrize(("weight", "known"), [(833, True), (834, False)])
def test_of_an_erased_person_each_account_is_one(runner: Runner, weight: int, known: bool) -> None:
    story = twelve(weight).register("eve").verify("eve", "m:ada").verify("eve", "x:stranger0").erase("eve")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)


@pytest.mark.parametrize(("weight", "known"), [(909, True), (910, False)])
def test_a_person_is_one_whether_the_accounts_were_theirs_before_or_not(
    runner: Runner, weight: int, known: bool
) -> None:
    story = Story().open(chats=DAILY, chat_sessions=1, chat_weight=weight).people("ada", "bob")
    story.verify("ada", "m:ada").post("m:ada", tags=["hitsm"], at="-1d 12:00", id="x:first")
    crowded(story.verify("bob", "m:bob"), 11, "-1d 12:00")  # Bob's other account was not there
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)
    gone = both_arrive(story.delete("m:ada", "x:first"))
    check(runner(gone.events), *[suggested("ada", "bob", by="bob-in")] * known)


@pytest.mark.parametrize(("weight", "known"), [(909, True), (910, False)])
def test_three_accounts_are_one_person(runner: Runner, weight: int, known: bool) -> None:
    story = twelve(weight).post("n:ada", tags=["hitsm"], at="-1d 12:00").verify("ada", "m:ada").verify("ada", "n:ada")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)
    story = twelve(weight).verify("ada", "k:ada").post("k:ada", tags=["hitsm"], at="-1d 12:00").verify("ada", "m:ada")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)


@pytest.mark.parametrize(("weight", "known"), [(909, True), (910, False)])
def test_an_account_of_somebody_erased_is_one_person_with_its_next_owner(
    runner: Runner, weight: int, known: bool
) -> None:
    story = twelve(weight).register("eve").verify("eve", "m:ada").erase("eve").verify("ada", "m:ada")
    check(runner(both_arrive(story).events), *[suggested("ada", "bob")] * known)


@pytest.mark.parametrize("order", [("ada", "bob"), ("bob", "ada")])
@pytest.mark.parametrize("several", [("bob",), ("ada", "bob")])
def test_a_conversation_may_go_to_one_account_and_come_from_another(
    runner: Runner, order: tuple[str, str], several: tuple[str, ...]
) -> None:
    story = Story().open().people("ada", "bob")
    for name in several:
        story.verify(name, f"m:{name}")
    for time in ("-1d 08:00", "08:00"):
        story.post("x:ada", "m:bob", at=time).post("x:bob", f"{'m' if 'ada' in several else 'x'}:ada", at=time)
    story.at("10:00").all_arrive(*order)
    check(runner(story.events), suggested("ada", "bob", by=f"{order[1]}-in"))
