"""Only names of the public internet are asked: looked up once, checked, connected to, under their own certificate."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence

import pytest
import trustme

from services.identity.http_client import Fetched, Fetcher, Unreadable
from services.identity.public_addresses import MOST_LOOKUPS, MOST_OF_DOMAIN, Resolver, is_host, is_public
from tests.identity.fake import FakeServers, here, on_loopback

HOST = "social.example"
INSIDE = [
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),  # noqa: S104
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1"),
    *("ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1"),
    *(
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "localhost",
        "",
        "1",
        "fe80::1%lo",
    ),
    # of the registries of special-purpose addresses, and what was in them once
    *("fec0::1", "192.0.0.8", "192.0.0.170", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
    *("64:ff9b:1::9.9.9.9", "100::1", "100:0:0:1::1", "5f00::1", "3fff::1", "4000::1", "::9.9.9.9", "::1:9.9.9.9"),
    *("2001::1", "2001:1::1", "2001:2::1", "2001:3::1", "2001:10::1", "2001:20::1", "2001:30::1", "2620:4f:8000::1"),
    *("::ffff:192.88.99.1", "2002:c058:6301::1", "64:ff9b::192.0.0.8", "2001:0:909:909:0:0:3f57:fefe"),
]
OUTSIDE = ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "2002:909:909::1", "64:ff9b::9.9.9.9"]


@pytest.mark.parametrize("address", INSIDE)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("social.example", True),
        ("a.b-c.xn--p1ai", True),
        ("localhost", False),
        ("social.example.", False),
        (".example", False),
        ("social..example", False),
        ("-a.example", False),
        ("1.2.3.4", False),
        ("0x7f.1", False),
        ("[::1]", False),
        ("social.example:80", False),
        ("user@social.example", False),
        ("social.example/x", False),
        ("social.example\n", False),
        ("Social.example", False),
        ("söcial.example", False),
        (f"{'a.' * 126}ab", False),
        (f"{'a' * 64}.example", False),
        ("", False),
    ],
)
def test_hosts(text: str, good: bool) -> None:
    assert is_host(text) == good


@pytest.fixture
def inside() -> Iterator[socket.socket]:
    """Something on this machine that must not be reached."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize("found", [["127.0.0.1"], ["9.9.9.9", "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], []])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_inside_is_not_asked(inside: socket.socket, found: Sequence[str], scheme: str) -> None:
    async def resolve(host: str) -> Sequence[str]:
        return found

    fetcher = Fetcher(resolve, scheme=scheme, port=inside.getsockname()[1])
    assert asyncio.run(fetcher.get(dict, HOST, "/", {})) == Unreadable("no public address")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "127.1"])
def test_an_address_is_no_name(inside: socket.socket, host: str) -> None:
    fetcher = Fetcher(is_allowed=lambda _: True, port=inside.getsockname()[1], scheme="http")
    assert asyncio.run(fetcher.get(dict, host, "/", {})) == Unreadable("no host name")


def test_a_proxy_of_the_environment_is_not_used(
    inside: socket.socket, servers: FakeServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inside.getsockname()[1]}")
    servers.network.answers["/"] = {"ok": True}
    assert asyncio.run(on_loopback(servers.port).get(dict, HOST, "/", {})) == Fetched({"ok": True})


def _secured(authority: trustme.CA, name: str) -> FakeServers:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return FakeServers(context)


def _trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize(
    ("certified", "trusted", "good"), [(HOST, True, True), ("eve.example", True, False), (HOST, False, False)]
)
def test_the_certificate_is_that_of_the_name(certified: str, trusted: bool, good: bool) -> None:
    """Though what is connected to is an address."""
    authority = trustme.CA()
    asked: list[str] = []

    async def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return await here(host)

    with _secured(authority, certified) as servers:
        servers.network.answers["/"] = {"ok": True}
        trust = _trusting(authority if trusted else trustme.CA())
        fetcher = Fetcher(resolve, lambda _: True, port=servers.port, trusted=trust)
        found = asyncio.run(fetcher.get(dict, HOST, "/", {}))
        assert servers.network.asked == ([(HOST, "/", {})] if good else [])
    assert found == (Fetched({"ok": True}) if good else Unreadable("no connection"))
    assert asked == [HOST], "looked up once"


def test_without_tls_there_is_no_answer(servers: FakeServers) -> None:
    fetcher = on_loopback(servers.port, scheme="https", fetch_s=3.0)
    assert asyncio.run(fetcher.get(dict, HOST, "/", {})) == Unreadable("no connection")


class TestLookUps:
    def test_what_is_found(self) -> None:
        assert set(asyncio.run(Resolver()("localhost"))) & {"127.0.0.1", "::1"}

    def test_slow_names_of_one_domain_keep_no_other_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        go, begun = threading.Event(), list[str]()

        def slow(host: str, *_: object, **__: object) -> list[object]:
            begun.append(host)
            assert not host.endswith("slow.example") or go.wait(20)
            raise socket.gaierror

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        resolver = Resolver()

        async def flooded() -> None:
            waiting = [asyncio.create_task(resolver(f"{n}.slow.example")) for n in range(3 * MOST_LOOKUPS)]
            await asyncio.sleep(0)
            assert await asyncio.wait_for(resolver("shop.example.org"), 20) == ()
            assert len([host for host in begun if host != "shop.example.org"]) == MOST_OF_DOMAIN
            for task in waiting[::2]:  # who gave up leaves the turn to others, once the thread has ended
                task.cancel()
            go.set()
            assert await asyncio.gather(*waiting[1::2]) == [()] * (3 * MOST_LOOKUPS // 2)

        asyncio.run(flooded())

    def test_no_more_at_once_than_may_be_and_the_rest_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        go, looking = threading.Event(), threading.Semaphore(0)

        def slow(*_: object, **__: object) -> list[object]:
            looking.release()
            assert go.wait(20)
            raise socket.gaierror

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        resolver = Resolver()

        async def flooded() -> None:
            waiting = [asyncio.create_task(resolver(f"name-{n}.example")) for n in range(MOST_LOOKUPS + 4)]
            for _ in range(MOST_LOOKUPS):
                assert await asyncio.to_thread(looking.acquire, timeout=20)
            assert not looking.acquire(blocking=False)
            go.set()
            assert await asyncio.gather(*waiting) == [()] * (MOST_LOOKUPS + 4)

        asyncio.run(flooded())
