"""Faults of other servers: a result within a bounded time, never more than a bounded body, never another host."""

import asyncio
import gzip
import socket
import threading
import time

import pytest

from services.directory.port import PublicProfile
from services.identity.account_reader import NetworkReader
from services.identity.http_client import MOST_AT_ONCE
from tests.identity.fake import FakeServers, Fault, Handler, Network, account, on_loopback, profile

LOOKUP, PROFILE = "/api/v1/accounts/lookup", "/xrpc/app.bsky.actor.getProfile"
BOUND_S = 10.0  # of a reader that waits for 2 s, on a machine with other things to do


def status(number: int, **headers: str) -> Fault:
    return lambda handler: handler.say(number, b"{}", **headers)


def body(data: bytes, **headers: str) -> Fault:
    return lambda handler: handler.say(200, data, **headers)


def cut(handler: Handler) -> None:
    handler.say(200, b'{"id":"17","acct"', length=4_000)
    handler.connection.shutdown(socket.SHUT_RDWR)


def dropped(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def ten_megabytes(handler: Handler) -> None:
    handler.say(200, b" " * 10_000_000)


def endless(handler: Handler) -> None:
    handler.say(200, b"[", length=10**12)
    while True:
        handler.wfile.write(b" " * 65_536)


def dripping(handler: Handler) -> None:
    handler.say(200, b"{", length=1_000_000)
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)  # the other side is slow, not the test


def endless_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-More: yes\r\n" * 1_000)


FAULTS: dict[str, Fault] = {
    "429": status(429, Retry_After="99999"),
    "500": status(500),
    "503": status(503),
    "204": status(204),
    "cut": cut,
    "dropped": dropped,
    "10 MB": ten_megabytes,
    "endless": endless,
    "slow": dripping,
    "endless head": endless_head,
    "no http": lambda handler: handler.wfile.write(b"\0\1\2 hello\r\n\r\n") and None,
    "html": body(b"<!doctype html><p>Sign in", Content_Type="text/html"),
    "not utf-8": body(b'{"id":"\xff","acct":"ada"}'),
    "a list": body(b"[]"),
    "null": body(b"null"),
    "numbers": body(b'{"id":17,"acct":"ada","did":1,"handle":2}'),
    "deep": body(b"[" * 200_000),
    "empty": body(b""),
    "zipped": body(gzip.compress(b" " * 5_000_000 + b"{}"), Content_Encoding="gzip"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("path", "named"), [(LOOKUP, "mastodon:ada@social.example"), (PROFILE, "bsky:ada.example.org")]
)
def test_a_fault_is_no_answer_for_now(
    network: Network, reader: NetworkReader, hasty: NetworkReader, fault: str, path: str, named: str
) -> None:
    network.faults[path] = FAULTS[fault]
    began = time.monotonic()
    with pytest.raises(ConnectionError):
        asyncio.run(hasty.read(named))
    assert time.monotonic() - began < BOUND_S
    assert len(network.asked) <= 1, "nothing is tried again by itself"
    network.faults.clear()
    network.bluesky(profile())
    network.mastodon(account())
    assert asyncio.run(reader.read(named)) != PublicProfile()


def test_a_fault_in_the_posts_is_no_answer_either(network: Network, reader: NetworkReader) -> None:
    network.mastodon(account(note="the code"))
    network.faults["/api/v1/accounts/17/statuses"] = status(500)
    with pytest.raises(ConnectionError):
        asyncio.run(reader.read("mastodon:ada@social.example"))


@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/inside", "https://social.example/inside", "//localhost/x"])
def test_no_redirect_is_followed(network: Network, servers: FakeServers, code: int, to: str) -> None:
    network.faults[LOOKUP] = status(code, Location=to.format(port=servers.port))
    with pytest.raises(ConnectionError):
        asyncio.run(NetworkReader(on_loopback(servers.port)).read("mastodon:ada@social.example"))
    assert [path for _, path, _ in network.asked] == [LOOKUP]


def test_many_take_turns(network: Network, reader: NetworkReader) -> None:
    turn, full, active, peak = threading.Lock(), threading.Event(), 0, 0

    def waits_for_others(handler: Handler) -> None:
        nonlocal active, peak
        with turn:
            active += 1
            peak = max(peak, active)
            if active == MOST_AT_ONCE:
                full.set()
        assert full.wait(20)
        with turn:
            active -= 1
        handler.say(404, b"{}")

    network.faults[LOOKUP] = waits_for_others

    async def all_of_them() -> list[PublicProfile]:
        return await asyncio.gather(*[reader.read("mastodon:ada@social.example") for _ in range(40)])

    assert asyncio.run(all_of_them()) == [PublicProfile()] * 40
    assert (peak, len(network.asked)) == (MOST_AT_ONCE, 40)


def test_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        reader = NetworkReader(on_loopback(closed.getsockname()[1]))
        with pytest.raises(ConnectionError):
            asyncio.run(reader.read("mastodon:ada@social.example"))
