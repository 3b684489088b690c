"""Whatever the source does: each event once, nothing lost, the cursor never ahead, and the others unharmed."""

import asyncio
import json
import random
import time
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.outputs import DeadLetter
from services.connectors.pretix import connector
from services.connectors.pretix.connector import Cursor
from services.server import connector_ports
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE
from tests.connectors.connected import Connected, connected_to, new_connector, put, until
from tests.connectors.fake_pretix import Fault, Shop, cut, doubled, half_json, huge, redirect, refuse, serving

pytestmark = QUIET


def filled(shop: Shop, people: int = 7, scans: int = 12) -> list[int]:
    """A shop with tickets and scans on several pages; the scans' ids."""
    shop.page_rows = 3
    tickets = [shop.sell((f"Person {n}", f"p{n}@example.org"))[0] for n in range(people)]
    return [
        shop.scan(tickets[n % people], "exit" if n // people % 2 else "entry", ago=timedelta(seconds=scans - n))
        for n in range(scans)
    ]


def whole(connected: Connected, scans: int = 12, people: int = 7) -> None:
    """Each once, none missing."""
    rows = connected.log("checkin.arrived", "checkin.left")
    assert len(rows) == scans
    assert len({row["id"] for row in rows}) == scans
    assert len(connected.log("attendee.registered")) == len(connected.people()) == people


@pytest.mark.parametrize(
    "fault",
    [
        cut,
        half_json,
        huge,
        redirect,
        doubled,
        refuse(429, Retry_After="0"),
        refuse(500),
        refuse(503, Retry_After="0"),
        refuse(403),
        refuse(401),
        refuse(204),
    ],
    ids=["cut", "half", "huge", "redirect", "doubled", "429", "500", "503", "403", "401", "204"],
)
@run_to_end
async def test_each_fault_at_any_request(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr("services.connectors.run.LONGEST_PAUSE_S", 0.01)
    filled(shop)
    chance = random.Random(5)
    shop.faults = [fault if chance.random() < 0.4 else lambda handler: False for _ in range(60)]
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: not shop.faults)
        await connected.idle()
        whole(connected)
        assert (connected.health.state, connected.health.text) == ("live", "")
        if fault is not doubled:
            assert connected.health.error


@run_to_end
async def test_retry_after_is_honoured(shop: Shop, address: str, tmp_path: Path) -> None:
    filled(shop)
    shop.faults = [refuse(429, Retry_After="1")]
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.health.state == "retrying")
        began, asked = time.monotonic(), len(shop.asked)
        assert "more slowly" in connected.health.text
        await until(lambda: len(shop.asked) > asked)
        assert time.monotonic() - began > 0.9
        await connected.idle()
        whole(connected)


@run_to_end
async def test_a_long_first_list_ends_although_it_is_limited(shop: Shop, address: str, tmp_path: Path) -> None:
    """It does not begin anew after each request to read more slowly."""
    shop.allowed = 9  # of 24 that one poll takes
    filled(shop, people=60, scans=12)
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 60)
        await until(lambda: connected.count("check_ins") == 12)
        run = connected.parts.connectors
        assert await run.bring_history(CONFERENCE, "shop", 1_700_000_000_000)
        await until(lambda: connected.health.history is not None and connected.health.history.state == "done")
        whole(connected, people=60)


@run_to_end
async def test_a_webhook_that_leads_to_an_error_delays_nothing_else(shop: Shop, address: str, tmp_path: Path) -> None:
    filled(shop)
    shop.broken = "/positions/"
    async with connected_to(address, tmp_path, start=False) as connected:
        connected.parts.directory.connectors.put(new_connector(address))
        hint = json.dumps({"what": "reverted", "position": 1, "list": 1})
        connected.parts.directory.connectors.add_hint(CONFERENCE, "shop", hint)
        await connected.parts.connectors.reload(CONFERENCE, "shop")
        await until(lambda: connected.health.state == "retrying")
        await until(lambda: connected.count("check_ins") + connected.count("check_outs") == 12)
        shop.broken = "-"
        await until(lambda: connected.health.state == "live")
        assert connected.parts.directory.connectors.hints(CONFERENCE, "shop") == []
        whole(connected)


@pytest.mark.parametrize("hours", [-5, 5])
@run_to_end
async def test_a_clock_that_is_hours_off_loses_nothing(shop: Shop, address: str, tmp_path: Path, hours: int) -> None:
    shop.skew = timedelta(hours=hours)
    filled(shop)
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("check_ins") + connected.count("check_outs") == 12)
        await connected.idle()
        whole(connected)
        assert connected.count("rejected") == 0


