"""An organizer's numbers: places by name, pairs held back by why; nothing of blocks and declines."""

import json
from itertools import combinations
from typing import Any

import httpx
import pytest

from schemas.codec import Codec, Record
from schemas.outputs import AnyOutput, MatchSuggested
from services.gateway.held_back import held_back, present
from streams.matching import Matcher, cards, presence, room, ties
from streams.matching.state import NEVER
from tests.embedded.harness import CONFERENCE as SIMULATED
from tests.embedded.harness import conference
from tests.gateway.people import ALL, OPENING, Server, good, now, opened, post, until

AT = "2026-11-21T12:00:00Z"
HUB = "hub"
OTHERS = [f"o{number}" for number in range(9)]


def registered(attendee: str, **consent: bool) -> dict[str, Any]:
    event = {"type": "attendee.registered", "id": f"r-{attendee}", "at": now(), "attendee": attendee}
    return event | {"conference": "held", "accounts": [f"x:{attendee}"], "consent": ALL | consent}


def arrived(attendee: str, place: str = "hall-b") -> dict[str, Any]:
    event = {"type": "checkin.arrived", "id": f"c-{attendee}-{place}", "at": now(), "attendee": attendee}
    return event | {"conference": "held", "place": place}


def said(client: httpx.Client, *events: dict[str, Any]) -> None:
    results = good(client.post("/v1/events", json=list(events)))["results"]
    assert {result["status"] for result in results} == {"accepted"}, results


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    organizer = opened(server, "held", matching={"accounts": "claimed"})
    said(organizer, *[registered(name) for name in (HUB, *OTHERS)])
    with server.client("connector") as connector:
        pairs = [(f"x:{HUB}", f"x:{other}") for other in OTHERS]
        said(connector, *[post(*pair[::way]) for pair in pairs for way in (1, -1, 1)])
    return organizer


def overview(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = good(client.get("/v1/conferences/held/overview"))
    return found


def held(client: httpx.Client, **expected: int | str) -> None:
    causes = {"no_consent": "<5", "not_present": "<5", "budget": "<5"} | expected
    until(lambda: overview(client)["held_back"] == causes)


def test_pairs_are_counted_by_the_first_cause_that_holds_them_back(organizer: httpx.Client) -> None:
    held(organizer)  # nobody is here
    said(organizer, arrived(HUB))
    held(organizer, not_present=9)
    said(organizer, *[arrived(other) for other in OTHERS])
    held(organizer, budget=6)  # three were suggested in this hour


def test_places_come_with_their_names(organizer: httpx.Client) -> None:
    said(organizer, *[arrived(other, "hall-a") for other in OTHERS[:2]], arrived(OTHERS[2], "a-place-of-its-own"))
    expected = [("hall-a", "Hall A", "<5"), ("hall-b", "Hall B", 7), ("a-place-of-its-own", "a-place-of-its-own", "<5")]
    places = until(lambda: [tuple(each.values()) for each in overview(organizer)["places"]] == expected and expected)
    assert overview(organizer)["people"] == {place: people for place, _, people in places}


def folded(*events: dict[str, Any], per_hour: int = 0, **policy: int) -> tuple[Matcher, list[AnyOutput]]:
    """A matcher of the same conference, asked directly, and what it put out."""
    matcher, told = Matcher("held"), []
    policies = {"accounts": "claimed", "per_hour": per_hour, **policy}
    opening = OPENING | {"type": "conference.opened", "id": "o", "matching": policies, "chats": [{"hashtag": "hitsm"}]}
    for event in (opening, *events):
        told += applied(matcher, event)
    return matcher, told


def applied(matcher: Matcher, event: dict[str, Any]) -> list[AnyOutput]:
    record = Codec().decode(json.dumps(event | {"at": AT, "conference": "held"}).encode())
    assert isinstance(record, Record), record
    return matcher.apply(record.event, record.at, None)


def counted(matcher: Matcher) -> dict[str, int]:
    people, found = present(matcher, 0), dict[str, int]()
    while people:
        done, some = held_back(matcher, people, 0, 0.0)  # one at a time
        found = {cause: found.get(cause, 0) + some[cause] for cause in {*found, *some}}
        people = people[done:]
    return found


TALKED = [post(*pair[::way]) for other in OTHERS for pair in [(f"x:{HUB}", f"x:{other}")] for way in (1, -1, 1)]


PAUSED = {"type": "consent.changed", "id": "c", "matching": False}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], {"budget": 9}),
        ([{"type": "attendee.blocked", "id": "b", "attendee": HUB, "blocked": OTHERS[0]}], {"budget": 8}),
        ([{"type": "attendee.blocked", "id": "b", "attendee": OTHERS[0], "blocked": HUB}], {"budget": 8}),
        (
            [{"type": "consent.changed", "id": "c", "attendee": OTHERS[0], "matching": False}],
            {"budget": 8, "no_consent": 1},
        ),
        ([{"type": "consent.changed", "id": "c", "attendee": HUB, "matching": False}], {"no_consent": 9}),
        ([{"type": "checkin.left", "id": "l", "attendee": HUB}], {"not_present": 9}),
        ([{"type": "attendee.erased", "id": "e", "attendee": OTHERS[0]}], {"budget": 8}),
        ([{"type": "conference.closed", "id": "x"}], {}),
    ],
)
def test_blocks_are_in_no_number(changes: list[dict[str, Any]], expected: dict[str, int]) -> None:
    people = (HUB, *OTHERS)
    events = [*map(registered, people), *TALKED, *map(arrived, people), *changes]
    matcher, _ = folded(*events)
    assert counted(matcher) == expected


