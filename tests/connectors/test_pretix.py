"""A pretix shop feeds a conference: tickets, scans, corrections, and the four traps of its webhooks and lists."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.times import format_time, millis
from services.connectors.pretix import connector
from services.connectors.registry import BY_NAME
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE
from tests.connectors.connected import Connected, connected_to, new_connector, settings, until
from tests.connectors.fake_pretix import Shop

pytestmark = QUIET


@run_to_end
async def test_tickets_become_people_and_scans_check_ins(shop: Shop, address: str, tmp_path: Path) -> None:
    ada, bob = shop.sell(("Ada Example", "ada@example.org"), ("Bob Example", "bob@example.org"))
    shop.scan(ada)
    async with connected_to(address, tmp_path) as connected:
        await connected.idle()
        shop.scan(bob)
        await until(lambda: connected.count("check_ins") == 2)
        assert connected.people() == {"Ada Example": "ada@example.org", "Bob Example": "bob@example.org"}
        assert [row[:2] for row in connected.check_ins()] == [("arrived", "Ada Example"), ("arrived", "Bob Example")]
        consents = [row["consent"] for row in connected.log("attendee.registered")]
        assert consents == [{"matching": False, "chats": False, "share_place": False}] * 2
        assert {row["source"] for row in connected.log("checkin.arrived")} == {"connector:shop"}
        await connected.idle()
        assert (connected.health.state, connected.health.lag_ms) == ("live", 0)
        assert connected.row.checkpoint.counts["registered"] == 2


def hint(shop: Shop, scan: int, action: str = "pretix.event.checkin") -> str:
    """What is stored of a webhook."""
    kind = BY_NAME["pretix"]
    config = msgspec.convert(settings("https://pretix.eu"), kind.config)
    found = kind.hint_of(config, json.dumps(shop.hook(scan, action)).encode())
    assert found is not None
    return found


def receive(connected: Connected, shop: Shop, scan: int, action: str = "pretix.event.checkin") -> None:
    """A webhook arrives."""
    assert connected.parts.directory.connectors.add_hint(CONFERENCE, "shop", hint(shop, scan, action))
    connected.parts.connectors.wake(CONFERENCE, "shop")


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found by polling."""
    monkeypatch.setattr(connector, "POLL_S", 3_600.0)


async def live(connected: Connected) -> None:
    await until(lambda: connected.health.state == "live")


@pytest.mark.usefixtures("rarely")
@run_to_end
async def test_trap_1_an_exit_comes_under_the_same_action(shop: Shop, address: str, tmp_path: Path) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await live(connected)
        receive(connected, shop, shop.scan(ada, ago=timedelta(seconds=2)))
        await until(lambda: connected.count("check_ins"))
        receive(connected, shop, shop.scan(ada, "exit"))
        await until(lambda: connected.count("check_outs"))
        assert [row[0] for row in connected.check_ins()] == ["arrived", "left"]
        assert connected.row.checkpoint.cursor  # and nothing is left to read
        assert connected.parts.directory.connectors.hints(CONFERENCE, "shop") == []


