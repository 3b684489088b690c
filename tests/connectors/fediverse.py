"""A server in this process that reads Mastodon servers on loopback, and what its log says."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.connectors.mastodon import server as following
from services.connectors.mastodon import stream
from services.connectors.mastodon.config import TOKENS
from services.connectors.registry import BY_NAME
from services.directory.port import ConnectorRow, NewConnector
from tests.api.in_process import inside
from tests.api.people import CONFERENCE
from tests.connectors.connected import Connected, until
from tests.connectors.fake_mastodon import TOKEN, Mastodon, Post

FEDI = "fedi"


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits minutes for a look into a timeline."""
    for name, seconds in {
        "LOOK_S": 0.05,
        "POLL_S": 0.05,
        "CHECK_S": 0.1,
        "FIRST_PAUSE_S": 0.01,
        "LONGEST_PAUSE_S": 0.05,
        "NO_STREAM_S": 0.3,
    }.items():
        monkeypatch.setattr(following, name, seconds)
    monkeypatch.setattr(stream, "PART_S", 0.01)


@dataclass
class Fediverse(Connected):
    """What can be seen, and the servers."""

    servers: tuple[Mastodon, ...]

    @property
    def row(self) -> ConnectorRow:
        found = self.parts.directory.connectors.get(CONFERENCE, FEDI)
        assert found is not None
        return found

    @property
    def positions(self) -> dict[str, dict[str, Any]]:
        text = self.row.checkpoint.cursor
        return json.loads(text) if text else {}

    def count(self, what: str) -> int:
        """As it is stored with the position."""
        return self.row.checkpoint.counts.get(what, 0)

    def posts(self) -> list[dict[str, Any]]:
        return self.log("activity.posted")

    def uris(self) -> list[str]:
        """The posts in the log, by their addresses."""
        tokens = [row["id"] for row in self.posts()]
        found = self.parts.directory.originals(tokens)
        return [found[token].removeprefix("mastodon:") for token in tokens]

    def account(self, token: str) -> str:
        """The account behind a name in the log."""
        return str(self.parts.directory.accounts.accounts_of([token])[token])

    async def put(self, tokens: dict[str, str] | None = None) -> None:
        """Creates the connector and starts it."""
        kind = BY_NAME["mastodon"]
        config = msgspec.convert({"kind": "mastodon", "servers": [each.address for each in self.servers]}, kind.config)
        new = NewConnector(
            conference=CONFERENCE,
            id=FEDI,
            kind="mastodon",
            config=msgspec.json.encode(config).decode(),
            source=kind.source_of(config),
            organizer="org-1",
            secrets=tokens or dict.fromkeys(TOKENS[: len(self.servers)], TOKEN),
        )
        self.parts.directory.connectors.put(new)
        await self.parts.connectors.reload(CONFERENCE, FEDI)

    async def pause(self, *, paused: bool) -> None:
        self.parts.directory.connectors.set_paused(CONFERENCE, FEDI, paused=paused)
        await self.parts.connectors.reload(CONFERENCE, FEDI)

    async def live(self) -> None:
        """Until every timeline was read once, and the streams are open."""
        await until(lambda: all(self.positions.get(each.address) for each in self.servers))
        await until(lambda: all(each.open or not each.has_streams for each in self.servers))
        await until(lambda: self.health.state == "live")

    async def has(self, *posts: Post) -> None:
        """Until these posts are in the log."""
        await until(lambda: {post.uri for post in posts} <= set(self.uris()))


@asynccontextmanager
async def fediverse_of(folder: Path, *servers: Mastodon) -> AsyncIterator[Fediverse]:
    """A server that may read these; the connector is not there yet."""
    hosts = tuple(f"127.0.0.1:{each.port}" for each in servers)
    async with inside(folder, private_hosts=hosts) as found:
        yield Fediverse(found, servers)
