"""Bodies: of strangers not a byte is read before they are told so; of others as much as their share.

The attack: 40 connections without a key, each a byte short of 10 MiB, took the server from 87 to 500 MB.
"""

import gzip
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex

import httpx
import pytest

from tests.api.people import CONFERENCE, LIMIT_S, Server, good, opened, post, until

LONG = 10 * 1024 * 1024
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose shares are soon used up."""
    bounds = {
        "sender_buffered_bytes": 100_000,
        "unauthenticated_buffered_bytes": 5_000,
        "body_s": LIMIT_S,
        "linger_s": 0.2,
    }
    with Server(tmp_path_factory.mktemp("small"), bounds=bounds) as server:
        opened(server)
        yield server


def head(path: str, length: int | None, *lines: str) -> bytes:
    """A POST whose body is to follow."""
    framing = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    said = [f"POST {path} HTTP/1.1", "Host: x", framing, "Content-Type: application/json", *lines]
    return "\r\n".join([*said, "\r\n"]).encode()


def answered(line: socket.socket) -> int:
    """The status of the answer that comes, without another byte being sent."""
    line.settimeout(LIMIT_S)
    said = b""
    while b"\r\n\r\n" not in said:
        part = line.recv(65_536)
        assert part, "it was closed without an answer"
        said += part
    assert b"connection: close" in said.lower()
    return int(said.split(b" ", 2)[1])


def in_memory(server: Server) -> int:
    """Bytes of bodies."""
    found = re.search(r"^hallway_body_bytes (\S+)", server.client().get("/metrics").text, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


@pytest.mark.parametrize(
    ("path", "shown", "status"),
    [
        ("/v1/events", "", 401),
        ("/v1/events", "Cookie: hallway_session=hw.session.0123456789abcdef.x", 401),
        ("/v1/events", "Authorization: Bearer hw.key.0123456789abcdef.x", 401),
        (f"/v1/conferences/{CONFERENCE}/attendees/csv", "Cookie: hallway_organizer=x", 401),
        ("/v1/nothing", "", 404),
    ],
)
@pytest.mark.parametrize("length", [LONG, None], ids=["said", "chunked"])
def test_a_strangers_body_is_answered_before_it_is_read(
    small: Server, path: str, shown: str, status: int, length: int | None
) -> None:
    with socket.create_connection(("127.0.0.1", small.port), LIMIT_S) as line:
        line.sendall(head(path, length, *filter(None, [shown])))  # and nothing of the body
        assert answered(line) == status


@pytest.mark.parametrize("begun", [head("/v1/session", LONG), head("/v1/session", None) + b"1388\r\n" + b"x" * 5_000])
def test_where_strangers_sign_in_they_are_read_as_far_as_a_link_is_long(small: Server, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", small.port), LIMIT_S) as line:
        line.sendall(begun)
        assert answered(line) == 413


def test_forty_strangers_who_never_end_take_no_memory(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"linger_s": LIMIT_S}) as server, ExitStack() as stack:
        opened(server)
        before = _resident(server)
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), LIMIT_S)) for _ in range(40)]
        for number, line in enumerate(lines):
            path = f"/v1/conferences/{CONFERENCE}/attendees/csv" if number % 2 else "/v1/events"
            line.sendall(head(path, LONG))
        assert [answered(line) for line in lines] == [401] * 40
        for line in lines:
            _send_all_but_the_end(line)
        assert in_memory(server) == 0
        assert _resident(server) - before < 60 * MIB
        assert good(server.client().get("/healthz/ready")) == {"status": "ready"}


def _send_all_but_the_end(line: socket.socket) -> None:
    line.settimeout(0.05)
    try:
        for _ in range(LONG // 65_536 - 1):
            line.sendall(b"x" * 65_536)
    except OSError:  # it is not read any more, or closed
        return


def _resident(server: Server) -> int:
    found = re.search(r"^process_resident_memory_bytes (\S+)", server.client().get("/metrics").text, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def test_a_senders_bodies_have_a_share_and_the_others_go_on(small: Server) -> None:
    key = f"Authorization: Bearer {small.keys['connector']}"
    with ExitStack() as stack:
        first, second = [
            stack.enter_context(socket.create_connection(("127.0.0.1", small.port), LIMIT_S)) for _ in range(2)
        ]
        first.sendall(head("/v1/events", 90_000, key) + b"[" + b" " * 60_000)
        until(lambda: in_memory(small) == 60_001)
        second.sendall(head("/v1/events", 90_000, key) + b"[" + b" " * 60_000)
        assert answered(second) == 429
        until(lambda: in_memory(small) == 60_001)  # what was refused is no longer there
        organizer = small.client("organizer")
        assert organizer.get(f"/v1/conferences/{CONFERENCE}").status_code == 200
        padded = {"conference": CONFERENCE, "attendee": "a1", "type": "checkin.arrived", "at": "2026-01-01T00:00:00Z"}
        events = [padded | {"id": f"pad-{number}", "more": "x" * 10_000} for number in range(8)]
        assert {each["status"] for each in good(organizer.post("/v1/events", json=events))["results"]} == {"accepted"}
    until(lambda: in_memory(small) == 0)


def test_all_strangers_share_what_is_theirs(small: Server) -> None:
    with ExitStack() as stack:
        first, second = [
            stack.enter_context(socket.create_connection(("127.0.0.1", small.port), LIMIT_S)) for _ in range(2)
        ]
        first.sendall(head("/v1/session", 4_000) + b" " * 3_900)
        until(lambda: in_memory(small) == 3_900)
        second.sendall(head("/v1/session", 4_000) + b" " * 3_900)
        assert answered(second) == 503
        with small.client("connector") as connector:
            assert good(connector.post("/v1/events", json=[post("x:a", "x:b")]))["results"][0]["status"] == "accepted"


def test_bytes_are_paid_for_before_they_are_read(tmp_path: Path) -> None:
    rates = {"connector_kib": [40, 1], "connector": [1_000, 1_000]}
    with Server(tmp_path, bounds={"rates": rates}) as narrow:
        opened(narrow)
        key = f"Authorization: Bearer {narrow.keys['connector']}"
        with socket.create_connection(("127.0.0.1", narrow.port), LIMIT_S) as line:
            line.sendall(head("/v1/events", 30 * 1024, key) + b"[" + b" " * (30 * 1024 - 2) + b"]")
            line.settimeout(LIMIT_S)
            assert b" 400 " in line.recv(65_536)  # no event in it, but paid for
        with socket.create_connection(("127.0.0.1", narrow.port), LIMIT_S) as line:
            line.sendall(head("/v1/events", 30 * 1024, key))
            assert answered(line) == 429
        refused = narrow.client("connector").post("/v1/events", content=b" " * 30 * 1024)
        assert int(refused.headers["retry-after"]) >= 1
        assert "The budget connector_kib is used up: 40 KiB at once" in refused.json()["detail"]
        assert narrow.client("organizer").get("/v1/conferences").status_code == 200


def test_what_a_body_unpacks_to_counts_and_costs_as_if_it_had_come_plain(small: Server, tmp_path: Path) -> None:
    packed = {"content-encoding": "gzip", "content-type": "application/x-ndjson"}
    body = gzip.compress(b"".join(b'{"x": "%s"}\n' % token_hex(500).encode() for _ in range(90)))
    assert len(body) < 60_000  # 90,000 bytes when unpacked; both are in memory, and a sender's share is 100,000
    refused = small.client("connector").post("/v1/events", content=body, headers=packed)
    assert (refused.status_code, "bytes at once" in refused.json()["detail"]) == (429, True)
    until(lambda: in_memory(small) == 0)
    with Server(tmp_path, bounds={"rates": {"connector_kib": [40, 1], "connector": [1_000, 1_000]}}) as narrow:
        connector, spaces = narrow.client("connector"), gzip.compress(b" " * 25 * 1024)
        assert connector.post("/v1/events", content=spaces, headers=packed).status_code == 400  # no event, but paid for
        refused = connector.post("/v1/events", content=spaces, headers=packed)
        assert (refused.status_code, "connector_kib" in refused.json()["detail"]) == (429, True)


@pytest.mark.parametrize("cookie", ["hallway_session=x", "hallway_organizer=hw.session.0123456789abcdef.x"])
def test_a_cookie_that_is_no_session_counts_as_none(tmp_path: Path, cookie: str) -> None:
    with Server(tmp_path, bounds={"rates": {"anonymous": [5, 1], "sign_in": [100, 100]}}) as narrow:
        with httpx.Client(base_url=narrow.address, headers={"cookie": cookie}) as http:
            paths = ("/", "/v1/nothing", "/healthz/live", "/v1/me", "/", "/", "/healthz/live")
            assert [http.get(path).status_code for path in paths] == [200, 404, 200, 401, 200, 429, 429]
        with narrow.client("organizer") as organizer:  # who is known is not a stranger, on any page
            assert [organizer.get("/").status_code for _ in range(8)] == [200] * 8
