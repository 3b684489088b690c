"""One server's API as far as it is read: who it is, and its timelines of hashtags, within its limits.

Invariants: the token is sent to the server itself, and to the address that it names for its streams. The addresses of
further pages are not followed: only their position is read. Where few requests are left, or a request was refused as
one too many, nothing is asked before the server's limit is reset.
Source: docs.joinmastodon.org/api/rate-limits, /methods/timelines and /api/guidelines (paging).
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
from msgspec import Struct

from services.connectors.mastodon.config import BELIEVED
from services.connectors.mastodon.statuses import View
from services.connectors.port import NeedsAttentionError, SourceUnavailableError
from services.connectors.source_client import MOST_WAIT_S, Address, Answer, NoAnswerError, SourceClient, read_address

T = TypeVar("T")
PAGE_POSTS = 40  # Mastodon's most
MOST_PAGE_POSTS = 100  # what a server may answer that takes no notice of the limit
RESERVE = 10  # requests of a limit that are left to others with the same token
LIMITED_S = 60.0  # where a server does not say how long
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?(next|prev)"?')
_SCHEMES = {"wss": "https", "ws": "http"}
_LOST = frozenset({400, 401, 403, 422})  # of a request for the token's own account


class RateLimitedError(SourceUnavailableError):
    """The server asks to read more slowly."""


class _Urls(Struct, frozen=True):
    streaming: str = ""
    streaming_api: str = ""


class _Configuration(Struct, frozen=True):
    urls: _Urls = _Urls()


class _Instance(Struct, frozen=True):
    domain: str = ""
    uri: str = ""
    configuration: _Configuration = _Configuration()
    urls: _Urls | None = None


class _Own(Struct, frozen=True):
    acct: str


class Page(Struct, frozen=True):
    """Some statuses, newest first, undecoded. ``newer``, ``older``: the positions of the pages beside it, where the
    server names them."""

    statuses: list[msgspec.Raw]
    newer: str = ""
    older: str = ""


class MastodonClient:
    """SourceUnavailableError and NeedsAttentionError, as of every connector."""

    def __init__(self, client: SourceClient, address: Address, token: str) -> None:
        self.source, self.address = client, address
        self.headers: Mapping[str, str] = {"authorization": f"Bearer {token}"}
        self.name = address.url.partition("://")[2]
        self._host = address.url.removesuffix(address.path).partition("://")[2]
        self._ready_at = 0.0
        self._instance: _Instance | None = None

    @property
    def is_believed(self) -> bool:
        """Whether the server is believed about the posts of other servers' people."""
        return self._host in BELIEVED or self.source.is_listed(self.address)

    def wait_s(self) -> float:
        """How long to ask nothing."""
        return max(0.0, self._ready_at - asyncio.get_running_loop().time())

    async def own_name(self) -> str:
        """The name of the token's account."""
        answer = await self._get("/api/v1/accounts/verify_credentials", {})
        if answer.status in _LOST:
            raise self._refused()
        return self._decode(_Own, self._good(answer).body).acct[:100]

    async def view(self) -> View:
        """How its statuses are to be read. Its own word for its domain counts only if it is believed."""
        domain = self._host
        if self.is_believed:
            instance = await self._about()
            domain = (instance.domain or instance.uri.rpartition("//")[2] or domain).lower()
        return View(domain, self._host, self.is_believed)

    async def stream_address(self) -> Address:
        """Where its streams are."""
        instance = await self._about()
        named = instance.configuration.urls.streaming or (instance.urls or _Urls()).streaming_api
        scheme, _, rest = named.partition("://")
        try:
            return read_address(f"{_SCHEMES.get(scheme, scheme)}://{rest}")
        except ValueError:
            return self.address

    async def page(self, tag: str, side: Literal["", "min_id", "max_id"] = "", position: str = "") -> Page:
        """The newest posts with a hashtag; those next to a position on its newer side; or on its older side."""
        params = {"limit": str(PAGE_POSTS)}
        if side:
            params[side] = position
        answer = self._good(await self._get(f"/api/v1/timelines/tag/{quote(tag, safe='')}", params))
        links = {rel: url for url, rel in _LINK.findall(answer.headers.get("link", ""))}
        newer, older = _position(links.get("prev", ""), "min_id"), _position(links.get("next", ""), "max_id")
        statuses = self._decode(list[msgspec.Raw], answer.body)
        if len(statuses) > MOST_PAGE_POSTS:
            raise SourceUnavailableError(f"{self.name} answered with too many posts at once; it is tried again.")
        return Page(statuses, newer, older)

    async def _about(self) -> _Instance:
        if self._instance is None:
            answer = await self._get("/api/v2/instance", {})
            if answer.status in (404, 405):  # an older server, or another one
                answer = await self._get("/api/v1/instance", {})
            self._instance = self._decode(_Instance, self._good(answer).body)
        return self._instance

    async def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        if (wait_s := self.wait_s()) > 0:
            raise self._limited(wait_s)
        try:
            answer = await self.source.get(self.address, path, params, self.headers)
        except NoAnswerError as error:
            raise SourceUnavailableError(f"{self.name} cannot be reached. {error}") from None
        left = answer.headers.get("x-ratelimit-remaining", "")
        is_over = answer.status == 429
        if is_over or (left.isascii() and left.isdecimal() and int(left[:9]) < RESERVE):
            reset_s = _reset_s(answer.headers) if answer.retry_s is None else answer.retry_s
            wait_s = LIMITED_S if reset_s is None and is_over else reset_s or 0.0
            self._ready_at = asyncio.get_running_loop().time() + wait_s
            if is_over:
                raise self._limited(wait_s)
        return answer

    def _limited(self, wait_s: float) -> RateLimitedError:
        return RateLimitedError(f"{self.name} asks to read more slowly; it continues by itself.", wait_s)

    def _refused(self) -> NeedsAttentionError:
        return NeedsAttentionError(f"{self.name} does not accept the token. Make a new one there and enter it here.")

    def _good(self, answer: Answer) -> Answer:
        """The answer, if it is one to go on with."""
        status = answer.status
        if status == 200:
            return answer
        if status == 401:
            raise self._refused()
        if status == 403:
            raise NeedsAttentionError(
                f"The token of {self.name} may not read timelines. Make one that may read statuses, and enter it here."
            )
        if 300 <= status < 400:
            raise NeedsAttentionError(
                f"{self.name} is at another address. Enter the one that your browser shows in the end."
            )
        raise SourceUnavailableError(f"{self.name} answered with status {status}; it is tried again.", answer.retry_s)

    def _decode(self, kind: type[T], body: bytes) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            text = f"{self.name} answered with something that cannot be read; it is tried again."
            raise SourceUnavailableError(text) from None


def _position(url: str, side: str) -> str:
    """The position in the address of another page; empty where it has none."""
    try:
        return parse_qs(urlsplit(url).query).get(side, [""])[0][:200]
    except ValueError:
        return ""


def _reset_s(headers: Mapping[str, str]) -> float | None:
    """The seconds until a limit is reset, by the server's own clock where its answer has it."""
    try:
        until = datetime.fromisoformat(headers.get("x-ratelimit-reset", ""))
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        now = parsedate_to_datetime(headers.get("date", ""))
        return min(max((until - now).total_seconds(), 0.0), MOST_WAIT_S)
    except (ValueError, TypeError):
        return None
