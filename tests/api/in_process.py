"""A server in this process, for tests that have to step in between two of its steps.

Owns: nothing of the gateway. May never: open a socket; requests go to the application itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import httpx
import pytest

from services.api.shared.bounds import Bounds
from services.api.transport.middleware import Edge
from services.server.composition import Settings, open_server
from services.server.parts import Parts
from tests.api.child import WIDE
from tests.api.people import ALL, CONFERENCE, LIMIT_S, OPENING, good
from tests.directory.static_reader import StaticReader

P = ParamSpec("P")
# Litestar warns of how its own tests' client and ours inject; a server's process does not turn warnings into errors.
QUIET = pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
ADDRESS = "http://hallway.example"


def run_to_end(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test in an event loop of its own."""

    @wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        async def body() -> None:
            await test(*arguments, **named)

        asyncio.run(body())

    return run


@dataclass
class Inside:
    """Its parts, and what its accounts post."""

    app: Edge
    parts: Parts
    reader: StaticReader
    organizer: httpx.AsyncClient
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, key: str = "") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {key}"} if key else {"x-hallway": "1"}
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 4_711))  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers, timeout=LIMIT_S)
        self.clients.append(client)
        return client

    async def registered(self, name: str, **changes: Any) -> dict[str, str]:
        body = {"name": name.title(), "email": f"{name}@example.org", "accounts": [f"x:{name}"], "consent": ALL}
        answer = await self.organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=body | changes)
        found: dict[str, str] = good(answer)
        return found


@asynccontextmanager
async def inside(folder: Path, **changes: Any) -> AsyncIterator[Inside]:
    """A server with an open conference. ``changes``: of its settings."""
    reader, bounds = StaticReader(), Bounds()
    wide = replace(bounds, rates=dict.fromkeys(bounds.rates, WIDE))
    settings = Settings(**{"data": folder, "reader": reader, "bounds": wide} | changes)
    async with open_server(settings, ADDRESS) as server:
        found = Inside(server.app, server.parts, reader, httpx.AsyncClient())
        await found.organizer.aclose()
        found.organizer = found.client(server.parts.directory.keys.issue_key("organizer", "org-1"))
        good(await found.organizer.put(f"/v1/conferences/{CONFERENCE}", json=OPENING))
        try:
            yield found
        finally:
            for client in found.clients:
                await client.aclose()