@pytest.mark.parametrize("after_the_scan", [False, True])
@run_to_end
async def test_trap_2_a_ticket_passed_on_brings_nothing_of_its_earlier_holder(
    shop: Shop, address: str, tmp_path: Path, after_the_scan: bool
) -> None:
    """Its id and secret stay, and there is no webhook."""
    (ticket,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await connected.idle()
        if after_the_scan:
            shop.scan(ticket, ago=timedelta(seconds=5))
            await until(lambda: connected.count("check_ins"))
        ada = connected.id_of("Ada")
        shop.change(ticket, attendee_name="Bob", attendee_email="bob@example.org")
        await until(lambda: connected.count("removed"))
        await connected.idle()
        assert connected.people() == {"Bob": "bob@example.org"}
        assert connected.parts.directory.is_erased(CONFERENCE, ada)
        assert connected.id_of("Bob") != ada
        assert not [row for row in connected.check_ins() if row[1] == "Bob"]
        shop.scan(ticket)
        await until(lambda: [row for row in connected.check_ins() if row[:2] == ("arrived", "Bob")])


@pytest.mark.parametrize("by_hook", [False, True])
@run_to_end
async def test_trap_3_a_late_scan_has_the_time_when_it_happened(
    shop: Shop, address: str, tmp_path: Path, by_hook: bool
) -> None:
    ada, bob = shop.sell(("Ada", "ada@example.org"), ("Bob", "bob@example.org"))
    async with connected_to(address, tmp_path) as connected:
        shop.scan(bob)
        await until(lambda: connected.count("check_ins") == 1)
        late = shop.scan(ada, ago=timedelta(hours=3))  # uploaded now, after what has a later time
        if by_hook:
            receive(connected, shop, late)
        await until(lambda: connected.count("check_ins") == 2)
        (happened,) = [row["datetime"] for row in shop.checkins if row["id"] == late]
        assert connected.check_ins()[-1][1:3] == ("Ada", format_time(millis(happened)))


@run_to_end
async def test_trap_4_missed_and_duplicated_webhooks_change_nothing(shop: Shop, address: str, tmp_path: Path) -> None:
    """Notification ids have gaps; what was missed is found by polling, and what came twice counts once."""
    people = [(f"Person {n}", f"p{n}@example.org") for n in range(8)]
    tickets = shop.sell(*people)
    async with connected_to(address, tmp_path) as connected:
        await connected.idle()
        scans = [shop.scan(ticket) for ticket in tickets]
        for scan in (scans[5], scans[1], scans[5], scans[1]):
            receive(connected, shop, scan)
        await until(lambda: connected.count("check_ins") == 8)
        receive(connected, shop, scans[1])
        await connected.idle()
        assert sorted(row[1] for row in connected.check_ins()) == sorted(name for name, _ in people)


@run_to_end
async def test_many_webhooks_at_once_cost_one_poll(shop: Shop, address: str, tmp_path: Path) -> None:
    tickets = shop.sell(*[(f"Person {n}", f"p{n}@example.org") for n in range(30)])
    async with connected_to(address, tmp_path, start=False) as connected:
        for ticket in tickets:
            shop.scan(ticket)
        connected.parts.directory.connectors.put(new_connector(address))
        for row in shop.checkins:
            connected.parts.directory.connectors.add_hint(CONFERENCE, "shop", hint(shop, row["id"]))
        await connected.parts.connectors.reload(CONFERENCE, "shop")
        await until(lambda: connected.count("check_ins") == 30)
        await connected.idle()
        assert not [path for path in shop.asked if "/positions/" in path]
        assert connected.parts.directory.connectors.hints(CONFERENCE, "shop") == []


@run_to_end
async def test_a_webhook_does_not_wait_for_a_long_poll(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.page_rows = 1
    for number in range(9):
        shop.sell((f"Person {number}", f"p{number}@example.org"))
    scan = shop.scan(1)
    async with connected_to(address, tmp_path, start=False) as connected:
        connected.parts.directory.connectors.put(new_connector(address))
        connected.parts.directory.connectors.add_hint(CONFERENCE, "shop", hint(shop, scan))
        await connected.parts.connectors.reload(CONFERENCE, "shop")
        await until(lambda: connected.count("registered") == 9)
        orders = [at for at, path in enumerate(shop.asked) if path == "/orders/"]
        assert orders[0] < shop.asked.index("/checkinlists/1/positions/1/") < orders[3]


@pytest.mark.parametrize("how", ["deleted", "annulled"])
@pytest.mark.parametrize(
    ("kinds", "undo", "expected"),
    [
        (("entry",), 0, ["arrived", "left"]),
        (("entry", "exit"), 1, ["arrived", "left", "arrived"]),
        (("entry", "entry"), 1, ["arrived", "arrived"]),  # still here by the first one
        (("entry", "exit", "entry"), 2, ["arrived", "left", "arrived", "left"]),
        (("entry", "exit", "entry"), 0, ["arrived", "left", "arrived"]),  # the later one counts anyway
    ],
)
@run_to_end
async def test_a_reverted_scan_is_undone(
    shop: Shop, address: str, tmp_path: Path, how: str, kinds: tuple[str, ...], undo: int, expected: list[str]
) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    last = len(kinds)
    scans = [shop.scan(ada, kind, ago=timedelta(seconds=last - n)) for n, kind in enumerate(kinds)]
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: len(connected.check_ins()) == last)
        if how == "deleted":
            shop.revert(scans[undo])
            receive(connected, shop, scans[undo], "pretix.event.checkin.reverted")
        else:
            shop.annul(scans[undo])  # no webhook: found by polling
        await until(lambda: len(connected.row_scans(ada)) == last - 1)
        await connected.idle()
        assert [row[0] for row in connected.check_ins()] == expected
        if len(expected) > last:
            assert connected.check_ins()[-1][2] == connected.check_ins()[undo][2]  # at the time of what it undoes


@run_to_end
async def test_an_undone_scan_at_another_place_ends_that_place_alone(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.lists = (1, 2)
    lists = [{"list": 1, "place": "hall-a"}, {"list": 2, "place": "hall-b", "leaves": "place"}]
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    shop.scan(ada, ago=timedelta(seconds=4))
    second = shop.scan(ada, list=2, ago=timedelta(seconds=3))
    async with connected_to(address, tmp_path, lists=lists) as connected:
        await until(lambda: connected.count("check_ins") == 2)
        shop.revert(second)
        receive(connected, shop, second, "pretix.event.checkin.reverted")
        await until(lambda: connected.count("undone"))
        assert [(row[0], row[3]) for row in connected.check_ins()] == [
            ("arrived", "hall-a"),
            ("arrived", "hall-b"),
            ("left", "hall-b"),
        ]


@run_to_end
async def test_lists_and_gates_are_places(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.lists = (1, 2, 3)
    lists = [{"list": 1}, {"list": 2, "place": "hall-a", "leaves": "place"}]
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    for number, (kind, fields) in enumerate(
        [
            ("entry", {"list": 1}),
            ("entry", {"list": 2}),
            ("entry", {"list": 2, "gate": 7}),
            ("exit", {"list": 2}),
            ("exit", {"list": 1}),
            ("entry", {"list": 3}),  # not chosen
        ]
    ):
        shop.scan(ada, kind, ago=timedelta(seconds=9 - number), **fields)
    async with connected_to(address, tmp_path, lists=lists, gates={"7": "hall-b"}) as connected:
        await until(lambda: connected.count("check_outs") == 2)
        await connected.idle()
        assert [(row[0], row[3]) for row in connected.check_ins()] == [
            ("arrived", None),
            ("arrived", "hall-a"),
            ("arrived", "hall-b"),
            ("left", "hall-a"),
            ("left", None),
        ]


@run_to_end
async def test_a_scan_that_failed_or_of_a_t_shirt_checks_nobody_in(shop: Shop, address: str, tmp_path: Path) -> None:
    ada, shirt, addon = shop.sell(("Ada", "ada@example.org"), ("", ""), ("Ada", "ada@example.org"))
    shop.change(shirt, item=2)
    shop.change(addon, addon_to=ada)
    shop.scan(ada, successful=False, error_reason="unpaid")
    shop.scan(None, successful=False, error_reason="invalid")
    shop.scan(shirt)
    async with connected_to(address, tmp_path) as connected:
        await connected.idle()
        assert (connected.check_ins(), connected.people()) == ([], {"Ada": "ada@example.org"})
        before = len(shop.asked)
        await connected.idle()
        assert f"/orderpositions/{shirt}/" not in shop.asked[before:]  # it is not asked again and again
