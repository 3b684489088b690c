"""Unauthenticated clients: rate limited by address, not waited for, and their streams end."""

import queue
import random
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from services.api.shared.problems import MEDIA_TYPE
from tests.api.people import CONFERENCE, LIMIT_S, Server, attendee, good, opened, secret_of, stream

HEAD = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is short of patience."""
    folder = tmp_path_factory.mktemp("quick")
    with Server(folder, bounds={"head_s": 0.5, "idle_s": 1, "body_s": 0.5, "session_check_s": 0.1}) as server:
        yield server


def test_who_says_no_name_is_counted_by_address_and_nobody_else_is(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"rates": {"anonymous": [5, 1]}}, trusted=["127.0.0.1"]) as narrow:
        organizer = opened(narrow)
        ada = attendee(narrow, organizer, "ada", verify=False)  # her sign-in is the first
        stranger = narrow.client()
        seen = [stranger.get(path).status_code for path in ("/", "/v1/me", "/nowhere", "/healthz/live", "/", "/")]
        assert seen == [200, 401, 404, 200, 429, 429]
        refused = stranger.post("/v1/session", json={"link": "x" * 60_000})
        assert (refused.status_code, refused.headers["content-type"]) == (429, MEDIA_TYPE)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["detail"].startswith("Too many requests.")
        assert ada.http.get("/v1/me").status_code == 200
        assert organizer.get(f"/v1/conferences/{CONFERENCE}/overview").status_code == 200
        far = {"x-forwarded-for": "203.0.113.7"}  # behind a proxy that is named everybody has a bucket of their own
        assert [stranger.get("/", headers=far).status_code for _ in range(6)] == [200] * 5 + [429]
        home = [{"x-forwarded-for": f"2001:db8:0:1::{number}"} for number in range(6)]
        assert [stranger.get("/", headers=each).status_code for each in home] == [200] * 5 + [429]


@pytest.mark.parametrize("trusted", [[], ["192.0.2.0/24"]], ids=["nobody is named", "another is named"])
def test_a_forwarded_address_is_believed_of_named_proxies_alone(tmp_path: Path, trusted: list[str]) -> None:
    with Server(tmp_path, bounds={"rates": {"anonymous": [3, 1]}}, trusted=trusted) as narrow:
        http = narrow.client()
        said = [http.get("/", headers={"x-forwarded-for": f"203.0.113.{number}"}).status_code for number in range(4)]
        assert said == [200] * 3 + [429]
        assert narrow.errors.read_text().count("an untrusted proxy forwards requests") == 1  # said once


HALF_A_BODY = b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (HEAD, b""),
        (HEAD + b"X: " + b"y" * 40_000, b"HTTP/1.1 400 "),
        (b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD, b"HTTP/1.1 200 "),
        (
            b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
            b"HTTP/1.1 408 ",
        ),
    ],
    ids=["nothing", "half a head", "an endless head", "half a second head", "half a body"],
)
def test_a_line_on_which_nothing_more_comes_is_closed(quick: Server, sent: bytes, answer: bytes) -> None:
    with socket.create_connection(("127.0.0.1", quick.port), LIMIT_S) as line:
        line.sendall(sent)
        said = b""
        began = time.monotonic()
        while part := line.recv(65_536):  # until the server closes it
            said += part
    assert said[: len(answer)] == answer
    assert bool(said) == bool(answer)
    assert time.monotonic() - began < LIMIT_S


def test_a_head_that_drips_is_not_waited_for(quick: Server) -> None:
    with socket.create_connection(("127.0.0.1", quick.port), LIMIT_S) as line:
        line.sendall(HEAD)
        line.settimeout(0.05)
        began, closed = time.monotonic(), False
        while not closed:
            assert time.monotonic() - began < LIMIT_S
            try:
                line.sendall(b"X-Drip: 1\r\n")
                closed = line.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True


def test_a_stream_outlives_the_time_for_heads(quick: Server) -> None:
    ada = attendee(quick, opened(quick, "long"), "ada", "long", verify=False)
    with stream(quick, ada.http, "/v1/me/stream") as live:
        with pytest.raises(queue.Empty):
            live.next(1.0)  # twice ``head_s``: neither an entry nor an end
        assert live.status == 200


def test_a_session_that_was_pushed_out_ends_its_streams(quick: Server) -> None:
    """An organizer's: of a key there are ten at most. An attendee's are never pushed out."""
    opened(quick)
    overview = f"/v1/conferences/{CONFERENCE}/stream"
    pages = [quick.client() for _ in range(11)]
    for page in pages[:2]:
        good(page.post("/v1/organizer-session", json={"key": quick.keys["organizer"]}))
    with stream(quick, pages[0], overview) as live, stream(quick, pages[1], overview) as other:
        for page in pages[2:]:
            good(page.post("/v1/organizer-session", json={"key": quick.keys["organizer"]}))
        while live.next()["event"] != "end":
            pass
        assert pages[0].get(f"/v1/conferences/{CONFERENCE}").status_code == 401
        assert pages[1].get(f"/v1/conferences/{CONFERENCE}").status_code == 200
        assert "end" not in {event["event"] for event in other.events.queue}


def test_a_session_that_expires_ends_its_streams(quick: Server) -> None:
    ada = attendee(quick, opened(quick), "cyd", verify=False)
    name = ada.http.cookies["hallway_session"].split(".")[2]
    with stream(quick, ada.http, "/v1/me/stream") as live:
        base = sqlite3.connect(quick.data / "directory" / "directory.sqlite", timeout=LIMIT_S)
        with base:  # its 30 days go by
            assert base.execute("UPDATE grants SET expires = 1 WHERE id = ?", (name,)).rowcount == 1
        base.close()
        assert live.next()["event"] == "end"


def free_port() -> int:
    """One that nobody else is given by chance: it is below those that the system hands out."""
    while True:
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", random.randrange(20_000, 30_000)))
            return int(tried.getsockname()[1])


@pytest.mark.parametrize(("public", "secure"), [("https://meet.example.org", True), ("", False)])
def test_a_cookie_goes_by_https_alone_where_people_come_by_https(tmp_path: Path, public: str, secure: bool) -> None:
    port = free_port()
    with Server(tmp_path, public_url=public, port=port) as server:
        assert server.address == (public or f"http://127.0.0.1:{port}")
        server.keys["address"] = f"http://127.0.0.1:{port}"
        http = httpx.Client(base_url=server.address, headers={"x-hallway": "1"})
        organizer = opened(server)
        body = {"name": "Ada", "accounts": [], "consent": {"matching": True, "chats": True, "share_place": True}}
        made = good(organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=body))
        assert made["link"].startswith(f"{public or server.address}/welcome#")
        with http:
            answers = [
                http.post("/v1/session", json={"link": secret_of(made["link"])}),
                http.post("/v1/organizer-session", json={"key": server.keys["organizer"]}),
            ]
            token = answers[0].cookies.get("hallway_session") or answers[0].headers["set-cookie"].split("=")[1]
            sent = {"cookie": f"hallway_session={token.partition(';')[0]}"}
            answers.append(http.delete("/v1/session", headers=sent))
    for answer in answers:
        assert answer.status_code < 300, answer.text
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
        assert {"httponly", "samesite=lax", "path=/"} <= parts
        assert ("secure" in parts) == secure
