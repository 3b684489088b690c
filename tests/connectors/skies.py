"""A server in this process that reads a Jetstream on loopback, and its people."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from services.connectors.registry import BY_NAME
from services.directory.port import ConnectorRow, NewConnector
from tests.api.in_process import inside
from tests.api.people import ALL, CONFERENCE, good
from tests.connectors.connected import Connected, until
from tests.connectors.fake_jetstream import Jetstream

SKY = "sky"


@dataclass
class Sky(Connected):
    """What can be seen, and the host."""

    host: Jetstream

    @property
    def row(self) -> ConnectorRow:
        found = self.parts.directory.connectors.get(CONFERENCE, SKY)
        assert found is not None
        return found

    @property
    def cursor_us(self) -> int:
        text = self.row.checkpoint.cursor
        return json.loads(text)["at_us"] if text else 0

    def count(self, what: str) -> int:
        """As it is stored with the position."""
        return self.row.checkpoint.counts.get(what, 0)

    def posts(self) -> list[dict[str, Any]]:
        return self.log("activity.posted")

    def post_ids(self) -> list[str]:
        """The posts in the log, by the ids that they have at Bluesky."""
        tokens = [row["id"] for row in self.posts()]
        found = self.parts.directory.originals(tokens)
        return [found[token] for token in tokens]

    async def person(self, name: str, did: str, *, proves: bool = True) -> httpx.AsyncClient:
        """Somebody who consents to everything, and has proved their account."""
        client, account = self.inside.client(), f"bsky:{did}"
        made = await self.inside.registered(name, accounts=[account], consent=ALL)
        good(await client.post("/v1/session", json={"link": made["link"].partition("#")[2]}))
        if proves:
            code = good(await client.post("/v1/me/accounts", json={"account": account}))["text"]
            self.inside.reader.shown[account] = [code]
            assert good(await client.post("/v1/me/accounts/check", json={"account": account})) == {"state": "verified"}
        return client

    async def put(self, **fields: Any) -> None:
        """Creates the connector and starts it."""
        kind = BY_NAME["bluesky"]
        config = msgspec.convert({"kind": "bluesky", "address": self.host.address, **fields}, kind.config)
        new = NewConnector(
            conference=CONFERENCE,
            id=SKY,
            kind="bluesky",
            config=msgspec.json.encode(config).decode(),
            source=kind.source_of(config),
            organizer="org-1",
            secrets={},
        )
        self.parts.directory.connectors.put(new)
        await self.parts.connectors.reload(CONFERENCE, SKY)

    async def live(self) -> None:
        """Until it reads the stream."""
        await until(lambda: self.host.open > 0)

    async def has(self, posts: int) -> None:
        """Until so many posts are in the log."""
        await self.host.tell()
        await until(lambda: len(self.posts()) >= posts)

    async def caught_up(self) -> None:
        """Until the newest event of the host was read and its position is stored."""
        await self.host.tell()
        await until(lambda: self.cursor_us >= self.host.events[-1]["us"])


@asynccontextmanager
async def sky_over(host: Jetstream, folder: Path) -> AsyncIterator[Sky]:
    """A server that may read this host; the connector is not there yet."""
    async with inside(folder, private_hosts=(f"127.0.0.1:{host.port}",)) as found:
        yield Sky(found, host)


def stored_in(folder: Path) -> bytes:
    """All bytes in all files below a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
