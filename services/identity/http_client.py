"""A bounded HTTP client for other people's servers: one GET of JSON from a host whose name came from outside.

Invariants: it raises nothing for what the other side does, follows no redirect, connects to public addresses only,
sends nothing about this server, and uses no proxy of the environment (which would resolve the name again).
Why: the name is resolved and checked first. Then the client connects to that address, with the name in the TLS
handshake and the ``Host`` header, so the certificate must be the name's.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

import httpx
import msgspec
from msgspec import Struct

from services.identity.public_addresses import Resolver, is_host, is_public

T = TypeVar("T")

MOST_BYTES = 1024 * 1024  # 40 posts with all their metadata are about 200 kB
FETCH_S = 6.0  # resolving, connecting and reading together
MOST_AT_ONCE = 16
_HEADERS = {"user-agent": "Hallway", "accept": "application/json", "accept-encoding": "identity"}

Resolve = Callable[[str], Awaitable[Sequence[str]]]


class Fetched(Struct, Generic[T], frozen=True):
    """The decoded response."""

    value: T


class Refused(Struct, frozen=True):
    """The server has no such resource, or not for everybody: a status from 400 to 499 except 429."""

    status: int


class Unreadable(Struct, frozen=True):
    """There was no readable response, and why; a later request may succeed."""

    reason: str


class Fetcher:
    """Fetches from hosts that ``is_host`` accepts. Arguments other than the defaults are for tests on loopback."""

    def __init__(
        self,
        resolve: Resolve | None = None,
        is_allowed: Callable[[str], bool] = is_public,
        *,
        scheme: str = "https",
        port: int = 443,
        trusted: ssl.SSLContext | None = None,
        fetch_s: float = FETCH_S,
    ) -> None:
        self._resolve, self._is_allowed = resolve or Resolver(), is_allowed
        self._scheme, self._port, self._fetch_s = scheme, port, fetch_s
        self._trusted = trusted or httpx.create_ssl_context(trust_env=False)
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def get(
        self, kind: type[T], host: str, path: str, params: Mapping[str, str]
    ) -> Fetched[T] | Refused | Unreadable:
        """The JSON at the path, as ``kind``."""
        if not is_host(host):
            return Unreadable("no host name")
        try:
            async with asyncio.timeout(self._fetch_s), self._turn:
                addresses = await self._resolve(host)
                if not addresses or not all(map(self._is_allowed, addresses)):
                    return Unreadable("no public address")
                body = await self._body(addresses[0], host, path, params)
        except TimeoutError:
            return Unreadable("too slow")
        except (httpx.HTTPError, httpx.StreamError, OSError):
            return Unreadable("no connection")
        return _decode(kind, body) if isinstance(body, bytes) else body

    async def _body(
        self, address: str, host: str, path: str, params: Mapping[str, str]
    ) -> bytes | Refused | Unreadable:
        place = f"[{address}]" if ":" in address else address
        async with httpx.AsyncClient(
            verify=self._trusted, trust_env=False, follow_redirects=False, timeout=self._fetch_s, headers=_HEADERS
        ) as client:
            url = f"{self._scheme}://{place}:{self._port}{path}"
            named = {"sni_hostname": host}
            async with client.stream("GET", url, params=params, headers={"host": host}, extensions=named) as answer:
                return await _read_response(answer)


async def _read_response(answer: httpx.Response) -> bytes | Refused | Unreadable:
    status = answer.status_code
    if 400 <= status < 500 and status != 429:
        return Refused(status)
    if status != 200:
        return Unreadable(f"status {status}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        return Unreadable("encoded")  # it may decompress to any size
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MOST_BYTES:
            return Unreadable("too long")
    return bytes(body)


def _decode(kind: type[T], body: bytes) -> Fetched[T] | Unreadable:
    try:
        return Fetched(msgspec.json.decode(body, type=kind))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Unreadable("not the expected JSON")