@pytest.mark.parametrize("answer", ["declined", "met", "later"])
def test_pairs_that_were_suggested_are_in_no_number(answer: str) -> None:
    people = (HUB, OTHERS[0])
    matcher, told = folded(*map(registered, people), *TALKED, *map(arrived, people), per_hour=1)
    assert [type(output) for output in told] == [MatchSuggested]
    assert counted(matcher) == {}
    said = {"type": "match.answered", "id": "a", "attendee": HUB, "match": told[0].match, "answer": answer}
    applied(matcher, said)
    assert counted(matcher) == {}


@pytest.mark.parametrize("chat_weight", [0, 2])
def test_an_erased_member_of_a_chat_is_nobody_in_it(chat_weight: int) -> None:
    people = (HUB, *OTHERS)
    events = [*map(registered, people), *TALKED, *map(arrived, people)]
    erased = [{"type": "attendee.erased", "id": f"e-{name}", "attendee": name} for name in (OTHERS[0], HUB)]
    matcher, _ = folded(*events, chat_sessions=1, chat_weight=chat_weight)
    assert counted(matcher) == {"budget": 45}  # all of them were in one chat
    for event in erased:
        applied(matcher, event)
    assert counted(matcher) == {"budget": 28}


def pair_by_pair(matcher: Matcher) -> dict[str, int]:
    """The same, plainly: every pair is looked at."""
    state, found = matcher.state, dict[str, int]()
    people = [one for one in state.attendees.values() if one.registered != NEVER]
    blocked = matcher.observer.people.has_blocked
    for one, other in combinations(people, 2):
        here = [presence.is_here(state, each, state.now) for each in (one, other)]
        free = cards.may_suggest(state.cards.get(cards.pair_of(one.id, other.id)), state.now)
        if not any(here) or not free or blocked(one, other) or blocked(other, one) or not ties.known(state, one, other):
            continue
        conditions = {
            "no_consent": one.matching and other.matching,
            "not_present": all(here),
            "budget": all(room.has_room(state, each, state.now) for each in (one, other)),
        }
        cause = next((cause for cause, holds in conditions.items() if not holds), None)
        if cause is not None:
            found[cause] = found.get(cause, 0) + 1
    return found


def test_the_count_is_that_of_all_pairs() -> None:
    matcher, codec, looked = Matcher(SIMULATED), Codec(), 0
    lines = conference()
    for number, line in enumerate(lines):
        record = codec.decode(line)
        assert isinstance(record, Record)
        matcher.apply(record.event, record.at, record.recorded)
        if number > len(lines) * 0.8 and number % 300 == 0:
            expected = pair_by_pair(matcher)
            assert counted(matcher) == expected
            looked += len(expected)
    assert looked >= 5
