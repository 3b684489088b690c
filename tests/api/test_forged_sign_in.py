"""Another site signs nobody's browser in: not by a form, not by a script, not as an organizer either."""

import json
from typing import Any

import httpx
import pytest

from tests.api.people import ALL, CONFERENCE, Server, good, opened, secret_of

ROUTES = ("/v1/session", "/v1/organizer-session")


@pytest.fixture(scope="module")
def bodies(server: Server) -> dict[str, Any]:
    """The attacker's own good secrets: whoever is signed in by them acts as the attacker."""
    person = {"name": "Mallory", "email": "mallory@example.org", "accounts": [], "consent": ALL}
    link = good(opened(server).post(f"/v1/conferences/{CONFERENCE}/attendees", json=person))["link"]
    return {"/v1/session": {"link": secret_of(link)}, "/v1/organizer-session": {"key": server.keys["organizer"]}}


def sent(server: Server, route: str, body: Any, **headers: str) -> httpx.Response:
    """As a browser sends it; ``content_type`` is for the header of that name."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(base_url=server.address) as browser:
        answer = browser.post(route, content=content, headers={"content-type": "application/json"} | named)
        assert bool(browser.cookies) == (answer.status_code == 200)
    return answer


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "text/plain; x=application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
def test_a_form_signs_nobody_in(server: Server, bodies: dict[str, Any], route: str, media_type: str) -> None:
    answer = sent(server, route, bodies[route], content_type=media_type)
    assert (answer.status_code, "set-cookie" in answer.headers) == (415, False)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://evil.example", "sec_fetch_site": "same-origin"},
        {"origin": "http://127.0.0.1"},
        {"origin": "file://"},
    ],
    ids=str,
)
def test_another_site_signs_nobody_in(
    server: Server, bodies: dict[str, Any], route: str, headers: dict[str, str]
) -> None:
    answer = sent(server, route, bodies[route], **headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_the_own_page_signs_in_under_every_name_of_the_server(server: Server, bodies: dict[str, Any]) -> None:
    """By the public address, and by another one that the browser used: the demo has a page at ``localhost``."""
    (route, body), local = ("/v1/organizer-session", bodies["/v1/organizer-session"]), f"localhost:{server.port}"
    own = {"origin": server.address, "sec_fetch_site": "same-origin"}
    assert sent(server, route, body, **own).status_code == 200
    assert sent(server, route, body, origin=f"http://{local}", host=local).status_code == 200
    assert sent(server, route, body, origin=server.address, host="upstream:8080").status_code == 200  # behind a proxy
    assert sent(server, route, body, content_type="Application/JSON; charset=utf-8").status_code == 200
    assert sent(server, "/v1/session", bodies["/v1/session"], **own).status_code == 200
