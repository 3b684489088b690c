"""Nobody becomes an attendee by a link but the attendee; who is signed in sees it, hears of it, and ends it."""

import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.shared.problems import MEDIA_TYPE
from services.directory.port import MOST_SESSIONS
from tests.api.people import (
    ALL,
    CONFERENCE,
    Attendee,
    Server,
    attendee,
    device,
    good,
    opened,
    secret_of,
    stream,
    until,
)

PEOPLE = f"/v1/conferences/{CONFERENCE}/attendees"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


def sign_in(server: Server, link: str, **headers: str) -> httpx.Response:
    return server.client().post("/v1/session", json={"link": secret_of(link)}, headers=headers)


def registered(organizer: httpx.Client, name: str) -> Any:
    body = {"name": name.title(), "email": f"{name}@example.org", "accounts": [], "consent": ALL}
    return good(organizer.post(PEOPLE, json=body))


def sessions(http: httpx.Client) -> Any:
    return good(http.get("/v1/me/sessions"))


# -- an organizer, and a link ------------------------------------------------------------------------------------------


def test_no_link_of_an_organizer_is_somebody_who_has_signed_in(server: Server, organizer: httpx.Client) -> None:
    """By each way that makes links."""
    ada = attendee(server, organizer, "taken", verify=False)
    refused = organizer.post(f"{PEOPLE}/{ada.id}/link")
    assert (refused.status_code, refused.headers["content-type"]) == (409, MEDIA_TYPE)
    assert "has signed in" in refused.json()["detail"]
    assert "register them again" in refused.json()["detail"]
    assert registered(organizer, "taken") == {
        "attendee": ada.id,
        "link": None,
        "changes": ["Accounts that are no longer claimed: x:taken."],
        "note": "",
    }  # the same e-mail is the same person
    rows = csv.DictReader(io.StringIO(organizer.post(f"{PEOPLE}/links").content.decode("utf-8-sig")))
    (row,) = [row for row in rows if row["attendee"] == ada.id]
    assert row["link"] == "none: has signed in"


def test_a_link_that_was_kept_back_ends_with_the_first_sign_in(server: Server, organizer: httpx.Client) -> None:
    made = registered(organizer, "kept-back")
    kept = [good(organizer.post(f"{PEOPLE}/{made['attendee']}/link"))["link"] for _ in range(3)]
    assert sign_in(server, made["link"]).status_code == 200
    assert [sign_in(server, link).status_code for link in kept] == [401] * 3


def test_of_many_links_opened_at_once_one_signs_in(server: Server, organizer: httpx.Client) -> None:
    made = registered(organizer, "at-once")
    links = [good(organizer.post(f"{PEOPLE}/{made['attendee']}/link"))["link"] for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda link: sign_in(server, link), links * 2))
    signed_in = [answer.cookies["hallway_session"] for answer in seen if answer.status_code == 200]
    assert 1 <= len(signed_in) <= 2  # the same link twice may be: of these the last one counts
    tried = [server.client().get("/v1/me", headers={"cookie": f"hallway_session={token}"}) for token in signed_in]
    assert sorted(answer.status_code for answer in tried) == [200] + [401] * (len(signed_in) - 1)
    assert {sign_in(server, link).status_code for link in links} == {401}


def test_an_answer_that_was_lost_locks_nobody_out(server: Server, organizer: httpx.Client) -> None:
    """In a hall's wireless: the page says to tap again, and no organizer could make another link."""
    link = registered(organizer, "lost-answer")["link"]
    lost = sign_in(server, link).cookies["hallway_session"]
    again = server.client()
    good(again.post("/v1/session", json={"link": secret_of(link)}))
    assert again.get("/v1/me").status_code == 200
    assert server.client().get("/v1/me", headers={"cookie": f"hallway_session={lost}"}).status_code == 401
    assert sign_in(server, link).status_code == 401


