"""Which hosts and addresses may be asked, when the name came from outside.

Owns: the form of host names; which addresses are public. May never: connect, or take a host that is an address.
Theory: a name is looked up once, and what it leads to is checked and then connected to, so that a second look-up cannot
lead elsewhere (DNS rebinding). IPv6 addresses that carry an IPv4 one count as that one.
"""

import asyncio
import ipaddress
import re
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

HOST_CHARS = 253  # RFC 1035
MOST_LOOKUPS = 8  # at once: a slow name server holds a thread each
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPv4 = ipaddress.IPv4Address


def is_host(text: str) -> bool:
    """Whether it is a full host name in ASCII, lower case (of others the ``xn--`` form), and no address."""
    return len(text) <= HOST_CHARS and _HOST.fullmatch(text) is not None


def is_public(address: str) -> bool:
    """Whether the address is somebody's in the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(each.is_global and not (each.is_multicast or each.is_reserved) for each in _carried(found))


def _carried(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The IPv4 addresses in an IPv6 one; the address itself where there are none."""
    if isinstance(address, _IPv4):
        return [address]
    if address in _NAT64:
        return [_IPv4(int(address) & 0xFFFF_FFFF)]
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [each for each in inside if each is not None] or [address]


class Resolver:
    """Looks names up; not in the pool of threads that the directory works in, and never more than so many."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MOST_LOOKUPS)

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of a host, in the order to try; none where there are none, or too many ask."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()
        if not self._free.acquire(blocking=False):
            return ()

        def tell(found: Sequence[str]) -> None:
            if not answer.done():
                answer.set_result(found)

        def look() -> None:
            try:
                found = _addresses(host)
            finally:
                self._free.release()
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                loop.call_soon_threadsafe(tell, found)

        threading.Thread(target=look, name="look-up", daemon=True).start()
        return await answer


def _addresses(host: str) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
