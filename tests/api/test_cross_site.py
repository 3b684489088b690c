"""What a page of another site can have somebody's browser do: nothing, on any route, by any method or address."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.people import CONFERENCE, Server, attendee, good, opened, records_in
from tests.api.test_roles import VALUES, operations

SIGN_IN = {"/v1/session", "/v1/organizer-session"}  # tried in ``test_forged_sign_in``
FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b")
BODY = b'{"confirm": "erase me", "erase": "conf-1", "place": null, "answer": "declined"}'


@pytest.fixture(scope="module")
def victim(server: Server) -> Iterator[httpx.Client]:
    """A browser in which somebody is an attendee and the organizer; without the header that pages send."""
    ada = attendee(server, opened(server), "ada", verify=False)
    good(ada.http.post("/v1/organizer-session", json={"key": server.keys["organizer"]}))
    with httpx.Client(base_url=server.address, cookies=dict(ada.http.cookies.items())) as browser:
        yield browser


@pytest.mark.parametrize("below", ["", "/", "/hallway"])
def test_no_route_that_changes_something_is_for_a_cookie_alone(
    server: Server, victim: httpx.Client, below: str
) -> None:
    before, tried = records_in(victim), 0
    for method, path, roles in operations(server):
        if method == "GET" or "everybody" in roles or not roles & {"attendee", "organizer"}:
            continue
        for form in (*FORMS, "application/json"):
            headers = {"content-type": form, "origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
            answer = victim.request(method, f"{below}{path}", content=BODY, headers=headers)
            assert answer.status_code in ((403,) if not below else (403, 404, 405)), (method, path, answer.text)
        tried += 1
    assert tried > 20
    assert records_in(victim) == before
    assert victim.get("/v1/me").status_code == 200


def test_asking_by_get_or_head_changes_nothing(server: Server, victim: httpx.Client) -> None:
    """Whatever follows a link, looks ahead or asks what there is: all GETs, as HEAD and OPTIONS too."""
    before = records_in(victim)
    for method, path, roles in operations(server):
        if "loopback" in roles or path.endswith("/stream"):
            continue
        for asked in ("OPTIONS", "HEAD", *(["GET"] if method == "GET" else [])):
            answer = victim.request(asked, path, params={"a": "a", "b": "b"})
            assert answer.status_code < 500, (asked, path)
            assert not any(name.startswith("access-control-") for name in answer.headers), path
            assert "set-cookie" not in answer.headers, path
    assert records_in(victim) == before


def test_no_address_leads_elsewhere(server: Server, victim: httpx.Client) -> None:
    for path in ("//elsewhere.example", "/%2f%2felsewhere.example/", "/welcome/..//elsewhere.example", "/\\elsewhere"):
        answer = victim.get(f"{server.address}{path}", headers={"host": "elsewhere.example"})
        assert (answer.status_code, "location" in answer.headers) == (404, False), path
    for path in ("/", "/welcome", "/organizer", "/v1/me"):
        answer = victim.get(path, headers={"host": "elsewhere.example", "x-forwarded-host": "elsewhere.example"})
        assert b"elsewhere" not in answer.content
    link = good(victim.post("/v1/me/links", headers={"host": "elsewhere.example", "x-hallway": "1"}))["link"]
    assert link.startswith(f"{server.address}/welcome#")


assert VALUES["conference"] == CONFERENCE


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "localhost.elsewhere.example:80", "127.0.0.1.nip.example", "[::", ""]
)
def test_a_name_of_another_site_that_points_here_reads_no_numbers(server: Server, host: str) -> None:
    with httpx.Client(base_url=server.address) as browser:
        assert browser.get("/metrics").status_code == 200
        assert browser.get("/metrics", headers={"host": host}).status_code in (400, 401)
        named = browser.get("/metrics", headers={"host": "LOCALHOST:8080"})
    assert (named.status_code, "hallway_streams" in named.text) == (200, True)
