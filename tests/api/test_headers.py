"""Headers of every response, for browsers and caches: nothing is cached or sniffed."""

from pathlib import Path

import httpx
import pytest

from tests.api.people import CONFERENCE, Server, attendee, good, opened
from tests.api.test_roles import ENDS_THE_SESSION, STREAMS, operations
from tests.api.test_strangers import free_port

PAGES = ("/", "/organizer", "/welcome")


@pytest.fixture(scope="module")
def callers(server: Server) -> list[httpx.Client]:
    organizer = opened(server)
    return [organizer, attendee(server, organizer, "ada").http, server.client("operator"), server.client()]


def test_every_answer_of_the_api_is_kept_by_nobody_and_is_what_it_says(
    server: Server, callers: list[httpx.Client]
) -> None:
    tried = 0
    for method, path, _ in operations(server):
        if path in STREAMS or path == ENDS_THE_SESSION or (method, path) == ("DELETE", "/v1/me"):
            continue
        for client in callers:
            answer = client.request(method, path, content=b"{}", params={"a": "a", "b": "b"})
            assert answer.headers.get_list("cache-control") == ["no-store"], (method, path, answer.status_code)
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"], (method, path)
            assert "strict-transport-security" not in answer.headers
            tried += answer.status_code < 300
    assert tried > 25, "good answers too, not problems alone"


def test_a_stream_is_kept_by_nobody(server: Server, callers: list[httpx.Client]) -> None:
    with callers[1].stream("GET", "/v1/me/stream") as live:
        assert live.status_code == 200
        assert live.headers.get_list("cache-control") == ["no-store"]
        assert live.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_asked_for_again_and_says_what_it_may(server: Server, path: str) -> None:
    answer = server.client().get(path)
    assert answer.status_code == 200
    assert answer.headers.get_list("cache-control") == ["no-cache"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_where_people_come_by_https_they_stay_with_it(tmp_path: Path) -> None:
    port = free_port()
    with Server(tmp_path, public_url="https://meet.example.org", port=port) as server:
        server.keys["address"] = f"http://127.0.0.1:{port}"
        opened(server)
        for path in (*PAGES, "/healthz/live", "/v1/me", "/nowhere", f"/v1/conferences/{CONFERENCE}"):
            answer = server.client().get(path)
            assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000"], path
        assert good(server.client().get("/healthz/live")) == {"status": "live"}
