"""A bounded HTTP client for the systems that connectors read: one GET at an address that an organizer entered.

Invariants: it connects to public addresses by https only, except to hosts that the operator listed. It follows no
redirect, uses no proxy of the environment, and reads at most ``most_bytes``. Nothing of an answer is in an error.
Why: the name is resolved and checked at each request; then the client connects to that address, with the name in the
TLS handshake and the ``Host`` header. So a name cannot lead elsewhere between the check and the connection (DNS
rebinding), and an organizer cannot look into the operator's network (SSRF).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from services.identity.public_addresses import Resolver, is_host, is_public

MOST_BYTES = 4 * 1024 * 1024  # 50 orders with all their positions are about 300 kB
REQUEST_S = 20.0  # resolving, connecting and reading together
MOST_AT_ONCE = 32  # of all connectors
MOST_WAIT_S = 3_600.0  # of what a source may ask for
_PORTS = {"http": 80, "https": 443}

T = TypeVar("T")
Resolve = Callable[[str], Awaitable[Sequence[str]]]


class Address(Struct, frozen=True):
    """Where a system is. ``path``: without a slash at its end."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def name(self) -> str:
        """Host and port, as the operator lists private hosts."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a text, the same for the same address."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"


class Answer(Struct, frozen=True):
    """A whole answer. ``headers``: with names in lower case. ``retry_s``: how long it asks to wait."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_s: float | None = None


class NoAnswerError(Exception):
    """There was no answer, and why, as the end of a sentence."""


def read_address(text: str) -> Address:
    """The address in a text such as ``https://pretix.eu``. ValueError with a sentence for a person."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ValueError("The address cannot be read. Write it such as https://pretix.eu.") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in _PORTS or not host or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("The address begins with https:// and has a host, such as https://pretix.eu.")
    if not parts.path.isascii() or any(sign in parts.path for sign in "%\\ ") or "/../" in f"{parts.path}/":
        raise ValueError("The path of the address has characters that it cannot have. Copy it from your browser.")
    return Address(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/"))


class SourceClient:
    """``private_hosts``: ``HOST:PORT`` that the operator allows, although they are not public or have no https.

    The other arguments are for tests.
    """

    def __init__(
        self,
        private_hosts: Collection[str] = (),
        resolve: Resolve | None = None,
        *,
        is_allowed: Callable[[str], bool] = is_public,
        request_s: float = REQUEST_S,
        most_bytes: int = MOST_BYTES,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._private, self._resolve, self._is_allowed = frozenset(private_hosts), resolve or Resolver(), is_allowed
        self._request_s, self._most_bytes = request_s, most_bytes
        self.trusted = trusted or httpx.create_ssl_context(trust_env=False)
        self._turn, self._working = asyncio.Semaphore(MOST_AT_ONCE), asyncio.Semaphore(1)

    def refusal(self, address: Address) -> str | None:
        """Why this address is never contacted, in a sentence for a person; None where it may be."""
        if address.name in self._private:
            return None
        if address.scheme != "https":
            return "The address must begin with https://, or a token could be read on its way."
        if not is_host(address.host):
            return "The address needs a host name that everybody can reach, not a number or a local name."
        return None

    def is_listed(self, address: Address) -> bool:
        """Whether the operator lists this host."""
        return address.name in self._private

    async def get(self, address: Address, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The answer to a GET below the address. NoAnswerError."""
        fault = self.refusal(address)
        if fault is not None:
            raise NoAnswerError(fault)
        try:
            async with asyncio.timeout(self._request_s), self._turn:
                place = await self.place_of(address)
                return await self._ask(address, place, path, params, headers)
        except TimeoutError:
            raise NoAnswerError("It did not answer in time.") from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError):
            raise NoAnswerError("The connection failed.") from None

    async def work(self, do: Callable[[], T]) -> T:
        """What ``do`` makes of an answer, in a thread: one at a time of all connectors, and whoever asks pauses for as
        long as it took, so that no source keeps everybody else from the processor."""
        time = asyncio.get_running_loop().time
        async with self._working:
            began = time()
            found = await asyncio.to_thread(do)
            took_s = time() - began
        await asyncio.sleep(took_s)
        return found

    async def place_of(self, address: Address) -> str:
        """The IP address to connect to, checked now, as an address has it. NoAnswerError."""
        found = await self._resolve(address.host)
        if not found:
            raise NoAnswerError("Its host name is not known.")
        if address.name not in self._private and not all(map(self._is_allowed, found)):
            raise NoAnswerError("Its host name leads into a private network. Only the operator can allow that.")
        return f"[{found[0]}]" if ":" in found[0] else found[0]

    async def _ask(
        self, address: Address, place: str, path: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> Answer:
        default = address.port == _PORTS[address.scheme]
        sent = {
            "user-agent": "Hallway",
            "accept": "application/json",
            "accept-encoding": "identity",  # a packed body may become any size
            "host": address.host if default else address.name,
            **headers,
        }
        url = f"{address.scheme}://{place}:{address.port}{address.path}{path}"
        async with (
            httpx.AsyncClient(
                verify=self.trusted, trust_env=False, follow_redirects=False, timeout=self._request_s
            ) as client,
            client.stream("GET", url, params=params, headers=sent, extensions={"sni_hostname": address.host}) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise NoAnswerError("It answered with a packed body.")
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > self._most_bytes:
                    raise NoAnswerError(f"Its answer has more than {self._most_bytes:,} bytes.")
            named = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status_code, named, bytes(body), retry_after(named))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` asks for: a number, or a date compared with the answer's own ``Date``."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal() and text.isascii():
        return min(float(text[:9]), MOST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers.get("date", ""))
        return min(max((until - now).total_seconds(), 0.0), MOST_WAIT_S)
    except (ValueError, TypeError):
        return None
