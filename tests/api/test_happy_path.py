"""From the opening of a conference to two people who meet, over HTTP alone."""

import csv
import io
import json
import time

import httpx
import pytest

from tests.api.people import (
    CONFERENCE,
    Attendee,
    Server,
    attendee,
    good,
    now,
    opened,
    post,
    secret_of,
    stream,
    talked,
    until,
)


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


def pair(server: Server, organizer: httpx.Client, name: str) -> tuple[Attendee, Attendee]:
    one, other = (attendee(server, organizer, f"{name}-{number}") for number in "12")
    talked(server, one, other)
    return one, other


def test_two_people_meet(server: Server, organizer: httpx.Client) -> None:
    ada, bob = pair(server, organizer, "meet")
    me = good(ada.http.get("/v1/me"))
    assert me["attendee"] == ada.id
    assert me["conference"]["places"] == [
        {"place": "hall-a", "name": "Hall A"},
        {"place": "hall-b", "name": "Hall B"},
    ]
    assert me["accounts"] == [{"account": "x:meet-1", "verified": True, "state": "verified"}]
    assert me["consent"] == {"matching": True, "chats": True, "share_place": True, "show_name": True}
    assert not me["present"]
    ada.say("/v1/me/here", place="hall-a")
    assert good(ada.http.get("/v1/me"))["place"] == "hall-a"
    with stream(server, ada.http, "/v1/me/stream") as of_ada, stream(server, bob.http, "/v1/me/stream") as of_bob:
        began = time.monotonic()
        bob.say("/v1/me/here", place="hall-a")
        first = of_ada.next()
        assert float(first["at_s"]) - began < 2.0
        assert first["event"] == "suggested"
        view = json.loads(first["data"])
        assert (view["name"], view["why"][0]["kind"]) == ("Meet-2", "conversation")
        assert json.loads(of_bob.next()["data"])["name"] == "Meet-1"
        card = view["card"]
        assert [shown["card"] for shown in ada.cards()] == [card]
        ada.say("/v1/me/answers", card=card, answer="accepted")
        bob.say("/v1/me/answers", card=card, answer="accepted")
        agreed = of_ada.next()
        assert agreed["event"] == "agreed"
        assert json.loads(agreed["data"])["their_place"] == "hall-a"
        assert of_bob.next()["event"] == "agreed"
        bob.say("/v1/me/answers", card=card, answer="here", place="hall-b")
        located = of_ada.next()
        assert (located["event"], json.loads(located["data"])["their_place"]) == ("located", "hall-b")
        good(bob.http.patch("/v1/me/consent", json={"matching": False}))
        assert of_ada.next()["event"] == of_bob.next()["event"] == "withdrawn"
    assert ada.cards() == bob.cards() == []
    texts = json.dumps([first, agreed, located])
    assert bob.id not in texts
    assert bob.account not in texts


def test_met_after_an_agreement_hides_the_card_from_both(server: Server, organizer: httpx.Client) -> None:
    ada, bob = pair(server, organizer, "met")
    ada.say("/v1/me/here")
    bob.say("/v1/me/here")
    card = until(ada.cards)[0]["card"]
    until(bob.cards)
    ada.say("/v1/me/answers", card=card, answer="met")  # nothing is agreed yet: it shows to nobody
    assert (len(ada.cards()), len(bob.cards())) == (1, 1)
    for who in (ada, bob):
        who.say("/v1/me/answers", card=card, answer="accepted")
    until(lambda: bob.cards()[0]["agreed_at"])
    ada.say("/v1/me/answers", card=card, answer="met")
    assert ada.cards() == bob.cards() == []
    bob.say("/v1/me/answers", card=card, answer="met")  # as good as any: his page may still show the card


def test_a_stream_resumes_exactly(server: Server, organizer: httpx.Client) -> None:
    ada, bob = pair(server, organizer, "resume")
    ada.say("/v1/me/here")
    bob.say("/v1/me/here")
    card = until(ada.cards)[0]["card"]
    for who in (ada, bob):
        who.say("/v1/me/answers", card=card, answer="accepted")
    bob.say("/v1/me/answers", card=card, answer="here", place="hall-b")
    with stream(server, ada.http, "/v1/me/stream") as whole:
        events = [whole.next() for _ in range(3)]
    assert [event["event"] for event in events] == ["suggested", "agreed", "located"]
    for done, event in enumerate(events):
        with stream(server, ada.http, "/v1/me/stream", last=event["id"]) as rest:
            found = [rest.next() for _ in events[done + 1 :]]
            if not found:
                bob.say("/v1/me/answers", card=card, answer="here", place="hall-a")
                assert json.loads(rest.next()["data"])["their_place"] == "hall-a"
        assert [each["id"] for each in found] == [each["id"] for each in events[done + 1 :]]
    assert [event["id"] for event in events] == ["1", "2", "3"]
    for none in ("9999", "99999999-0", "3-0", "from elsewhere"):  # ahead of the inbox, of an older version, no cursor
        with stream(server, ada.http, "/v1/me/stream", last=none) as lost:
            reset = lost.next()
            assert (reset["event"], "id" in reset) == ("reset", False)


