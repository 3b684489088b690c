"""Where the router sends events: by hashtags, by registered pairs, and deletions after their posts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from schemas.events import ActivityPosted

if TYPE_CHECKING:
    from tests.routing.conftest import Told

# -- hashtags ------------------------------------------------------------------------------------------------------


def test_posts_with_a_tracked_hashtag_are_routed_with_the_conference_set(told: "Told") -> None:
    told.opened("c", "himss26")
    post = told.event("activity.posted", actor="x:a", hashtags=["news", "himss26"], mentions=[])
    ((conference, routed),) = told.router.route(post)
    assert isinstance(routed, ActivityPosted)
    assert conference == routed.conference == "c"
    assert (post.conference, routed.id, routed.actor) == (None, post.id, "x:a")


def test_posts_with_a_chats_hashtag_are_routed(told: "Told") -> None:
    told.opened("c", chats=("hitsm",))
    assert told.went("x:a", tags=("hitsm",)) == ["c"]
    assert told.went("x:a", tags=("hitsmx",)) == []


def test_nothing_is_routed_before_the_opening(told: "Told") -> None:
    assert told.went("x:a", tags=("himss26",)) == []
    told.opened("c", "himss26")
    assert told.went("x:a", tags=("himss26",)) == ["c"]


def test_an_opening_with_other_hashtags_replaces_them(told: "Told") -> None:
    told.opened("c", "old", "both", chats=("oldchat",))
    told.opened("c", "new", "both")
    assert [told.went("x:a", tags=(tag,)) for tag in ("old", "oldchat", "both", "new")] == [[], [], ["c"], ["c"]]


def test_a_closed_conference_tracks_nothing_any_more(told: "Told") -> None:
    told.opened("c", "himss26", chats=("hitsm",))
    told.opened("d", "himss26")
    told.tell("conference.closed", conference="c")
    assert told.went("x:a", tags=("himss26", "hitsm")) == ["d"]


def test_closing_is_final(told: "Told") -> None:
    told.opened("c", "himss26")
    told.tell("conference.closed", conference="c")
    told.opened("c", "himss26")
    assert told.went("x:a", tags=("himss26",)) == []


def test_a_post_goes_to_each_conference_once_in_order(told: "Told") -> None:
    for conference in ("z", "b", "a"):
        told.opened(conference, "one", "two", chats=("two", "three"))
        told.registered(conference, "a-1", "x:a", "x:b")
    assert told.went("x:a", "x:b", tags=("three", "two", "one")) == ["a", "b", "z"]


# -- registered pairs ----------------------------------------------------------------------------------------------


@pytest.fixture
def pair(told: "Told") -> "Told":
    told.opened("c", "himss26")
    told.registered("c", "a-1", "x:a")
    told.registered("c", "a-2", "x:b")
    return told


def test_a_post_between_two_registered_accounts_is_routed(pair: "Told") -> None:
    assert pair.went("x:a", "x:b") == ["c"]
    assert pair.went("x:b", reply_to="x:a") == ["c"]
    assert pair.went("x:a", "x:z", "x:b") == ["c"]


def test_a_post_to_others_or_to_oneself_is_not(pair: "Told") -> None:
    assert pair.went("x:a") == []
    assert pair.went("x:a", "x:z") == []
    assert pair.went("x:z", "x:a", "x:b") == []
    assert pair.went("x:a", "x:a", reply_to="x:a") == []


def test_a_repost_alone_addresses_nobody(pair: "Told") -> None:
    assert pair.went("x:a", repost_of="x:b") == []


def test_the_two_have_to_be_in_the_same_conference(told: "Told") -> None:
    told.opened("c")
    told.opened("d")
    told.registered("c", "a-1", "x:a")
    told.registered("d", "a-1", "x:b")
    assert told.went("x:a", "x:b") == []
    told.registered("d", "a-2", "x:a")
    assert told.went("x:a", "x:b") == ["d"]


def test_a_verified_account_counts_as_a_claimed_one(pair: "Told") -> None:
    assert pair.went("x:a", "x:new") == []
    pair.tell("account.verified", conference="c", attendee="a-2", account="x:new", method="oauth")
    assert pair.went("x:a", "x:new") == ["c"]
    pair.tell("account.released", conference="c", attendee="a-2", account="x:new")
    assert pair.went("x:a", "x:new") == []


def test_releasing_gives_up_claim_and_verification_of_that_attendee_only(pair: "Told") -> None:
    pair.registered("c", "a-3", "x:b")
    pair.tell("account.verified", conference="c", attendee="a-2", account="x:b", method="oauth")
    pair.tell("account.released", conference="c", attendee="a-2", account="x:b")
    assert pair.went("x:a", "x:b") == ["c"]
    pair.tell("account.released", conference="c", attendee="a-3", account="x:b")
    assert pair.went("x:a", "x:b") == []


def test_releasing_an_unknown_account_has_no_effect(told: "Told") -> None:
    assert told.tell("account.released", conference="c", attendee="a-1", account="x:a") == [("c", "e1")]


def test_erasure_takes_all_accounts_of_the_attendee(pair: "Told") -> None:
    pair.tell("account.verified", conference="c", attendee="a-2", account="x:b2", method="oauth")
    pair.tell("attendee.erased", conference="c", attendee="a-2")
    assert pair.went("x:a", "x:b", "x:b2") == []
    assert pair.went("x:b", "x:a") == []


def test_a_closed_conference_accepts_no_more_pairs(pair: "Told") -> None:
    pair.tell("conference.closed", conference="c")
    assert pair.went("x:a", "x:b") == []


# -- what has a conference -----------------------------------------------------------------------------------------


def test_an_event_with_a_conference_goes_there_and_nowhere_else(pair: "Told") -> None:
    pair.opened("d", "himss26")
    post = pair.event("activity.posted", actor="x:a", hashtags=["himss26"], mentions=["x:b"], conference="other")
    assert pair.router.route(post) == [("other", post)]
    deletion = pair.event("activity.deleted", actor="x:a", deleted=post.id, conference="other")
    assert pair.router.route(deletion) == [("other", deletion)]
    assert pair.tell("clock.ticked", conference="unknown")[0][0] == "unknown"


# -- deletions -----------------------------------------------------------------------------------------------------


def test_a_deletion_goes_where_its_actors_posts_went(told: "Told") -> None:
    told.opened("c", "one")
    told.opened("d", "two")
    told.opened("e", "three")
    told.post("x:a", tags=("two",), id="x:1")
    told.post("x:a", tags=("one",), id="x:2")
    told.post("x:b", tags=("three",), id="x:3")
    assert told.deleted("x:a", "x:1", id="del") == [("c", "del"), ("d", "del")]
    assert told.deleted("x:nobody", "x:1") == []


def test_a_deletion_before_its_post_comes_along_with_it_once(told: "Told") -> None:
    told.opened("c", "one")
    assert told.deleted("x:a", "x:1", id="del") == []
    assert told.post("x:a", tags=("one",), id="x:1") == [("c", "del"), ("c", "x:1")]
    assert told.post("x:a", tags=("one",), id="x:1") == [("c", "x:1")]


def test_a_deletion_before_its_post_reaches_each_new_conference(told: "Told") -> None:
    told.opened("c", "one")
    told.post("x:a", tags=("one",), id="x:0")
    assert told.deleted("x:a", "x:1", id="del") == [("c", "del")]
    told.opened("b", "one")
    assert told.post("x:a", tags=("one",), id="x:1") == [("b", "del"), ("b", "x:1"), ("c", "x:1")]


def test_somebody_elses_deletion_is_not_routed_with_the_post(told: "Told") -> None:
    told.opened("c", "one")
    told.deleted("x:mallory", "x:1")
    assert told.post("x:a", tags=("one",), id="x:1") == [("c", "x:1")]


def test_somebody_elses_deletion_does_not_hide_the_actors_own(told: "Told") -> None:
    told.opened("c", "one")
    told.deleted("x:a", "x:1", id="del")
    told.deleted("x:mallory", "x:1")
    assert told.post("x:a", tags=("one",), id="x:1") == [("c", "del"), ("c", "x:1")]


def test_a_second_deletion_reaches_the_conferences_that_came_since(told: "Told") -> None:
    told.opened("c", "one")
    told.post("x:a", tags=("one",), id="x:1")
    told.deleted("x:a", "x:1", id="del-1")
    told.opened("d", "two")
    told.post("x:a", tags=("two",), id="x:2")
    assert told.deleted("x:a", "x:1", id="del-2") == [("c", "del-2"), ("d", "del-2")]


# -- bounds --------------------------------------------------------------------------------------------------------


def test_only_the_newest_deletions_are_remembered(told: "Told", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.routing.MAX_DELETIONS", 2)
    told.opened("c", "one")
    for number in range(3):
        told.deleted("x:a", f"x:{number}", id=f"del-{number}")
    assert [len(told.post("x:a", tags=("one",), id=f"x:{number}")) for number in range(3)] == [1, 2, 2]


def test_only_the_most_recently_seen_actors_are_remembered(told: "Told", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.routing.MAX_ACTORS", 8)
    told.opened("c", "one")
    for number in range(9):
        told.post(f"x:{number}", tags=("one",))
        told.post("x:always", tags=("one",))
    remembered = [number for number in range(9) if told.deleted(f"x:{number}", "x:p")]
    assert remembered[-3:] == [6, 7, 8]
    assert len(remembered) <= 8
    assert told.deleted("x:always", "x:p")


def test_the_order_does_not_depend_on_what_came_first(new_told: "Callable[[], Told]") -> None:
    names = ["m", "c", "x", "a", "k"]
    seen = []
    for order in (names, sorted(names), sorted(names, reverse=True)):
        told = new_told()
        for conference in order:
            told.opened(conference, "one")
        seen.append((told.went("x:a", tags=("one",)), [c for c, _ in told.deleted("x:a", "x:p")]))
    assert seen == [(sorted(names), sorted(names))] * 3
