"""What an organizer could learn of a single act of somebody, one by one, and does not: that it was, and when."""

from typing import Any

import httpx
import pytest

from tests.api.people import CONFERENCE, Attendee, Server, attendee, good, now, opened


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


@pytest.fixture(scope="module")
def ada(server: Server, organizer: httpx.Client) -> Attendee:
    return attendee(server, organizer, "ada")


def arrived(number: int) -> dict[str, Any]:
    event = {"type": "checkin.arrived", "id": f"s-{number}", "at": now(), "conference": CONFERENCE}
    return event | {"attendee": "a-puppet"}


def test_no_place_in_the_log_is_shown_to_an_organizer_or_a_scanner(
    server: Server, organizer: httpx.Client, ada: Attendee
) -> None:
    """An offset a second: one more than before is somebody's act, one more an hour later says that it was a later."""
    made = good(organizer.post(f"/v1/conferences/{CONFERENCE}/keys", json={"id": "door"}))
    scanner = {"authorization": f"Bearer {made['secret']}"}
    found = []
    for number in range(3):
        ada.say("/v1/me/here")
        found.append(organizer.post("/v1/events", json=arrived(2 * number)))
        found.append(organizer.post("/v1/events", json=arrived(2 * number + 1), headers=scanner))
        found.append(organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=_person(number)))
    assert {answer.text for answer in found if "results" in answer.text} == {'{"results":[{"status":"accepted"}]}'}
    assert not any("offset" in answer.text for answer in found)
    assert organizer.put(f"/v1/conferences/{CONFERENCE}", json=_opening(organizer)).text == '{"status":"accepted"}'


def _person(number: int) -> dict[str, Any]:
    consent = {"matching": False, "chats": False, "share_place": False}
    return {"name": "P", "email": f"p{number}@example.org", "accounts": [], "consent": consent}


def _opening(organizer: httpx.Client) -> Any:
    return good(organizer.get(f"/v1/conferences/{CONFERENCE}"))["opening"]


def test_a_dead_letter_does_not_tell_when_somebody_else_said_something(organizer: httpx.Client, ada: Attendee) -> None:
    """A bad line a second: ``at`` of its letter was that of the last good event, whoever had said it."""
    ada.say("/v1/me/here")
    organizer.post("/v1/events", content=b"no event")
    earlier = arrived(100) | {"at": "2026-01-02T03:04:05.678Z"}
    organizer.post("/v1/events", json=[earlier, {"type": "no event"}])
    letters = good(organizer.get("/v1/dead-letters"))["letters"]
    assert [letter["at"] for letter in letters[-2:]] == [None, earlier["at"]]
