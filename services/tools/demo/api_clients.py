"""The demo's people as clients of the public HTTP API: an organizer, a connector, phones.

Invariants: they know the server only by its address and keys.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from services.api.shared.credentials import COOKIE
from services.api.shared.guard import HEADER
from services.tools.demo.cast import Person

AT_ONCE = 500  # events of a request: the door's bound
ANSWER_S = 20.0
QUIET_S = 60.0  # the door sends a sign of life every 15 s
TRIES = 30  # as often as a full bucket says "wait", before it is a fault

Json = dict[str, Any]


class DemoError(Exception):
    """The server gave an unexpected answer."""


def web(address: str) -> httpx.AsyncClient:
    """One HTTP client for all. It stores no cookies: each phone has its own."""
    none = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    return httpx.AsyncClient(base_url=address, cookies=none, limits=limits, timeout=ANSWER_S, trust_env=False)


class Speaker:
    """A client with a key or a session in its headers."""

    def __init__(self, http: httpx.AsyncClient, headers: Mapping[str, str]) -> None:
        self.http, self.headers = http, dict(headers)

    async def ask(self, method: str, path: str, body: Any = None, also: Sequence[int] = ()) -> Json:
        """Sends a request; returns its answer if it succeeded or has a status in ``also``. DemoError."""
        for _ in range(TRIES):
            answer = await self.http.request(method, path, json=body, headers=self.headers)
            if answer.status_code != 429:
                break
            await asyncio.sleep(float(answer.headers["retry-after"]))
        if not answer.is_success and answer.status_code not in also:
            raise DemoError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        found: Json = answer.json() if answer.content else {}
        return found


class Organizer(Speaker):
    """The organizer of one conference."""

    def __init__(self, http: httpx.AsyncClient, key: str, conference: str) -> None:
        super().__init__(http, {"authorization": f"Bearer {key}"})
        self._conference, self._at = conference, f"/v1/conferences/{conference}"

    async def open(self, opening: Json) -> None:
        """Opens the conference."""
        await self.ask("PUT", self._at, opening)

    async def register(self, person: Person) -> tuple[str, str]:
        """Registers an attendee; returns their id and sign-in link."""
        body = {
            "name": person.name,
            "accounts": person.accounts,
            "consent": {name: getattr(person.consent, name) for name in ("matching", "chats", "share_place")},
            "show_name": person.show_name,
        }
        made = await self.ask("POST", f"{self._at}/attendees", body)
        return made["attendee"], made["link"]

    async def numbers(self) -> Json:
        """The overview, as on the organizer's page."""
        return await self.ask("GET", f"{self._at}/overview")

    async def flow(self) -> tuple[float, float]:
        """The number of records in the log, and of those not folded yet, from the server's metrics, which are exact."""
        lines = (await self.http.get("/metrics")).text.splitlines()
        found = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}
        return found[f'hallway_log_records{{conference="{self._conference}"}}'], found["hallway_unfolded_records"]


class Connector(Speaker):
    """A connector: it sends posts and the badges' check-ins."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        super().__init__(http, {"authorization": f"Bearer {key}"})

    async def bring(self, events: Sequence[Json]) -> None:
        """Sends any number of events, in order."""
        for start in range(0, len(events), AT_ONCE):
            await self.ask("POST", "/v1/events", events[start : start + AT_ONCE])


class Phone(Speaker):
    """An attendee's phone with its session."""

    async def answer(self, card: str, answer: str, place: str | None = None) -> None:
        """Answers a card. A card that ended meanwhile (409) is fine: the other person has left."""
        body = {"card": card, "answer": answer} | ({"place": place} if place else {})
        await self.ask("POST", "/v1/me/answers", body, also=(409,))

    async def views(self) -> AsyncIterator[Json]:
        """Yields what arrives in this inbox, with its ``kind``, until the server stops."""
        timeout = httpx.Timeout(ANSWER_S, read=QUIET_S)
        async with self.http.stream("GET", "/v1/me/stream", headers=self.headers, timeout=timeout) as answer:
            if answer.status_code != 200:
                raise DemoError(f"/v1/me/stream: {answer.status_code}")
            async for line in answer.aiter_lines():
                said: Json = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if "kind" in said:  # a view; what else a stream says is not of the inbox
                    yield said


async def sign_in(http: httpx.AsyncClient, link: str) -> Phone:
    """Signs a phone in by its owner's link."""
    answer = await http.post("/v1/session", json={"link": link.partition("#")[2]})
    if not answer.is_success:
        raise DemoError(f"/v1/session: {answer.status_code} {answer.text[:200]}")
    return Phone(http, {"cookie": f"{COOKIE}={answer.cookies[COOKIE]}", HEADER: "1"})
