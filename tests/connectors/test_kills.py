"""kill -9 of the whole server while it reads a busy shop: what the log then has is each once, and nothing is lost."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from services.journal.sqlite import SqliteJournal
from tests.api.people import CONFERENCE, Server, good, opened, until
from tests.connectors.connected import settings
from tests.connectors.fake_pretix import TOKEN, Shop

BASE = f"/v1/conferences/{CONFERENCE}/connectors"


def churn(shop: Shop, chance: random.Random, number: int) -> None:
    """One thing happens in the shop."""
    tickets = [each["id"] for order in shop.orders.values() for each in order["positions"] if order["status"] == "p"]
    match chance.choice(("sell", "sell", "scan", "scan", "scan", "cancel")):
        case "sell":
            shop.sell((f"New {number}", f"new{number}@example.org"))
        case "scan" if tickets:
            shop.scan(chance.choice(tickets), chance.choice(("entry", "exit")))
        case "cancel" if len(tickets) > 3:
            shop.change(chance.choice(tickets), status="c")


def log(folder: Path) -> list[dict[str, Any]]:
    journal = SqliteJournal(folder)
    rows = [json.loads(row.line) for row in journal.read(CONFERENCE, 0)]
    journal.close()
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_killed_server_continues_where_it_was(shop: Shop, address: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shop.page_rows = 3
    for number in range(6):
        shop.sell((f"Person {number}", f"p{number}@example.org"))
    given = {"private_hosts": [address.removeprefix("http://")], "poll_s": 0.02}
    for life in range(4):
        with Server(tmp_path, **given) as server:
            if life == 0:
                organizer = opened(server)
                body = {"config": settings(address), "secrets": {"token": TOKEN}}
                good(organizer.put(f"{BASE}/shop", json=body))
            end = time.monotonic() + chance.uniform(0.05, 0.6)  # any moment will do: that is what a kill is
            number = 0
            while time.monotonic() < end:
                churn(shop, chance, life * 1_000 + number)
                number += 1
                asked = len(shop.asked)
                until(lambda: len(shop.asked) > asked + 1)  # noqa: B023 - at once
            server.kill()
    with Server(tmp_path, **given) as server:
        organizer = server.client("organizer")
        valid = [order["positions"][0] for order in shop.orders.values() if order["status"] == "p"]
        scanned = {row["position"] for row in shop.checkins} & {each["id"] for each in valid}
        asked = len(shop.asked)
        until(lambda: len(shop.asked) > asked + 30)
        (shown,) = good(organizer.get(BASE))["connectors"]
        assert shown["health"]["counts"].get("rejected", 0) == 0
    rows = log(tmp_path / "data")
    scans = [row for row in rows if row["type"].startswith("checkin.")]
    assert len({row["id"] for row in scans}) == len(scans)
    erased = {row["attendee"] for row in rows if row["type"] == "attendee.erased"}
    registered = {row["attendee"] for row in rows if row["type"] == "attendee.registered"} - erased
    assert len(registered) == len(valid)
    assert len({row["attendee"] for row in scans} - erased) == len(scanned)
    expected = [row for row in shop.checkins if row["position"] in {each["id"] for each in valid}]
    assert len([row for row in scans if row["attendee"] not in erased]) == len(expected)
