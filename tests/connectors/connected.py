"""A server in this process with a pretix connector, and what its log and directory say."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from services.connectors.health import Health
from services.connectors.registry import BY_NAME
from services.directory.port import ConnectorRow, NewConnector, Ticket
from services.server.parts import Parts
from tests.api.in_process import Inside, inside
from tests.api.people import CONFERENCE, LIMIT_S
from tests.connectors.fake_pretix import TOKEN

LISTS = [{"list": 1}]


async def until(what: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Waits until it is true, and gives it."""
    async with asyncio.timeout(limit_s):
        while not (found := what()):  # noqa: ASYNC110 - it may be anything
            await asyncio.sleep(0.01)
    return found


def settings(address: str, lists: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "pretix",
        "address": address,
        "organizer": "org",
        "event": "conf",
        "lists": lists or LISTS,
        **fields,
    }


def new_connector(address: str, **fields: Any) -> NewConnector:
    kind = BY_NAME["pretix"]
    config = msgspec.convert(settings(address, **fields), kind.config)
    return NewConnector(
        conference=CONFERENCE,
        id="shop",
        kind="pretix",
        config=msgspec.json.encode(config).decode(),
        source=kind.source_of(config),
        organizer="org-1",
        secrets={"token": TOKEN},
    )


@dataclass
class Connected:
    """What can be seen."""

    inside: Inside

    @property
    def parts(self) -> Parts:
        return self.inside.parts

    @property
    def row(self) -> ConnectorRow:
        found = self.parts.directory.connectors.get(CONFERENCE, "shop")
        assert found is not None
        return found

    @property
    def health(self) -> Health:
        return self.parts.connectors.health(self.row)

    def count(self, what: str) -> int:
        return self.health.counts.get(what, 0)

    def log(self, *types: str) -> list[dict[str, Any]]:
        """The log's events of these types."""
        rows = [json.loads(row.line) for row in self.parts.journal.read(CONFERENCE, 0)]
        return [row for row in rows if row["type"] in types]

    def check_ins(self) -> list[tuple[str, str, str, str | None]]:
        """(type, name, at, place) of each, in the log's order."""
        names = {person.attendee: person.name for person in self.parts.directory.people.page(CONFERENCE)}
        return [
            (row["type"].removeprefix("checkin."), names.get(row["attendee"], "?"), row["at"], row.get("place"))
            for row in self.log("checkin.arrived", "checkin.left")
        ]

    def people(self) -> dict[str, str]:
        """Name and e-mail address of everybody."""
        return {person.name: person.email for person in self.parts.directory.people.page(CONFERENCE)}

    def id_of(self, name: str) -> str:
        (found,) = [each.attendee for each in self.parts.directory.people.page(CONFERENCE) if each.name == name]
        return found

    def ticket(self, ticket: int) -> Ticket | None:
        """The stored ticket that leads to somebody who is registered."""
        found = self.parts.directory.connectors.tickets(CONFERENCE, "shop", [str(ticket)]).get(str(ticket))
        if found is None or self.parts.directory.people.get(CONFERENCE, found.attendee) is None:
            return None
        return found

    def row_scans(self, ticket: int) -> list[str]:
        """The ids of the stored scans of a ticket."""
        found = self.parts.directory.connectors.tickets(CONFERENCE, "shop", [str(ticket)])
        return [scan.id for each in found.values() for scan in each.scans]

    async def idle(self) -> None:
        """Until it has polled once more, everything before included."""
        run = self.parts.connectors._runs[CONFERENCE, "shop"]
        for _ in range(2):
            seen = run.health.seen_at
            await asyncio.sleep(0.002)  # so that the next moment is another one
            await until(lambda: run.health.state == "live" and run.health.seen_at != seen)  # noqa: B023


async def put(connected: Connected, address: str, **fields: Any) -> None:
    """Creates the connector and starts it."""
    connected.parts.directory.connectors.put(new_connector(address, **fields))
    await connected.parts.connectors.reload(CONFERENCE, "shop")


@asynccontextmanager
async def connected_to(
    address: str, folder: Path, *, start: bool = True, private_hosts: tuple[str, ...] | None = None, **fields: Any
) -> AsyncIterator[Connected]:
    """A server that reads the shop at this address."""
    hosts = (address.removeprefix("http://"),) if private_hosts is None else private_hosts
    async with inside(folder, private_hosts=hosts) as found:
        made = Connected(found)
        if start:
            await put(made, address, **fields)
        yield made
