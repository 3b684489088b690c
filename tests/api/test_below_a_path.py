"""A public address with a path: links, pages, files, cookies and doors lie below it, whatever the proxy does."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import httpx
import pytest

from tests.api.people import ALL, CONFERENCE, LIMIT_S, Server, good, opened, secret_of
from tests.api.proxy import below
from tests.api.test_strangers import free_port

PATH = "/people/hallway"
REFERENCES = re.compile(r'(?:src|href)="([^"#][^"]*)"|from "([^"]+)"|import "([^"]+)"')


@pytest.fixture(scope="module", params=[True, False], ids=["stripped", "whole"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server behind a proxy, and its public address."""
    port = free_port()
    folder = tmp_path_factory.mktemp("below")
    with below(PATH, port, strips=request.param) as public, Server(folder, public_url=public, port=port) as server:
        assert server.address == public
        yield server, public


def _link(server: Server) -> str:
    body = {"name": "Ada", "accounts": [], "consent": ALL}
    made = good(opened(server).post(f"/v1/conferences/{CONFERENCE}/attendees", json=body))
    return str(made["link"])


def test_everything_that_a_page_asks_for_is_there(place: tuple[Server, str]) -> None:
    server, public = place
    link = _link(server)
    assert link.startswith(f"{public}/welcome#")
    seen: set[str] = set()
    with httpx.Client(timeout=LIMIT_S) as http:
        to_see = [link, public, f"{public}/", f"{public}/organizer"]
        while to_see:
            address = to_see.pop()
            seen.add(address)
            answer = http.get(address)
            assert answer.status_code == 200, address
            found = {next(filter(None, each)) for each in REFERENCES.findall(answer.text)}
            whole = {urljoin(address, each) for each in found if "${" not in each}
            assert all(each.startswith(f"{public}/") for each in whole if each.startswith("http")), address
            to_see += whole - seen
    assert len(seen) > 30
    with httpx.Client(timeout=LIMIT_S) as http:
        assert http.get(f"{public}/schema/openapi.json").json()["servers"] == [{"url": PATH}]


def test_a_session_is_for_what_is_below_it_alone(place: tuple[Server, str]) -> None:
    server, public = place
    with httpx.Client(headers={"x-hallway": "1"}, timeout=LIMIT_S) as http:
        link = secret_of(_link(server))
        answer = http.post(f"{public}/v1/session", json={"link": link})
        assert f"path={PATH};" in answer.headers["set-cookie"].lower() + ";"
        assert http.get(f"{public}/v1/me").status_code == 200
        assert httpx.get(public.removesuffix(PATH) + "/v1/me").text == "another site"
        out = http.delete(f"{public}/v1/session")
        assert (out.status_code, f"path={PATH};" in out.headers["set-cookie"].lower() + ";") == (204, True)
        assert http.get(f"{public}/v1/me").status_code == 401


def test_bounds_hold_below_the_path(place: tuple[Server, str]) -> None:
    server, _ = place
    events = server.client("connector").post("/v1/events", content=b"x" * 70_000)
    assert events.status_code == 200, "the bound of a list of events"
    assert server.client().post("/v1/session", json={"link": "x" * 70_000}).status_code == 413