def test_links_of_who_never_signed_in_are_handed_out(server: Server, organizer: httpx.Client) -> None:
    made = registered(organizer, "never")
    again = good(organizer.post(f"{PEOPLE}/{made['attendee']}/link"))["link"]
    assert re.fullmatch(rf"{re.escape(server.address)}/welcome#hw\.link\.[0-9a-f]{{16}}\.[\w-]{{43}}", again)
    assert sign_in(server, again).status_code == 200


def test_who_lost_every_device_is_registered_anew(server: Server, organizer: httpx.Client) -> None:
    """As the refusal says. What the lost phone can still do is the old registration's."""
    old = attendee(server, organizer, "lost-all", verify=False)
    new = registered(organizer, "lost-all-2")
    assert new["attendee"] != old.id
    assert sign_in(server, new["link"]).json()["attendee"] == new["attendee"]


# -- another device ----------------------------------------------------------------------------------------------------


def test_another_device_by_the_own_session(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "device", verify=False)
    answer = ada.http.post("/v1/me/links")
    made = good(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert made["link"].startswith(f"{server.address}/welcome#hw.link.")
    assert 0 < made["qr"]["size"] < 80
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", made["qr"]["path"])
    laptop = server.client()
    answer = laptop.post("/v1/session", json={"link": secret_of(made["link"])})
    assert good(answer) == {"conference": CONFERENCE, "attendee": ada.id}
    assert good(laptop.get("/v1/me"))["attendee"] == ada.id
    assert sign_in(server, made["link"]).status_code == 401


def test_a_device_link_ends_with_the_next_one_and_with_its_session(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "one-link", verify=False)
    first, second = (good(ada.http.post("/v1/me/links"))["link"] for _ in range(2))
    assert sign_in(server, first).status_code == 401
    laptop = device(server, ada)
    third = good(laptop.post("/v1/me/links"))["link"]
    good(ada.http.delete("/v1/me/sessions"))
    assert [sign_in(server, link).status_code for link in (second, third)] == [401, 401]
    fourth = good(ada.http.post("/v1/me/links"))["link"]
    assert ada.http.delete("/v1/session").status_code == 204
    assert sign_in(server, fourth).status_code == 401


def test_an_organizer_makes_no_device_link(server: Server, organizer: httpx.Client) -> None:
    for client in (organizer, server.client("operator"), server.client("connector"), server.client()):
        assert client.post("/v1/me/links").status_code in (401, 403)


def test_devices_are_bounded_and_none_is_pushed_out(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "many", verify=False)
    for _ in range(MOST_SESSIONS - 1):
        device(server, ada)
    full = ada.http.post("/v1/me/links")
    assert (full.status_code, "Sign one of them out" in full.json()["detail"]) == (409, True)
    assert len(sessions(ada.http)["sessions"]) == MOST_SESSIONS
    assert ada.http.get("/v1/me").status_code == 200
    assert good(ada.http.delete("/v1/me/sessions")) == {"ended": MOST_SESSIONS - 1}
    device(server, ada)


def test_device_links_are_counted_by_attendee_not_by_session(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"rates": {"device_link": [3, 1]}}) as narrow:
        ada = attendee(narrow, opened(narrow), "ada", verify=False)
        laptop = device(narrow, ada)
        seen = [http.post("/v1/me/links").status_code for http in (ada.http, laptop, laptop, ada.http)]
        assert seen == [200, 200, 429, 429]


# -- what one sees and ends --------------------------------------------------------------------------------------------


