"""Random histories: the router gives the same result as the slow, obviously correct one, in the same order."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Input
from streams.routing import Router
from tests.routing.routed import Json, SlowRouter, plain

AT = "2026-03-09T10:00:00.000Z"
CONFERENCES = st.sampled_from(["c", "d", "e"])
PEOPLE = st.sampled_from(["a-1", "a-2", "a-3"])
ACCOUNTS = st.sampled_from(["x:a", "x:b", "x:c", "y:d"])
TAGS = st.sampled_from(["one", "two", "three"])
POSTS = st.sampled_from(["x:1", "x:2", "x:3", "x:4"])
FEW = {"max_size": 2, "unique": True}


def event(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"type": st.just(kind), "at": st.just(AT), **fields})


def of_attendee(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return event(kind, conference=CONFERENCES, attendee=PEOPLE, **fields)


CONSENT = st.just({"matching": True, "chats": True, "share_place": True})
OPENED = event(
    "conference.opened",
    conference=CONFERENCES,
    name=st.just(""),
    hashtags=st.lists(TAGS, **FEW),
    starts_at=st.just(AT),
    ends_at=st.just(AT),
    time_zone=st.just("UTC"),
    places=st.just([]),
    chats=st.lists(TAGS.map(lambda tag: {"hashtag": tag}), max_size=2),
)
POSTED = event(
    "activity.posted",
    id=POSTS,
    actor=ACCOUNTS,
    hashtags=st.lists(TAGS, **FEW),
    mentions=st.lists(ACCOUNTS, max_size=3),
    reply_to=st.none() | ACCOUNTS,
    repost_of=st.none() | ACCOUNTS,
)
DELETED = event("activity.deleted", actor=ACCOUNTS, deleted=POSTS)
EVENTS = st.one_of(
    OPENED,
    of_attendee("attendee.registered", accounts=st.lists(ACCOUNTS, **FEW), consent=CONSENT),
    of_attendee("account.verified", account=ACCOUNTS, method=st.just("oauth")),
    of_attendee("account.released", account=ACCOUNTS),
    of_attendee("attendee.erased"),
    POSTED,
    POSTED,
    POSTED,
    DELETED,
    DELETED,
)
# Of the closings and of what has a conference there are few, or little would be left to route.
RARE = st.one_of(
    event("conference.closed", conference=CONFERENCES),
    st.tuples(POSTED, CONFERENCES).map(lambda both: {**both[0], "conference": both[1]}),
    st.tuples(DELETED, CONFERENCES).map(lambda both: {**both[0], "conference": both[1]}),
    of_attendee("checkin.arrived"),
)
HISTORIES = st.lists(st.integers(0, 9).flatmap(lambda draw: EVENTS if draw else RARE), max_size=60)


@settings(max_examples=600)
@given(HISTORIES)
def test_the_router_agrees_with_the_slow_one(history: list[Json]) -> None:
    router, slow = Router(), SlowRouter()
    for number, said in enumerate(history):
        made = msgspec.convert({"id": f"e{number}", **said}, Input)
        routed = [(conference, plain(event)) for conference, event in router.route(made)]
        assert routed == slow.route(plain(made))
        assert all(event["conference"] == conference for conference, event in routed)


@settings(max_examples=300)
@given(HISTORIES)
def test_skipped_events_would_not_be_routed(history: list[Json]) -> None:
    events = [msgspec.convert({"id": f"e{number}", **said}, Input) for number, said in enumerate(history)]
    router, other = Router(), Router()
    quick = [(index, router.route(events[index])) for index in router.indices_to_route(events)]
    assert [each for each in quick if each[1]] == [
        (index, routed) for index, event in enumerate(events) if (routed := other.route(event))
    ]
    assert router.save() == other.save()
