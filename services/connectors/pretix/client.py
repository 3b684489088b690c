"""pretix's REST API of one event, as far as it is read.

Invariants: the token is sent to the configured address alone; the addresses of further pages, which an answer names,
are not followed but counted. No text of an answer is in an error. Answers are decoded beside the event loop.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from typing import TypeVar

import msgspec

from services.connectors.port import NeedsAttentionError, SourceUnavailableError
from services.connectors.pretix.config import PretixConfig
from services.connectors.pretix.payloads import PAGE_ROWS, Page
from services.connectors.pretix.rows import Rows
from services.connectors.source_client import Answer, NoAnswerError, SourceClient, read_address

T = TypeVar("T")
WAIT_S, MOST_WAITS = 10.0, 10
MOST_PAGES = 20_000  # a million rows: a list that does not end is no list
PAGE_PAUSE_S = 0.02  # for everybody else, where a shop answers at once and never ends
_JSON_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_LONE, _HEX = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", rb"[0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"(?s)\\u[dD][89abAB]" + _HEX + rb"\\u[dD][c-fC-F]" + _HEX + rb"|(" + _LONE + rb")|\\.")


class PretixClient:
    """SourceUnavailableError and NeedsAttentionError, as of every connector."""

    def __init__(self, client: SourceClient, config: PretixConfig, token: str) -> None:
        self._client, self._address = client, read_address(config.address)
        self._base = f"/api/v1/organizers/{config.organizer}/events/{config.event}"
        self._headers = {"authorization": f"Token {token}"}
        self.is_patient = False  # waits where pretix asks to read more slowly, instead of raising

    async def one(self, kind: type[T], path: str, params: Mapping[str, str] | None = None) -> T | None:
        """An object below the event; None where there is none. A body that is no such object is the source's fault."""
        answer = await self._get(path, params or {})
        if answer.status == 404:
            return None
        body = _good(answer).body
        return await self._client.work(lambda: _decode(kind, body))

    async def rows(self, kind: type[T], path: str, most_pages: int) -> AsyncGenerator[list[T], None]:
        """The rows of each page that can be decoded."""
        async for page, _ in self.pages(path, {}, most_pages):
            results = page.results
            yield await self._client.work(lambda: Rows(set()).decode(results, kind))  # noqa: B023 - at once

    async def pages(
        self, path: str, params: Mapping[str, str], most_pages: int = MOST_PAGES
    ) -> AsyncGenerator[tuple[Page, Answer], None]:
        """The pages of a list, each with its answer."""
        for number in range(1, most_pages + 1):
            paged = {"page_size": str(PAGE_ROWS), **params, **({"page": str(number)} if number > 1 else {})}
            answer = await self._get(path, paged)
            if answer.status == 404 and number > 1:
                return  # the list became shorter meanwhile
            body = _found(_good(answer, missing_ok=True)).body
            page = await self._client.work(lambda: _decode(Page, body))  # noqa: B023 - at once
            yield page, answer
            if page.next is None:
                return
            await asyncio.sleep(PAGE_PAUSE_S)

    async def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            answer = await self._client.get(self._address, f"{self._base}{path}", params, self._headers)
            for _ in range(MOST_WAITS):
                if answer.status != 429 or not self.is_patient:
                    break
                await asyncio.sleep(WAIT_S if answer.retry_s is None else answer.retry_s)
                answer = await self._client.get(self._address, f"{self._base}{path}", params, self._headers)
            return answer
        except NoAnswerError as error:
            raise SourceUnavailableError(f"pretix cannot be reached. {error}") from None


def _found(answer: Answer) -> Answer:
    if answer.status == 404:
        raise NeedsAttentionError(
            "pretix does not know this organizer, event or list, or is too old. Compare them with the shop's address."
        )
    return answer


def _good(answer: Answer, *, missing_ok: bool = False) -> Answer:
    """The answer, if it is one to go on with."""
    status = answer.status
    if status == 200 or (status == 404 and missing_ok):
        return answer
    if status == 401:
        raise NeedsAttentionError("pretix does not accept the token. Make a new one in pretix and enter it here.")
    if status == 403:
        raise NeedsAttentionError(
            "The token may not read this. In pretix, give its team access to this event, and to view orders."
        )
    if 300 <= status < 400:
        raise NeedsAttentionError("pretix is at another address. Enter the one that your browser shows in the end.")
    if status == 429:
        raise SourceUnavailableError("pretix asks to read more slowly; it continues by itself.", answer.retry_s)
    raise SourceUnavailableError(f"pretix answered with status {status}; it is tried again.", answer.retry_s)


def _decode(kind: type[T], body: bytes) -> T:
    try:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError as error:
            if isinstance(error, msgspec.ValidationError):
                raise
            return msgspec.json.decode(_ESCAPE.sub(_replace_lone, body), type=kind)
    except _JSON_ERRORS:
        raise SourceUnavailableError("pretix answered with something that cannot be read; it is tried again.") from None


def _replace_lone(escape: re.Match[bytes]) -> bytes:
    """Half a surrogate pair, of a name that was cut, is no character: one such name must not hide its whole page."""
    return escape[0] if escape[1] is None else b"\\ufffd"
