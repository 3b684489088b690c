"""Bad input of every kind: a clear answer, and the rest goes on."""

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.shared.problems import MEDIA_TYPE
from tests.api.people import CONFERENCE, Server, good, opened, post, records_in

ARRIVED = {"type": "checkin.arrived", "at": "2026-01-01T00:00:00Z", "conference": CONFERENCE, "attendee": "a1"}


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


def results(client: httpx.Client, lines: list[bytes]) -> list[dict[str, Any]]:
    headers = {"content-type": "application/x-ndjson"}
    found: list[dict[str, Any]] = good(client.post("/v1/events", content=b"\n".join(lines), headers=headers))["results"]
    return found


def test_each_bad_line_is_reported_and_the_rest_goes_on(organizer: httpx.Client) -> None:
    line = json.dumps(ARRIVED | {"id": "good-1"}).encode()
    bad = {
        b"{": None,
        b'"text"': None,
        json.dumps(ARRIVED | {"id": "1", "type": "checkin.flew"}).encode(): "type",
        json.dumps(ARRIVED | {"id": "1", "type": "match.agreed"}).encode(): "type",
        json.dumps({**ARRIVED, "id": "1", "attendee": 7}).encode(): "attendee",
        json.dumps(ARRIVED | {"id": "1", "at": "1999-12-31T23:59:59Z"}).encode(): "at",
        json.dumps(ARRIVED | {"id": "1", "at": "2098-01-01T00:00:00Z"}).encode(): "at",
        json.dumps(ARRIVED | {"id": "1", "at": "yesterday"}).encode(): "at",
        json.dumps(ARRIVED | {"id": "1", "conference": "nowhere"}).encode(): "conference",
        json.dumps(ARRIVED | {"id": "1", "more": "x" * 65_536}).encode(): None,
        b'{"type":"checkin.arrived","id":"\xff"}': None,
        b'{"type":"checkin.arrived","id":"\\ud800"}': None,
        b"[" * 20_000: None,
    }
    found = results(organizer, [*bad, line])
    assert [(result["status"], result.get("field")) for result in found[:-1]] == [("rejected", f) for f in bad.values()]
    assert all(result["reason"] for result in found[:-1])
    assert found[-1] == {"status": "accepted"}  # where it stands in the log is told to no organizer
    assert results(organizer, [line]) == [{"status": "duplicate"}]
    letters = good(organizer.get(f"/v1/conferences/{CONFERENCE}/dead-letters"))["letters"]
    assert {letter["position"] for letter in letters} >= {1, 2, 3, 4, 5, 6, 8}
    first = good(organizer.get(f"/v1/conferences/{CONFERENCE}/dead-letters", params={"limit": 2}))
    rest = good(organizer.get(f"/v1/conferences/{CONFERENCE}/dead-letters", params={"after": first["next"]}))
    assert [*first["letters"], *rest["letters"]] == letters


def test_all_forms_of_events(organizer: httpx.Client) -> None:
    one = ARRIVED | {"id": "form-1"}
    cloud: dict[str, Any] = {"specversion": "1.0", "id": "form-2", "source": "/gate", "type": "checkin.arrived"}
    cloud |= {"time": "2026-01-01T00:00:00Z", "data": {"conference": CONFERENCE, "attendee": "a1"}}
    batch = [cloud | {"id": "form-3"}, cloud | {"id": "form-2"}, {"specversion": "1.0"}]
    for media, body, expected in (
        ("application/json", one, ["accepted"]),
        ("application/json; charset=utf-8", [one, one | {"id": "form-1b"}], ["duplicate", "accepted"]),
        ("application/cloudevents+json", cloud, ["accepted"]),
        ("application/cloudevents-batch+json", batch, ["accepted", "duplicate", "rejected"]),
    ):
        answer = organizer.post("/v1/events", content=json.dumps(body), headers={"content-type": media})
        assert [result["status"] for result in good(answer)["results"]] == expected, media


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"[{]", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[\xff]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"<xml/>", "text/xml", 415),
        (b"{}", "application/json; charset=utf-16", 415),
        (b"{}\n" * 501, "application/x-ndjson", 413),
        (b"x" * (4 * 1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_bodies_that_are_no_events(organizer: httpx.Client, body: bytes, media: str, status: int) -> None:
    answer = organizer.post("/v1/events", content=body, headers={"content-type": media})
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[1]", b"null", b'{"link": 7}', b'{"link":"\\ud800"}', b"[" * 4_000])
def test_bodies_of_other_routes(server: Server, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = server.client().post("/v1/session", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, MEDIA_TYPE), answer.text


def test_unknown_addresses_and_methods(server: Server) -> None:
    for method, path, status in (("GET", "/v1/nothing", 404), ("POST", "/v1/me", 405), ("GET", "/no.html", 404)):
        answer = server.client().request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
        assert answer.json()["status"] == status


def test_a_path_never_leads_out_of_the_pages(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.sendall(b"GET /static/../../../serving.py HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        said = b""
        while part := line.recv(65_536):
            said += part
    assert b" 404 " in said.split(b"\r\n")[0]


def test_a_slow_body_is_ended_and_a_long_one_not_waited_for(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"body_s": 0.5}) as quick:
        organizer = opened(quick)
        key = quick.keys["organizer"].encode()
        for length, status in ((10, b"408"), (10**9, b"413")):
            with socket.create_connection(("127.0.0.1", quick.port), 5) as line:
                head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key
                line.sendall(head + b"\r\nContent-Length: %d\r\n\r\n{" % length)
                assert line.recv(4_096).split(b" ")[1] == status
        with quick.client("connector") as connector:
            assert good(connector.post("/v1/events", json=post("x:a")))["results"][0]["status"] == "accepted"
        assert records_in(organizer) == 2


def test_logs_have_no_accounts_and_no_tokens(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        body = {"name": "Canary Name", "email": "canary@example.org", "accounts": ["x:canary"]}
        consent = {"matching": True, "chats": False, "share_place": False}
        link = good(organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=body | {"consent": consent}))["link"]
        server.client().get(link)
        server.client().post("/v1/events", content=b"x:canary", headers={"authorization": "Bearer canary"})
        organizer.post("/v1/events", content=b'{"x:canary"')
        server.stop()
        logged = server.errors.read_text()
    assert len(logged.splitlines()) > 4
    assert all(json.loads(line)["event"] for line in logged.splitlines())
    secret = link.partition("#")[2]
    for word in ("anary", secret, secret.split(".")[-1], server.keys["organizer"].split(".")[-1]):
        assert word not in logged