def test_sessions_are_listed_and_ended_with_their_streams(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "list", verify=False)
    laptop = device(server, ada, **{"user-agent": FIREFOX})
    phone = device(server, ada, **{"user-agent": PHONE})
    listed = sessions(laptop)["sessions"]
    assert [(row["device"], row["this"]) for row in listed] == [
        ("Unknown device", False),
        ("Firefox on Linux", True),
        ("Safari on iPhone", False),
    ]
    assert all(row["made_at"] < row["expires_at"] for row in listed)
    assert listed[1]["last_used_at"] is not None
    assert "hw." not in json.dumps(listed)
    with stream(server, phone, "/v1/me/stream") as of_phone, stream(server, ada.http, "/v1/me/stream") as of_ada:
        assert laptop.delete(f"/v1/me/sessions/{listed[2]['session']}").status_code == 204
        assert of_phone.next()["event"] == "end"
        assert phone.get("/v1/me").status_code == 401
        assert laptop.delete(f"/v1/me/sessions/{listed[2]['session']}").status_code == 404
        assert good(laptop.delete("/v1/me/sessions")) == {"ended": 1}
        told = [of_ada.next() for _ in range(3)]
        assert [event["event"] for event in told] == ["sign_ins", "sign_ins", "end"]
        said = [[each["session"] is None for each in json.loads(event["data"])["sign_ins"]] for event in told[:2]]
        assert said == [[False, False], [False, True]]  # at the opening, and when the phone was ended
    assert ada.http.get("/v1/me").status_code == 401
    assert [row["this"] for row in sessions(laptop)["sessions"]] == [True]


def test_nobody_ends_or_sees_the_session_of_another(server: Server, organizer: httpx.Client) -> None:
    ada, bob = (attendee(server, organizer, f"own-{number}", verify=False) for number in "12")
    (own,) = sessions(ada.http)["sessions"]
    foreign, unknown = (bob.http.delete(f"/v1/me/sessions/{which}") for which in (own["session"], "0" * 16))
    assert (foreign.status_code, foreign.text) == (404, unknown.text)
    key = server.keys["organizer"].split(".")[2]
    assert bob.http.delete(f"/v1/me/sessions/{key}").status_code == 404
    assert organizer.get(f"/v1/conferences/{CONFERENCE}").status_code == 200
    assert len(sessions(ada.http)["sessions"]) == 1


def test_a_new_device_is_shown_to_the_others_until_each_dismisses_it(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "told", verify=False)
    laptop = device(server, ada, **{"user-agent": FIREFOX})
    first = sessions(ada.http)["sign_ins"]
    assert [row["device"] for row in first] == ["Firefox on Linux"]
    good(ada.http.post("/v1/me/sessions/seen", json={"number": first[0]["number"]}))
    with stream(server, ada.http, "/v1/me/stream") as of_ada, stream(server, laptop, "/v1/me/stream") as of_laptop:
        phone = device(server, ada, **{"user-agent": PHONE})
        for live in (of_ada, of_laptop):
            event = live.next()
            assert (event["event"], "id" in event) == ("sign_ins", False)
            (said,) = json.loads(event["data"])["sign_ins"]
            assert (said["device"], said["session"] is not None) == ("Safari on iPhone", True)
    assert sessions(phone)["sign_ins"] == []  # not of itself
    good(phone.post("/v1/me/sessions/seen", json={"number": 2**53}))  # nor may it dismiss for the others, or the future
    assert phone.delete("/v1/session").status_code == 204
    for http in (ada.http, laptop):
        (said,) = good(http.get("/v1/me"))["sign_ins"]
        assert (said["device"], said["session"]) == ("Safari on iPhone", None)  # it left, and that it was here stays
    with stream(server, laptop, "/v1/me/stream", last="0-0") as again:  # what was missed while away
        assert again.next()["event"] == "sign_ins"
    good(laptop.post("/v1/me/sessions/seen", json={"number": 2**53}))
    assert sessions(laptop)["sign_ins"] == []
    device(server, ada)
    assert [len(sessions(http)["sign_ins"]) for http in (ada.http, laptop)] == [2, 1]


def test_another_attendee_is_told_nothing(server: Server, organizer: httpx.Client) -> None:
    ada, bob = (attendee(server, organizer, f"quiet-{number}", verify=False) for number in "12")
    with stream(server, bob.http, "/v1/me/stream") as of_bob, stream(server, ada.http, "/v1/me/stream") as of_ada:
        device(server, ada)
        assert of_ada.next()["event"] == "sign_ins"
        assert {event["event"] for event in of_bob.events.queue} <= {"presence"}


