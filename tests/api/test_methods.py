"""HEAD wherever GET is: the same head, no body; and what else a monitor or a proxy asks."""

import socket

import httpx
import pytest

from tests.api.people import CONFERENCE, LIMIT_S, Server, attendee, good, opened

_VARY = {"date", "content-length"}  # the length of what is not the same twice


@pytest.fixture(scope="module")
def clients(server: Server) -> dict[str, httpx.Client]:
    organizer = opened(server)
    ada = attendee(server, organizer, "ada").http
    return {
        "everybody": server.client(),
        "organizer": organizer,
        "operator": server.client("operator"),
        "attendee": ada,
    }


def _head(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in _VARY}


def _paths(server: Server) -> list[tuple[str, str]]:
    document = good(server.client().get("/schema/openapi.json"))
    found = [("everybody", "/"), ("everybody", "/organizer"), ("everybody", "/m/x"), ("everybody", "/static/base.css")]
    for path, methods in document["paths"].items():
        if "get" in methods and not path.endswith("/stream"):
            roles = methods["get"]["x-hallway-roles"]
            who = next((role for role in ("everybody", "organizer", "attendee") if role in roles), "operator")
            found.append((who, path.format(conference=CONFERENCE, number=1, attendee="x", key="x")))
    return found


def test_head_has_the_head_of_get_and_no_body(server: Server, clients: dict[str, httpx.Client]) -> None:
    paths = _paths(server)
    assert len(paths) > 15
    for who, path in paths:
        got, head = clients[who].get(path), clients[who].head(path)
        assert (head.status_code, _head(head), head.content) == (got.status_code, _head(got), b""), path


def test_head_of_a_static_file_has_its_length(server: Server) -> None:
    http = server.client()
    got, head = http.get("/static/base.css"), http.head("/static/base.css")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize(
    ("who", "path"), [("attendee", "/v1/me/stream"), ("organizer", f"/v1/conferences/{CONFERENCE}/stream")]
)
def test_head_of_a_stream_ends_at_once(server: Server, clients: dict[str, httpx.Client], who: str, path: str) -> None:
    for _ in range(20):  # more than a session may have open
        head = clients[who].head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")


def test_after_a_head_the_line_goes_on(server: Server) -> None:
    """No byte of a body is left on it, which the next answer would begin with."""
    request = "{} {} HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as line, line.makefile("rb") as answers:
        for method, path in (
            ("HEAD", "/"),
            ("HEAD", "/nothing/here"),
            ("HEAD", "/healthz/live"),
            ("GET", "/healthz/live"),
        ):
            line.sendall(request.format(method, path).encode())
            assert answers.readline().startswith(b"HTTP/1.1 404" if "nothing" in path else b"HTTP/1.1 200")
            length = 0
            while (header := answers.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
        assert answers.read(length) == b'{"status":"live"}'


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_where_get_is_not_head_is_not(server: Server, method: str) -> None:
    answer = server.client().request(method, "/v1/session")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"POST", "DELETE", "OPTIONS"}


def test_what_is_allowed_is_reported(server: Server) -> None:
    http = server.client()
    assert set(http.options("/healthz/live").headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"):
        answer = http.request(method, "/healthz/live")
        assert (answer.status_code, answer.json()["status"]) == (405, 405), method
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}, method


def test_a_head_needs_the_same_key(server: Server) -> None:
    assert server.client().head(f"/v1/conferences/{CONFERENCE}").status_code == 401
    assert server.client("connector").head(f"/v1/conferences/{CONFERENCE}").status_code == 403
