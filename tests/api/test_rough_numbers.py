"""An organizer's numbers over HTTP: rough, the same for all who look, counted on a grid; what is tried against it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.organizer.rough_counts import FEW, STEPS
from tests.api.people import ALL, Attendee, Server, attendee, good, now, opened, records_in, stream, talked, until

ROUGH = {FEW, *STEPS}
LONG_S = 3_600.0


def overview(client: httpx.Client, conference: str) -> dict[str, Any]:
    found: dict[str, Any] = good(client.get(f"/v1/conferences/{conference}/overview"))
    return found


def numbers(found: dict[str, Any]) -> dict[str, int | str]:
    """Every count of an overview, by where it stands."""
    flat = {name: found[name] for name in ("events", "lag", "dead_letters", "registered", "present")}
    for name in ("people", "totals", "held_back"):
        flat |= {f"{name} {key}": value for key, value in found[name].items()}
    return flat | {f"place {place['place']}": place["people"] for place in found["places"]}


def said(client: httpx.Client, *events: dict[str, Any]) -> None:
    results = good(client.post("/v1/events", json=list(events)))["results"]
    assert {result["status"] for result in results} == {"accepted"}, results


def checked_in(conference: str, attendee: str, place: str | None) -> dict[str, Any]:
    event = {"type": "checkin.arrived", "id": f"c-{attendee}-{place}", "at": now(), "attendee": attendee}
    return event | {"conference": conference} | ({"place": place} if place else {})


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose period is an hour: what is shown stays."""
    with Server(tmp_path_factory.mktemp("still"), bounds={"overview_s": LONG_S}) as found:
        yield found


def test_every_number_is_a_step_and_every_declared_place_is_there(server: Server) -> None:
    organizer = opened(server, "steps")
    people = [attendee(server, organizer, f"steps-{number}", "steps", verify=False) for number in range(7)]
    for place, who in zip(("hall-a", "hall-a", "a-place-of-its-own", "hall-a"), people, strict=False):
        said(organizer, checked_in("steps", who.id, place))
    for _ in range(40):
        found = overview(organizer, "steps")
        assert set(numbers(found).values()) <= ROUGH
        named = [(place["place"], place["name"]) for place in found["places"]]
        assert named == [("hall-a", "Hall A"), ("hall-b", "Hall B")]  # one is empty, one undeclared
        assert list(found["people"]) == ["hall-a", "hall-b"]
        assert set(found["held_back"]) == {"no_consent", "not_present", "budget"}


def test_acts_and_looks_within_a_period_change_no_byte(still: Server) -> None:
    """An arrival, a block, a decline and four puppets, looked at after each one, with two keys and a stream."""
    organizer, operator = opened(still, "still"), still.client("operator")
    ada, bob, cyd = (attendee(still, organizer, f"{name}-still", "still") for name in ("ada", "bob", "cyd"))
    path = "/v1/conferences/still/overview"
    before = organizer.get(path).content

    def same() -> None:
        assert {client.get(path).content for client in (organizer, operator, organizer)} == {before}

    def card(who: Attendee) -> str:
        found: str = until(who.cards)[0]["card"]
        return found

    with stream(still, organizer, "/v1/conferences/still/stream") as live:
        assert live.next()["data"].encode() == before
        for who in (ada, bob, cyd):
            who.say("/v1/me/here", place="hall-a")
            same()
        talked(still, ada, bob)
        talked(still, ada, cyd)
        until(lambda: len(ada.cards()) == 2)
        same()
        ada.say("/v1/me/answers", card=card(ada), answer="declined")
        same()
        ada.say("/v1/me/blocks", card=card(ada))
        same()
        for number in range(4):
            puppet = attendee(still, organizer, f"puppet-{number}", "still", verify=False)
            puppet.say("/v1/me/here", place="hall-a")
            same()
        assert live.events.empty()
    assert records_in(organizer, "still") > 15


def test_people_who_never_signed_in_do_not_count(server: Server) -> None:
    """Puppets are registered and checked in by the organizer alone: 60 of them move nothing."""
    organizer = opened(server, "puppets")
    puppets = [{"type": "attendee.registered", "id": f"r-{n}", "at": now(), "attendee": f"p-{n}"} for n in range(60)]
    said(organizer, *[each | {"conference": "puppets", "accounts": [], "consent": ALL} for each in puppets])
    said(organizer, *[checked_in("puppets", f"p-{number}", "hall-a") for number in range(60)])
    assert records_in(organizer, "puppets") > 120
    for _ in range(40):
        found = overview(organizer, "puppets")
        seen = {found["registered"], found["present"], found["people"]["hall-a"]}
        assert seen <= {FEW, *(step for step in STEPS if step < 25)}  # noise of 25: once in 50 million
    for number in range(30):
        attendee(server, organizer, f"real-{number}", "puppets", verify=False).say("/v1/me/here", place="hall-b")
    until(lambda: overview(organizer, "puppets")["people"]["hall-b"] == 25)


def test_a_restart_in_the_same_period_shows_the_same(tmp_path: Path) -> None:
    """The period is ten years: the noise of its one count is the same after a restart."""
    with Server(tmp_path, bounds={"overview_s": 10 * 365 * 86_400.0}) as server:
        organizer = opened(server, "kept")
        for number in range(6):
            attendee(server, organizer, f"kept-{number}", "kept", verify=False).say("/v1/me/here", place="hall-a")
        before = overview(organizer, "kept")
    with Server(tmp_path, bounds={"overview_s": 10 * 365 * 86_400.0}) as server:
        opened_again = overview(server.client("organizer"), "kept")
    assert numbers(opened_again) == numbers(before)


def test_the_stream_follows_the_counts(server: Server) -> None:
    organizer = opened(server, "follows")
    with stream(server, organizer, "/v1/conferences/follows/stream") as live:
        assert json.loads(live.next()["data"])["lag"] == FEW
        for number in range(40):
            attendee(server, organizer, f"follows-{number}", "follows", verify=False)
        until(lambda: json.loads(live.next()["data"])["registered"] == 25)
