"""Decides which hosts and addresses may be contacted when the name came from outside (protection against SSRF).

Invariants: nothing here connects, and a host name that is an address is refused.
Why: a name is resolved once, and the result is checked and then connected to, so that a second lookup cannot lead
elsewhere (DNS rebinding). IPv6 addresses that embed an IPv4 one are treated as that one. Public means global unicast
and in no block of the IANA registries of special-purpose addresses (RFC 6890 and later,
iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry), whatever this Python knows.
"""

import asyncio
import ipaddress
import re
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

HOST_CHARS = 253  # RFC 1035
MOST_LOOKUPS = 16  # at once, because each occupies a thread while a name server is slow
MOST_OF_DOMAIN = 2
_SHORT = 3  # characters of a label such as co or com before a country's
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_IPv4 = ipaddress.IPv4Address
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_SPECIAL_4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_SPECIAL_6 = tuple(
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def is_host(text: str) -> bool:
    """Whether this is a full host name in lower-case ASCII (others in their ``xn--`` form), and not an address."""
    return len(text) <= HOST_CHARS and _HOST.fullmatch(text) is not None


def is_public(address: str) -> bool:
    """Whether the address belongs to the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(_is_ordinary(each) for each in _embedded(found))


def _is_ordinary(address: _Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, _IPv4):
        return not any(address in block for block in _SPECIAL_4)
    return address in _GLOBAL_UNICAST and not any(address in block for block in _SPECIAL_6)


def _embedded(address: _Address) -> list[_Address]:
    """The IPv4 addresses embedded in an IPv6 one (mapped, 6to4, Teredo, NAT64); or the address itself."""
    if isinstance(address, _IPv4):
        return [address]
    if address in _NAT64:
        return [_IPv4(int(address) & 0xFFFF_FFFF)]
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [each for each in inside if each is not None] or [address]


class Resolver:
    """Resolves names in threads of its own, apart from the directory's thread pool: at most ``MOST_LOOKUPS`` at once,
    and of one domain ``MOST_OF_DOMAIN``, so that nobody's slow name server keeps the names of others waiting.

    Use it on one event loop.
    """

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()  # by domain; a thread counts until it ends, whoever gave up
        self._ended: set[asyncio.Future[None]] = set()

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of a host, in the order to try; empty where there are none. It may have to wait for its turn:
        the caller sets the time limit."""
        loop = asyncio.get_running_loop()
        domain = _domain(host)
        while self._running.total() >= MOST_LOOKUPS or self._running[domain] >= MOST_OF_DOMAIN:
            await self._wait_for_end(loop)
        self._running[domain] += 1
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def end(found: Sequence[str]) -> None:
            self._running[domain] -= 1
            self._running += Counter()  # drops what is zero
            for waiter in self._ended:
                if not waiter.done():
                    waiter.set_result(None)
            if not answer.done():
                answer.set_result(found)

        def look() -> None:
            found = _addresses(host)
            with suppress(RuntimeError):  # the event loop has ended, so nobody waits
                loop.call_soon_threadsafe(end, found)

        threading.Thread(target=look, name="look-up", daemon=True).start()
        return await answer

    async def _wait_for_end(self, loop: asyncio.AbstractEventLoop) -> None:
        waiter: asyncio.Future[None] = loop.create_future()
        self._ended.add(waiter)
        try:
            await waiter
        finally:
            self._ended.discard(waiter)


def _domain(host: str) -> str:
    """The part of a name that somebody owns, roughly: its last two labels, or three as in ``example.co.uk``."""
    labels = host.lower().rstrip(".").split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and len(labels[-2]) <= _SHORT else labels[-2:])


def _addresses(host: str) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