@run_to_end
async def test_a_phones_clock_that_is_ahead_counts_as_now(shop: Shop, address: str, tmp_path: Path) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    shop.scan(ada, ago=-timedelta(hours=2))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("check_ins") == 1)


@run_to_end
async def test_what_cannot_be_read_becomes_a_dead_letter_and_the_rest_goes_on(
    shop: Shop, address: str, tmp_path: Path
) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    bad = {"type": "sideways"}, {"datetime": "yesterday"}, {"created": 7}, {"id": "x"}, {"position": "<script>"}
    for fields in bad:
        shop.scan(ada, **fields)
    shop.scan(ada)
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("check_ins") == 2)  # the ticket itself has that without ``created``
        await connected.idle()
        shop.faults = [refuse(500)] * 3
        await until(lambda: not shop.faults)
        await connected.idle()  # polled again and again, each is one letter
        letters = [msgspec.json.decode(row.line, type=DeadLetter) for row in stored_letters(connected)]
        assert len(letters) == connected.count("unreadable") == len(bad)
        whole_letter = connected.parts.directory.letter_keys.unseal(letters[0])
        assert whole_letter is not None
        said = json.loads(b64decode(whole_letter.bytes))
        assert {name: said[name] for name in ("conference", "connector", "what")} == {
            "conference": CONFERENCE,
            "connector": "shop",
            "what": "check-in",
        }
        assert "cursor" in said
        assert json.loads(b64decode(said["payload"]))["position"] == ada
        assert {letter.source for letter in letters} == {"connector:shop"}


def stored_letters(connected: Connected) -> list[Any]:
    return list(connected.parts.journal.dead_letters())


@run_to_end
async def test_a_connector_that_fails_hurts_no_other(shop: Shop, address: str, tmp_path: Path) -> None:
    filled(shop)
    broken = Shop()
    broken.faults = [refuse(500)] * 100_000
    with serving(broken) as elsewhere:
        hosts = (address.removeprefix("http://"), elsewhere.removeprefix("http://"))
        async with connected_to(address, tmp_path, private_hosts=hosts) as connected:
            other = msgspec.structs.replace(new_connector(elsewhere), id="broken")
            row = connected.parts.directory.connectors.put(other)
            await connected.parts.connectors.reload(CONFERENCE, "broken")
            await until(lambda: connected.parts.connectors.health(row).state == "retrying")
            await connected.idle()
            whole(connected)
            assert connected.parts.connectors.states() == {("pretix", "live"): 1, ("pretix", "retrying"): 1}


@run_to_end
async def test_a_fault_of_ours_is_seen_and_tried_again(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(shop)
    calls = 0

    async def raises(self: object) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise KeyError("a fault")

    monkeypatch.setattr(connector.Products, "admitted", raises)
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.health.state == "live")
        await connected.idle()
        whole(connected)
        assert "fault" in connected.health.error
        assert "KeyError" not in connected.health.error


@pytest.mark.parametrize(
    "address_", ["http://localhost:1", "https://127.0.0.1", "https://10.0.0.7/x", "http://a.example"]
)
@run_to_end
async def test_private_addresses_are_not_contacted(tmp_path: Path, address_: str) -> None:
    async with connected_to(address_, tmp_path, start=False, private_hosts=()) as connected:
        await put(connected, address_)
        await until(lambda: connected.health.state == "retrying")
        assert "address" in connected.health.text


@run_to_end
async def test_a_public_name_that_leads_into_a_private_network_is_not_contacted(shop: Shop, tmp_path: Path) -> None:
    """After the look-up, at every request: the token never leaves."""
    async with connected_to("https://shop.example", tmp_path, start=False, private_hosts=()) as connected:

        async def inwards(host: str) -> list[str]:
            return ["93.184.216.34", "127.0.0.1"]

        connected.parts.source_client._resolve = inwards
        await put(connected, "https://shop.example")
        await until(lambda: connected.health.state == "retrying")
        assert "private network" in connected.health.text


# -- kills -------------------------------------------------------------------------------------------------------------


class KilledError(Exception):
    """As if the process had ended here."""


