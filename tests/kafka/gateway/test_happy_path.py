"""A whole meeting over HTTP, its log in Kafka: from the opening to the card on the page, and away again."""

import time
from dataclasses import replace

from schemas.times import format_time
from tests.api.people import OPENING, Server, attendee, good, opened, post, records_in, stream, talked, until
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.logs import events, records


def test_what_is_said_over_http_stands_in_its_topic_and_is_known_at_once(place: Place) -> None:
    with place.ready() as server:
        organizer = opened(server)
        ingrid, bob = (attendee(server, organizer, name) for name in ("ingrid", "bob"))
        talked(server, ingrid, bob)
        for who in (ingrid, bob):
            who.say("/v1/me/here", place="hall-a")
            assert good(who.http.get("/v1/me"))["place"] == "hall-a"
        with stream(server, ingrid.http, "/v1/me/stream") as live:
            assert live.presence() == {"present": True, "place": "hall-a"}
            at = format_time(time.time_ns() // 1_000_000)  # to the millisecond: after what the phone said
            at_the_desk = {"type": "checkin.arrived", "id": "desk-1", "at": at, "conference": "conf-1"}
            good(organizer.post("/v1/events", json=[at_the_desk | {"attendee": ingrid.id, "place": "hall-b"}]))
            assert live.presence() == {"present": True, "place": "hall-b"}
        assert records_in(organizer) == len(records(place.servers, place.topics.log))
        assert good(organizer.get("/v1/conferences/conf-1/overview"))["lag"] == "<5"
        steps = good(organizer.get(f"/v1/conferences/conf-1/why?a={ingrid.id}&b={bob.id}"))["steps"]
        assert {step["name"]: step["ok"] for step in steps}["registered"]
        assert ingrid.cards() == []
        assert bob.http.request("DELETE", "/v1/me", json={"confirm": "erase me"}).status_code == 202
        assert bob.http.get("/v1/me").status_code == 401
        _is_as_it_should_be(place, server)


def _is_as_it_should_be(place: Place, server: Server) -> None:
    """Each event under its conference, with its type as a header and no time of the door; a post in the activity."""
    log = events(place.servers, place.topics.log)
    assert {record.key for _, record in log} == {b"conf-1"}
    assert len({record.partition for _, record in log}) == 1
    assert all(dict(record.headers)["type"].decode() == event["type"] for event, record in log)
    assert not any("recorded_at" in event for event, _ in log)
    posts = events(place.servers, place.topics.activity)
    assert [event["type"] for event, _ in posts] == ["activity.posted"] * 4
    assert all(record.key.decode() == event["actor"] for event, record in posts)
    everything = b"".join(record.value for _, record in [*log, *posts])
    assert not any(word in everything for word in (b"ingrid", b"bob", b"example.org"))  # no hex id has one
    assert all(word not in server.errors.read_text() for word in ("Traceback", "a background task failed"))


def test_duplicates_and_what_cannot_be_read(place: Place) -> None:
    with place.ready() as server:
        organizer = opened(server)
        said = post("x:ada", "x:bob") | {"type": "checkin.arrived", "conference": "conf-1", "attendee": "a-1"}
        arrived = {name: said[name] for name in ("type", "id", "at", "conference", "attendee")}
        assert good(organizer.post("/v1/events", json=[arrived]))["results"] == [{"status": "accepted"}]
        assert good(organizer.post("/v1/events", json=[arrived]))["results"] == [{"status": "duplicate"}]
        wrong = {"type": "checkin.arived", "id": "w-1", "conference": "conf-1"}
        answers = good(organizer.post("/v1/events", json=[arrived | {"id": "c-2"}, wrong]))["results"]
        assert [answer["status"] for answer in answers] == ["accepted", "rejected"]
        (kept,) = events(place.servers, place.topics.dead_letters)
        assert kept[0]["source"] == "organizer:org-1"
        letters = good(organizer.get("/v1/conferences/conf-1/dead-letters"))["letters"]
        assert [letter["reason"] for letter in letters] == ["Its type is not known. The nearest is checkin.arrived."]
        assert "sealed" in kept[0]["reason"]
        stand = [event["type"] for event, _ in events(place.servers, place.topics.log)]
        assert stand[1:] == ["checkin.arrived"] * 2


def test_a_restart_goes_on_with_the_copy_and_duplicates_nothing(place: Place) -> None:
    with place.ready() as server:
        organizer = opened(server)
        ada = attendee(server, organizer, "ada")
        ada.say("/v1/me/here")
        cookie = dict(ada.http.cookies)
        server.kill()
    with place.ready() as server:
        again = server.client()
        again.cookies.update(cookie)
        assert good(again.get("/v1/me"))["present"]
        assert good(again.get("/v1/me/inbox"))["cards"] == []
        opened(server)
        assert records_in(server.client()) == len(records(place.servers, place.topics.log)) == 5


def test_what_another_gateway_appended_is_known_here(place: Place) -> None:
    (place.folder / "other").mkdir()
    elsewhere = replace(place, folder=place.folder / "other")
    with place.ready() as one, elsewhere.ready() as other:
        assert _names(other) == []
        opened(one)
        until(lambda: _names(other) == [OPENING["name"]])
        opened(other, name="Health IT, again")
        until(lambda: _names(one) == ["Health IT, again"])


def _names(server: Server) -> list[str]:
    listed = good(server.client("organizer").get("/v1/conferences"))["conferences"]
    return [conference["name"] for conference in listed]
