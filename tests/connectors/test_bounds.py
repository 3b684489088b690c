"""What one organizer's shop can cost the others: time, memory, and what it hides by a wrong value."""

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.admission.rate_limits import Limiter, Rate
from services.connectors.intake import ConnectorIntake, _Work
from services.connectors.intake_ports import Origin
from services.connectors.port import TicketScanned, Unreadable
from services.connectors.pretix import client as pretix_client
from services.connectors.pretix.connector import Cursor
from services.connectors.pretix.payloads import (
    MOST_CHECKINS,
    MOST_ORDER_CHECKINS,
    MOST_POSITIONS,
    PAGE_ROWS,
    Order,
    Page,
    Position,
)
from services.connectors.pretix.rows import Rows
from services.connectors.run import ConnectorRun
from services.connectors.source_client import SourceClient
from services.directory.port import Scan
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE
from tests.connectors.connected import Connected, connected_to, put, until
from tests.connectors.fake_pretix import Shop
from tests.connectors.test_faults import filled, whole

pytestmark = QUIET


def order_with(positions: int, checkins: int) -> bytes:
    position = {"id": 1, "item": 1, "checkins": [0] * checkins}
    return json.dumps({"code": "A", "status": "p", "positions": [position] * positions}).encode()


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Page, *(json.dumps({"count": 1, "results": [0] * rows}).encode() for rows in (PAGE_ROWS, PAGE_ROWS + 1))),
        (Order, order_with(1, MOST_CHECKINS), order_with(1, MOST_CHECKINS + 1)),
        (Order, order_with(MOST_POSITIONS, 0), order_with(MOST_POSITIONS + 1, 0)),
        (Order, order_with(MOST_ORDER_CHECKINS // 100, 100), order_with(MOST_ORDER_CHECKINS // 100 + 1, 100)),
    ],
    ids=["rows", "check-ins", "positions", "check-ins of an order"],
)
def test_each_list_of_an_answer_is_bounded(kind: type[Any], good: bytes, bad: bytes) -> None:
    assert msgspec.json.decode(good, type=kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(bad, type=kind)


@run_to_end
async def test_no_answer_is_decoded_on_the_event_loop(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer of 4 MB held everybody up for 1.6 s, and the next one came at once."""
    where: list[threading.Thread] = []
    decode, read = pretix_client._decode, Rows.read

    def noted(kind: Any, body: bytes) -> Any:
        where.append(threading.current_thread())
        return decode(kind, body)

    def noted_read(self: Rows, *given: Any) -> Any:
        where.append(threading.current_thread())
        return read(self, *given)

    monkeypatch.setattr(pretix_client, "_decode", noted)
    monkeypatch.setattr(Rows, "read", noted_read)
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    shop.scan(ada)
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("check_ins") == 1)
    assert len(where) > 3
    assert threading.main_thread() not in where


def test_decoding_goes_one_by_one_and_whoever_asks_pauses_as_long_as_it_took() -> None:
    """So a source that asks for much work gets at most half of it, and the others come in between."""
    order: list[str] = []

    async def main() -> None:
        client, began, go = SourceClient(), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def slow() -> None:
            loop.call_soon_threadsafe(began.set)
            assert go.wait(10)
            order.append("slow")

        async def greedy() -> None:
            await client.work(slow)
            await client.work(lambda: order.append("slow again"))

        first = asyncio.create_task(greedy())
        await began.wait()
        second = asyncio.create_task(client.work(lambda: order.append("quick")))
        await asyncio.sleep(0.05)
        assert order == []
        go.set()
        await second
        await first

    asyncio.run(main())
    assert order == ["slow", "quick", "slow again"]


@run_to_end
async def test_a_time_in_the_future_hides_nothing_after_it(shop: Shop, address: str, tmp_path: Path) -> None:
    tia, una = (shop.sell((name, f"{name}@example.org"))[0] for name in ("Tia", "Una"))
    async with connected_to(address, tmp_path) as connected:
        shop.scan(tia, created="2099-01-01T00:00:00Z")
        await until(lambda: connected.count("check_ins") == 1)
        await forget_changes(shop, connected)
        shop.scan(una)
        await until(lambda: connected.count("check_ins") == 2)
        assert msgspec.json.decode(connected.row.checkpoint.cursor, type=Cursor).scans < "2099"


async def forget_changes(shop: Shop, connected: Connected) -> None:
    """Orders say nothing any more: what comes now comes from the list of scans."""
    for order in shop.orders.values():
        order["last_modified"] = "2026-01-01T00:00:00Z"
    await connected.idle()


@run_to_end
async def test_an_order_of_the_future_hides_no_other_of_the_first_list(
    shop: Shop, address: str, tmp_path: Path
) -> None:
    shop.page_rows = 1
    for name in ("Tia", "Una", "Vera"):
        shop.sell((name, f"{name}@example.org"))
    next(iter(shop.orders.values()))["datetime"] = "2099-01-01T00:00:00Z"
    for order in shop.orders.values():
        order["last_modified"] = "2026-01-01T00:00:00Z"
    fine = [lambda handler: False] * 4  # a page of orders, the check-in list, two of products
    shop.faults = [*fine, lambda handler: (handler.say(500, b""), True)[1]]
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: len(connected.people()) == 3)
        assert connected.health.error  # the first list was interrupted after its first page


@run_to_end
async def test_half_a_character_in_one_name_hides_no_other(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.sell(("Cut \ud83d", "cut@example.org"))
    shop.sell(("Back\\ud83d \U0001f389", "back@example.org"))
    shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: len(connected.people()) == 3)
        assert set(connected.people()) == {"Cut \ufffd", "Back\\ud83d \U0001f389", "Ada"}


@run_to_end
async def test_a_hint_at_a_ticket_with_too_many_scans_stops_nothing(shop: Shop, address: str, tmp_path: Path) -> None:
    (tia,) = shop.sell(("Tia", "tia@example.org"))
    async with connected_to(address, tmp_path, start=False) as connected:
        await put(connected, address)
        await until(lambda: connected.count("registered") == 1)
        await forget_changes(shop, connected)
        many = [row_of(tia, number) for number in range(MOST_CHECKINS + 1)]
        with shop.lock:
            shop.checkins += many
        hint = json.dumps({"what": "reverted", "position": tia, "list": 1})
        store = connected.parts.directory.connectors
        store.add_hint(CONFERENCE, "shop", hint)
        await until(lambda: not store.hints(CONFERENCE, "shop"))
        await until(lambda: connected.health.state == "live")
        assert connected.count("unreadable") == 1
        with shop.lock:
            del shop.checkins[-1]
        store.add_hint(CONFERENCE, "shop", hint)
        await until(lambda: connected.count("check_ins") == MOST_CHECKINS)
        assert connected.health.state == "live"


def row_of(ticket: int, number: int) -> dict[str, Any]:
    """A scan that the list of scans has long forgotten."""
    return {
        "id": 10_000 + number, "successful": True, "error_reason": None, "position": ticket, "list": 1, "type": "entry",
        "datetime": f"2026-01-01T00:00:00.{number:06}Z", "created": "2026-01-01T00:00:00Z", "gate": None,
        "auto_checked_in": False, "device": None, "device_id": None,
    }  # fmt: skip


def test_what_was_unreadable_in_one_ticket_is_said() -> None:
    raw = msgspec.Raw(json.dumps({"id": 1, "item": 1, "checkins": [0] * (MOST_CHECKINS + 1)}).encode())
    found, (item,) = Rows(set()).read("ticket", [raw], Position, lambda _: ())
    assert found == []
    assert isinstance(item, Unreadable)


# -- budgets -----------------------------------------------------------------------------------------------------------

NARROW = {"scanner": Rate(3, 180), "scanner_kib": Rate(1, 60), "organizer": Rate(3, 180)}


def narrow(connected: Connected, rate: str) -> None:
    limits = connected.parts.limits
    limits._rates = {**limits._rates, rate: NARROW[rate]}
    limits._limiters[rate] = Limiter(NARROW[rate], lambda: time.monotonic_ns() // 1_000)


@pytest.mark.parametrize("rate", NARROW)
@pytest.mark.parametrize("way", ["events", "history"])
@run_to_end
async def test_a_shop_has_the_budgets_of_a_scanner_and_waits_where_one_is_used_up(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: str, way: str
) -> None:
    """Invented scans of one ticket grew the log by 70 MB in half a minute. What waits comes later, each once."""
    begun: list[ConnectorRun] = []
    real = ConnectorRun._open

    async def noted(self: ConnectorRun) -> Any:
        begun.append(self)
        return await real(self)

    errors: list[str] = []
    real_note = ConnectorRun._note

    def noted_error(self: ConnectorRun, error: BaseException) -> float:
        errors.append(str(error))
        return real_note(self, error)

    monkeypatch.setattr(ConnectorRun, "_open", noted)
    monkeypatch.setattr(ConnectorRun, "_note", noted_error)
    async with connected_to(address, tmp_path, start=False) as connected:
        await put(connected, address)
        await connected.idle()
        narrow(connected, rate)
        with shop.lock:
            filled(shop)
            if way == "history":
                make_old(shop)
        if way == "history":
            assert await connected.parts.connectors.bring_history(CONFERENCE, "shop", 1_600_000_000_000)
        await until(lambda: "Hallway is busy; it continues by itself." in errors)
        charge = connected.parts.limits.charge
        charge(rate, f"scanner {CONFERENCE} ")  # the scanners at the doors go on
        await until(lambda: connected.count("check_ins") + connected.count("check_outs") == 12)
        await connected.idle()
        whole(connected)
        assert connected.count("rejected") == 0
        assert len(begun) == (1 if way == "events" else 2), "it waited with its batch, and did not begin anew"


def make_old(shop: Shop) -> None:
    """Only a history still finds these."""
    for order in shop.orders.values():
        order["last_modified"] = "2025-01-01T00:00:00Z"
    for row in shop.checkins:
        row["created"] = row["datetime"] = row["datetime"].replace("2026-", "2025-")


@run_to_end
async def test_dead_letters_cost_as_much(shop: Shop, address: str, tmp_path: Path) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    shop.page_rows = 2
    async with connected_to(address, tmp_path) as connected:
        await connected.idle()
        narrow(connected, "scanner")
        for number in range(7):
            shop.scan(ada, type=f"sideways {number}")
        await until(lambda: connected.health.state == "retrying")
        await until(lambda: connected.count("unreadable") == 7)


def test_a_remembered_scan_is_a_digest() -> None:
    """A scan of 4 MB would stay in memory ten thousand times."""
    intake = ConnectorIntake(None, None, None)  # type: ignore[arg-type]
    work = _Work(Origin("c", "shop", "o", "s"), 0, None, {})  # type: ignore[arg-type]
    item = TicketScanned("7", Scan(id="1" * 100_000, at=0, is_entry=True, place=None, group="1", leaves="conference"))
    for each in (item, item, msgspec.structs.replace(item, ticket="8")):
        intake._count_once(work, "unknown_tickets", each)
    assert work.counts == {"unknown_tickets": 2}
    assert {len(key) for key in intake._counted} == {16}