def test_what_a_browser_says_of_itself_is_not_shown(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "agent", verify=False)
    device(server, ada, **{"user-agent": "<script>alert(1)</script> Firefox/1 " + "x" * 9_000})
    assert [row["device"] for row in sessions(ada.http)["sessions"]] == ["Unknown device", "Firefox"]


def test_the_own_data_have_sessions_and_sign_ins(server: Server, organizer: httpx.Client) -> None:
    ada = attendee(server, organizer, "exported", verify=False)
    device(server, ada, **{"user-agent": PHONE})
    data = good(ada.http.get("/v1/me/data"))
    assert [row["device"] for row in data["sessions"]] == ["Unknown device", "Safari on iPhone"]
    assert [row["device"] for row in data["sign_ins"]] == ["Unknown device", "Safari on iPhone"]


# -- guessing ----------------------------------------------------------------------------------------------------------


def test_every_bad_link_gets_the_same_answer(server: Server, organizer: httpx.Client) -> None:
    made = registered(organizer, "bad-links")
    used, replaced = made["link"], good(organizer.post(f"{PEOPLE}/{made['attendee']}/link"))["link"]
    token = sign_in(server, used).cookies["hallway_session"]
    good(server.client().get("/v1/me", headers={"cookie": f"hallway_session={token}"}))
    unknown = "#hw.link.0000000000000000." + "A" * 43
    wrong = replaced[:-1] + ("A" if replaced[-1] != "A" else "B")
    seen = [
        sign_in(server, link) for link in (used, replaced, unknown, wrong, "#nonsense", f"#{server.keys['organizer']}")
    ]
    assert {(answer.status_code, answer.text) for answer in seen} == {(401, seen[0].text)}
    heads = [{name: value for name, value in answer.headers.items() if name != "date"} for answer in seen]
    assert all(head == heads[0] for head in heads)


def test_who_guesses_is_slowed_and_locks_nobody_out(tmp_path: Path) -> None:
    """A hall shares an address: a good link is taken from there, however much somebody guesses."""
    with Server(tmp_path, bounds={"rates": {"sign_in": [2, 1]}}) as narrow:
        organizer = opened(narrow)
        link = registered(organizer, "hall")["link"]
        seen = [sign_in(narrow, "#hw.link.x.y") for _ in range(4)]
        assert [answer.status_code for answer in seen] == [401, 401, 429, 429]
        assert int(seen[-1].headers["retry-after"]) >= 1
        assert sign_in(narrow, link).status_code == 200


def test_a_secret_in_a_path_is_not_taken(server: Server, organizer: httpx.Client) -> None:
    """Links of the older form: a page that says so, whose secret is good for nothing and in no log."""
    made = registered(organizer, "older")["link"]
    browser = server.client()
    answer = browser.get(f"/m/{secret_of(made)}")
    assert (answer.status_code, answer.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert browser.cookies.get("hallway_session") is None
    assert browser.post("/v1/session", json={"link": f"/m/{secret_of(made)}"}).status_code == 401
    page = browser.get(made)
    assert (page.status_code, page.request.url.path, b"hw.link" in page.request.url.raw_path) == (
        200,
        "/welcome",
        False,
    )
    assert good(sign_in(server, made))["conference"] == CONFERENCE
    until(lambda: '"route": "/welcome"' in server.errors.read_text())
    assert secret_of(made).rpartition(".")[2] not in server.errors.read_text()


def test_an_erased_person_gets_no_link(server: Server, organizer: httpx.Client) -> None:
    """However often it is asked for while the erasure is under way."""
    made = registered(organizer, "erased")
    ada = Attendee(server.client(), made["attendee"], "")
    good(ada.http.post("/v1/session", json={"link": secret_of(made["link"])}))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(organizer.post, f"{PEOPLE}/{ada.id}/link") for _ in range(20)]
        assert ada.http.request("DELETE", "/v1/me", json={"confirm": "erase me"}).status_code == 202
        assert {one.result().status_code for one in asked} <= {404, 409}
    assert organizer.post(f"{PEOPLE}/{ada.id}/link").status_code == 404