class Killer:
    """Ends the run at a random call of a port, before or after it has done its work."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.is_armed, self.kills = True, 0

    def wrap(self, target: Any, name: str) -> None:
        original = getattr(target, name)
        if asyncio.iscoroutinefunction(original):

            async def wrapped(*given: Any, **named: Any) -> Any:
                self.maybe()
                found = await original(*given, **named)
                self.maybe()
                return found
        else:

            def wrapped(*given: Any, **named: Any) -> Any:
                self.maybe()
                found = original(*given, **named)
                self.maybe()
                return found

        object.__setattr__(target, name, wrapped)

    def maybe(self) -> None:
        if self.is_armed and self.chance.random() < 0.12:
            self.kills += 1
            raise KilledError


PORTS = {
    "store": ("save", "tickets", "tickets_of", "delete_tickets", "secrets_of", "hints"),
    "attendees": ("find", "register", "correct", "at_addresses", "ids_for", "remove"),
    "log": ("admit", "reject"),
}


@pytest.mark.parametrize("seed", range(20))
@run_to_end
async def test_a_kill_at_any_step_loses_and_duplicates_nothing(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Tickets are sold, passed on and cancelled, scanned and taken back, while the run ends at every other step."""
    killer, chance = Killer(seed), random.Random(seed)
    for port in (connector_ports.ConnectorAttendees, connector_ports.ConnectorLog):
        names = PORTS["attendees" if port is connector_ports.ConnectorAttendees else "log"]
        for name in names:
            monkeypatch.setattr(port, name, _killed(killer, getattr(port, name)))
    filled(shop, people=6, scans=9)
    async with connected_to(address, tmp_path, start=False) as connected:
        for name in PORTS["store"]:
            killer.wrap(connected.parts.directory.connectors, name)
        await put(connected, address)
        cursors = await churn(connected, shop, chance)
        killer.is_armed = False
        await until(lambda: connected.health.state == "live")
        await connected.idle()
        await connected.idle()
        assert killer.kills > 5
        assert cursors == sorted(cursors)
        compare(connected, shop)


def _killed(killer: Killer, method: Any) -> Any:
    async def wrapped(self: object, *given: Any, **named: Any) -> Any:
        killer.maybe()
        found = await method(self, *given, **named)
        killer.maybe()
        return found

    return wrapped


async def churn(connected: Connected, shop: Shop, chance: random.Random) -> list[str]:
    """A busy hour; the cursors that were stored."""
    cursors: list[str] = []
    undone: set[int] = set()
    for number in range(12):
        tickets = [
            each["id"] for order in shop.orders.values() for each in order["positions"] if order["status"] == "p"
        ]
        match chance.choice(("sell", "scan", "scan", "revert", "cancel", "rename")):
            case "sell":
                shop.sell((f"New {number}", f"new{number}@example.org"))
            case "scan":
                shop.scan(chance.choice(tickets), chance.choice(("entry", "exit")))
            case "revert":
                rows = [row["id"] for row in shop.checkins if row["id"] not in undone]
                undone.add(found := chance.choice(rows))
                shop.annul(found)
            case "cancel":
                shop.change(chance.choice(tickets), status="c")
            case _:
                found = chance.choice(tickets)
                shop.change(found, attendee_name=shop.position(found)["attendee_name"].swapcase())
        asked = len(shop.asked)
        await until(lambda: len(shop.asked) > asked + 3)  # noqa: B023
        row = connected.row.checkpoint.cursor
        cursors.append(msgspec.json.decode(row, type=Cursor).scans if row else "")
    return cursors


def compare(connected: Connected, shop: Shop) -> None:
    """The people are the holders of valid tickets; each is here if their newest scan says so; no event came twice."""
    valid = [order["positions"][0] for order in shop.orders.values() if order["status"] == "p"]
    assert connected.people() == {each["attendee_name"]: each["attendee_email"] for each in valid}
    rows = connected.log("checkin.arrived", "checkin.left")
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({row["attendee"] for row in connected.log("attendee.registered")}) <= len(shop.orders)
    expected = {each["attendee_name"] for each in valid if is_here(shop, each["id"])}
    assert set(here(connected)) == expected


def is_here(shop: Shop, ticket: int) -> bool:
    rows = [row for row in shop.checkins if row["position"] == ticket and row["successful"]]
    newest = max(rows, key=lambda row: row["datetime"], default=None)
    return newest is not None and newest["type"] == "entry"


def here(connected: Connected) -> list[str]:
    """Who is present by the log: the newest event of each, of those with equal times the later one."""
    newest: dict[str, tuple[str, str]] = {}
    for kind, name, at, _ in connected.check_ins():
        if name not in newest or at >= newest[name][0]:
            newest[name] = (at, kind)
    return [name for name, (_, kind) in newest.items() if kind == "arrived" and name != "?"]