def test_a_block_ends_it_for_the_one_who_blocks(server: Server, organizer: httpx.Client) -> None:
    ada, bob = pair(server, organizer, "block")
    ada.say("/v1/me/here")
    bob.say("/v1/me/here")
    card = until(ada.cards)[0]["card"]
    until(bob.cards)
    ada.say("/v1/me/blocks", card=card)
    until(lambda: not ada.cards())
    assert len(bob.cards()) == 1
    (blocked,) = good(ada.http.get("/v1/me/blocks"))
    assert (blocked["name"], bob.id in json.dumps(blocked)) == ("Block-2", False)
    good(ada.http.request("DELETE", "/v1/me/blocks", json={"blocked": blocked["blocked"]}))
    assert good(ada.http.get("/v1/me/blocks")) == []
    assert good(bob.http.get("/v1/me/blocks")) == []


def test_an_organizer_sees_numbers_alone(server: Server, organizer: httpx.Client) -> None:
    overview = good(organizer.get(f"/v1/conferences/{CONFERENCE}/overview"))
    assert list(overview["people"]) == ["hall-a", "hall-b"]
    assert set(overview["totals"]) == {"suggested", "agreed", "met", "ended"}
    with stream(server, organizer, f"/v1/conferences/{CONFERENCE}/stream") as numbers:
        told = json.loads(numbers.next()["data"])
        assert told.keys() == overview.keys()  # not the same numbers: they may have been counted anew in between
        assert told["registered"] in ("<5", 5, 10)


def test_own_data_is_a_download_without_others(server: Server, organizer: httpx.Client) -> None:
    ada, bob = (attendee(server, organizer, f"data-{number}") for number in "12")
    posts = [
        post(ada.account, bob.account, number="data-own-1") | {"at": now(-86_400)},
        post(bob.account, ada.account, number="data-other-1") | {"at": now(-86_400)},
        post(bob.account, ada.account, number="data-other-2"),
        post(ada.account, bob.account, number="data-own-2"),
    ]
    good(server.client("connector").post("/v1/events", json=posts))
    ada.say("/v1/me/here")
    bob.say("/v1/me/here")
    until(ada.cards)
    answer = ada.http.get("/v1/me/data")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (bob.id in answer.text, bob.account in answer.text) == (False, False)
    data = answer.json()
    assert data["person"]["email"] == "data-1@example.org"
    posted = [event for event in data["events"] if event["type"] == "activity.posted"]
    assert [event["type"] for event in data["events"] if event not in posted] == [
        "attendee.registered",
        "account.verified",
        "checkin.arrived",
    ]
    assert [set(event) for event in posted] == [{"type", "id", "at", "conference", "hashtags", "recorded_at"}] * 2
    assert {event["id"] for event in posted} == {"x:data-own-1", "x:data-own-2"}
    shown = json.dumps([data["cards"], ada.cards()])
    assert ("x:data" in shown, '"posts"' in shown) == (False, False)
    assert "offset" not in answer.text


def test_a_link_is_good_once_and_a_session_can_be_ended(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "links", verify=False)
    made = good(ada.http.post("/v1/me/links"))["link"]
    with httpx.Client(base_url=server.address) as scanner:
        assert scanner.get(made).status_code == 200
    with httpx.Client(base_url=server.address, headers={"x-hallway": "1"}) as phone:
        body = {"link": secret_of(made)}
        answer = phone.post("/v1/session", json=body)
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "samesite=lax" in answer.headers["set-cookie"].lower()
        assert phone.get("/v1/me").status_code == 200
        assert phone.post("/v1/session", json=body).status_code == 401
        with stream(server, phone, "/v1/me/stream") as live:
            kept = {"cookie": f"hallway_session={phone.cookies['hallway_session']}"}
            assert phone.delete("/v1/session").status_code == 204
            assert live.next()["event"] == "end"
        assert phone.get("/v1/me", headers=kept).status_code == 401
    assert ada.http.get("/v1/me").status_code == 200


def test_csv_registers_the_good_lines_and_tells_the_others(organizer: httpx.Client) -> None:
    text = "name,email,accounts,matching\nAda,csv-a@example.org,x:csv-a,yes\nBob,nobody,x:csv-b,yes\n"
    path = f"/v1/conferences/{CONFERENCE}/attendees/csv"
    answer = good(organizer.post(path, content=text, headers={"content-type": "text/csv"}))
    assert answer["registered"] == 1
    assert answer["mistakes"][0]["line"] == 3


def test_everybody_of_a_csv_gets_a_link(server: Server, organizer: httpx.Client) -> None:
    path = f"/v1/conferences/{CONFERENCE}/attendees"
    text = "name,email,matching\n=Eve,links-a@example.org,yes\n"
    assert good(organizer.post(f"{path}/csv", content=text, headers={"content-type": "text/csv"}))["registered"] == 1
    answer = organizer.post(f"{path}/links")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (row,) = [row for row in rows if row["email"] == "links-a@example.org"]
    assert row["name"] == "'=Eve"  # no spreadsheet runs it
    links = [row["link"] for row in rows if row["link"] != "none: has signed in"]
    assert len(set(links)) == len(links) < len(rows)
    assert all(link.startswith(f"{server.address}/welcome#hw.link.") for link in links)
    with httpx.Client(base_url=server.address, headers={"x-hallway": "1"}) as phone:
        signed_in = good(phone.post("/v1/session", json={"link": secret_of(row["link"])}))
    assert signed_in == {"conference": CONFERENCE, "attendee": row["attendee"]}
