"""Where an attendee is comes to their own open streams, whoever said it, and to nobody else's."""

import time

import httpx
import pytest

from tests.api.people import CONFERENCE, Server, attendee, good, opened, stream

STREAM = "/v1/me/stream"


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


def scanned(organizer: httpx.Client, who: str, kind: str, place: str | None) -> None:
    """At the desk: an organizer says it."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    common = {"type": f"checkin.{kind}", "id": f"desk-{time.monotonic_ns()}", "at": at, "conference": CONFERENCE}
    event = common | {"attendee": who} | ({"place": place} if place else {})
    assert good(organizer.post("/v1/events", json=[event]))["results"][0]["status"] == "accepted"


def test_what_the_desk_says_is_on_the_own_streams_alone(server: Server, organizer: httpx.Client) -> None:
    ada, bob = attendee(server, organizer, "wa"), attendee(server, organizer, "wb")
    with (
        stream(server, ada.http, STREAM) as phone,
        stream(server, ada.http, STREAM) as tab,
        stream(server, bob.http, STREAM) as other,
    ):
        nowhere = {"present": False, "place": None}
        assert [each.presence() for each in (phone, tab, other)] == [nowhere] * 3
        for place in ("hall-a", "hall-b"):
            scanned(organizer, ada.id, "arrived", place)
            assert [each.presence() for each in (phone, tab)] == [{"present": True, "place": place}] * 2
        scanned(organizer, ada.id, "left", "hall-b")
        assert phone.presence() == {"present": True, "place": None}
        scanned(organizer, ada.id, "left", None)
        assert phone.presence() == nowhere
        scanned(organizer, bob.id, "arrived", "hall-a")  # the first that bob hears of since the opening
        assert other.presence() == {"present": True, "place": "hall-a"}
        assert phone.events.empty()


def test_a_stream_that_opens_again_is_told_what_changed_meanwhile(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "wc")
    with stream(server, ada.http, STREAM) as phone:
        assert phone.presence() == {"present": False, "place": None}
    scanned(organizer, ada.id, "arrived", "hall-b")
    with stream(server, ada.http, STREAM, last="") as phone:
        assert phone.presence() == {"present": True, "place": "hall-b"}
