"""The routes for connectors: what an organizer can do with one, and what nobody can."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.times import DAY_MS, format_time
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE, good
from tests.connectors.connected import Connected, connected_to, settings, until
from tests.connectors.fake_pretix import TOKEN, Shop
from tests.directory.raw import raw

pytestmark = QUIET
BASE = f"/v1/conferences/{CONFERENCE}/connectors"
SHOP = f"{BASE}/shop"


def body(address: str, token: str | None = TOKEN, **fields: Any) -> dict[str, Any]:
    return {"config": settings(address, **fields), "secrets": {} if token is None else {"token": token}}


async def shown(connected: Connected) -> Any:
    (found,) = good(await connected.inside.organizer.get(BASE))["connectors"]
    return found


async def until_shown(connected: Connected, **fields: Any) -> Any:
    async with asyncio.timeout(20):
        while True:
            health = (await shown(connected))["health"]
            if all(health[name] == value for name, value in fields.items()):
                return health
            await asyncio.sleep(0.01)


@run_to_end
async def test_an_organizer_sets_one_up_and_sees_its_health(shop: Shop, address: str, tmp_path: Path) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    shop.scan(ada)
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer
        assert good(await organizer.get(BASE)) == {"connectors": []}
        made = good(await organizer.put(SHOP, json=body(address)))
        assert made["webhook"].startswith("http://hallway.example/v1/hooks/")
        health = await until_shown(connected, state="live")
        assert (health["counts"]["registered"], health["counts"]["check_ins"]) == (1, 1)
        assert (health["lag_s"], health["text"]) == (0.0, "")
        again = good(await organizer.put(SHOP, json=body(address, None)))
        assert again["webhook"] is None
        good(await organizer.delete(SHOP))
        assert good(await organizer.get(BASE)) == {"connectors": []}
        assert (await organizer.delete(SHOP)).status_code == 404


@run_to_end
async def test_no_route_gives_a_secret_away(address: str, tmp_path: Path) -> None:
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer, hidden = connected.inside.organizer, "h1dden-t0ken"
        answers = [await organizer.put(SHOP, json=body(address, hidden))]
        answers += [
            await organizer.get(BASE),
            await organizer.post(f"{SHOP}/pause"),
            await organizer.post(f"{SHOP}/resume"),
        ]
        answers.append(await organizer.post(f"{SHOP}/test", json=body(address, None)))
        hook = answers[0].json()["webhook"].rpartition("/")[2]
        assert not [answer.text for answer in answers if hidden in answer.text]
        assert not [answer.text for answer in answers[1:] if hook in answer.text]
        assert (await shown(connected))["secrets"] == ["token"]
        files = raw(tmp_path / "directory")
        assert hidden.encode() not in files
        assert hook.encode() not in files


@run_to_end
async def test_another_address_needs_the_token_again(shop: Shop, address: str, tmp_path: Path) -> None:
    """Or whoever gets hold of a session has the token sent to themselves."""
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer
        good(await organizer.put(SHOP, json=body(address)))
        elsewhere = body("https://elsewhere.example", None)
        refused = await organizer.put(SHOP, json=elsewhere)
        assert (refused.status_code, refused.json()["field"]) == (422, "secrets")
        tested = good(await organizer.post(f"{SHOP}/test", json=body(address, None)))
        assert tested["is_good"]
        untested = await organizer.post(f"{SHOP}/test", json=elsewhere)
        assert (untested.status_code, untested.json()["field"]) == (422, "secrets")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lists": []}, "config"),
        ({"lists": [{"list": 1}, {"list": 1}]}, "config"),
        ({"address": "ftp://pretix.eu"}, "config"),
        ({"address": "https://user:pw@pretix.eu"}, "config"),
        ({"address": "https://pretix.eu/../x"}, "config"),
        ({"organizer": "a/b"}, None),
        ({"event": ""}, None),
        ({"kind": "nothing"}, None),
        ({"surplus": 1}, None),
    ],
)
@run_to_end
async def test_settings_that_make_no_sense_are_refused(
    address: str, tmp_path: Path, change: dict[str, Any], field: str | None
) -> None:
    async with connected_to(address, tmp_path, start=False) as connected:
        whole = body(address)
        whole["config"] |= change
        answer = await connected.inside.organizer.put(SHOP, json=whole)
        assert answer.status_code == (422 if field else 400), answer.text
        assert field is None or answer.json()["field"] == field
        assert good(await connected.inside.organizer.get(BASE)) == {"connectors": []}


@run_to_end
async def test_the_test_says_step_by_step_what_works(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.lists = (1, 2)
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer

        async def tested(**changed: Any) -> Any:
            given = body(address, **changed)
            found = good(await organizer.post(f"{SHOP}/test", json=given))
            return [check["is_good"] for check in found["checks"]], found

        flags, whole = await tested()
        assert (flags, whole["is_good"]) == ([True, True, True], True)
        assert whole["choices"]["list"] == [{"id": "1", "name": "List 1"}, {"id": "2", "name": "List 2"}]
        assert (await tested(token="wrong"))[0] == [False]  # noqa: S106 - of the fake
        assert "token" in (await tested(token="wrong"))[1]["checks"][0]["text"]  # noqa: S106 - of the fake
        assert (await tested(event="other"))[0] == [False]
        flags, whole = await tested(lists=[{"list": 9}])
        assert (flags, whole["is_good"]) == ([True, False, True, True], False)
        assert connected.parts.directory.connectors.all() == []


@run_to_end
async def test_paused_it_brings_nothing_and_resumed_everything(shop: Shop, address: str, tmp_path: Path) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer
        hook = good(await organizer.put(SHOP, json=body(address)))["webhook"]
        await until_shown(connected, state="live")
        paused = good(await organizer.post(f"{SHOP}/pause"))
        assert (paused["paused"], paused["health"]["state"]) == (True, "paused")
        scan, asked = shop.scan(ada), len(shop.asked)
        assert (await receive(connected, hook, shop.hook(scan))).status_code == 204
        assert (await organizer.post(f"{SHOP}/history", json={"days": 1})).status_code == 409
        assert len(shop.asked) == asked
        good(await organizer.post(f"{SHOP}/resume"))
        await until(lambda: connected.count("check_ins") == 1)


async def receive(connected: Connected, address: str, payload: Any) -> httpx.Response:
    """A webhook comes, without any key."""
    client = connected.inside.client()
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return await client.post(address, content=content, headers={"content-type": "application/json"})


@run_to_end
async def test_a_webhook_says_where_to_look_and_nothing_in_it_is_believed(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.connectors.pretix.connector.POLL_S", 3_600.0)
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer
        hook = good(await organizer.put(SHOP, json=body(address)))["webhook"]
        await until_shown(connected, state="live")
        real = shop.hook(shop.scan(ada))
        forged = [
            b"", b"{", b"[]", b"[" * 3_000, {}, real | {"organizer": "other"}, real | {"event": "other"},
            real | {"action": "pretix.event.changed"}, real | {"orderposition_id": -1}, real | {"code": "../../x"},
            real | {"orderposition_id": 10**30},
        ]  # fmt: skip
        for payload in forged:
            assert (await receive(connected, hook, payload)).status_code == 204, payload
        assert connected.parts.directory.connectors.hints(CONFERENCE, "shop") == []
        assert (await receive(connected, hook, b" " * 10_000)).status_code == 413
        assert (await receive(connected, "/v1/hooks/guessed", real)).status_code == 404
        assert connected.count("check_ins") == 0
        assert (await receive(connected, hook, real | {"type": "exit", "first_checkin": True})).status_code == 204
        await until(lambda: connected.count("check_ins") == 1)  # as pretix has it, whatever the body said


@run_to_end
async def test_a_new_webhook_address_replaces_the_earlier_one_after_a_day(
    shop: Shop, address: str, tmp_path: Path
) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer
        first = good(await organizer.put(SHOP, json=body(address)))["webhook"]
        second = good(await organizer.post(f"{SHOP}/webhook"))["webhook"]
        assert first != second
        hook = shop.hook(shop.scan(ada))
        assert [(await receive(connected, each, hook)).status_code for each in (first, second)] == [204, 204]
        good(await organizer.post(f"/v1/conferences/{CONFERENCE}/close"))
        assert (await receive(connected, second, hook)).status_code == 410


@run_to_end
async def test_the_last_days_are_brought_with_progress(
    shop: Shop, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.connectors.pretix.connector.FIRST_MS", 1)
    shop.page_rows = 3
    tickets = [shop.sell((f"Person {n}", f"p{n}@example.org"))[0] for n in range(7)]
    scans = [shop.scan(ticket) for ticket in tickets]
    async with connected_to(address, tmp_path, start=False) as connected:
        organizer = connected.inside.organizer
        good(await organizer.put(SHOP, json=body(address)))
        await until_shown(connected, state="live")
        assert connected.count("check_ins") == 0
        begun = good(await organizer.post(f"{SHOP}/history", json={"days": 2}))
        assert begun["health"]["history"]["state"] in ("running", "done")
        await until(lambda: connected.health.history is not None and connected.health.history.state == "done")
        history = connected.health.history
        assert history is not None
        assert (history.done, history.total, connected.count("check_ins")) == (14, 14, len(scans))
        assert format_time(history.since) <= format_time(connected.parts.clock() - 2 * DAY_MS)
        assert connected.row.checkpoint.history_since is None
        good(await organizer.post(f"{SHOP}/history", json={"days": 2}))
        await connected.idle()
        assert len(connected.log("checkin.arrived")) == len(scans)


@run_to_end
async def test_a_history_continues_after_a_restart(shop: Shop, address: str, tmp_path: Path) -> None:
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path, start=False) as connected:
        good(await connected.inside.organizer.put(SHOP, json=body(address)))
        await until_shown(connected, state="live")
        good(await connected.inside.organizer.post(f"{SHOP}/pause"))  # so that no run stores a checkpoint meanwhile
        row = connected.row
        saved = row.checkpoint.__class__(cursor=row.checkpoint.cursor, history_since=1_700_000_000_000)
        assert connected.parts.directory.connectors.save(row, saved)
    async with connected_to(address, tmp_path, start=False) as connected:
        good(await connected.inside.organizer.post(f"{SHOP}/resume"))
        await until(lambda: connected.health.history is not None and connected.health.history.state == "done")
        assert ada


@run_to_end
async def test_metrics_name_kinds_and_states_and_nobody(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path, start=False) as connected:
        good(await connected.inside.organizer.put(SHOP, json=body(address)))
        await until_shown(connected, state="live")
        text = (await connected.inside.client().get("/metrics", headers={"host": "localhost"})).text
        assert 'hallway_connectors{kind="pretix",state="live"} 1.0' in text
        assert 'hallway_connector_lag_seconds{kind="pretix"} 0.0' in text
        assert 'hallway_connector_items{kind="pretix",what="registered"} 1.0' in text
        lines = [line for line in text.splitlines() if "connector" in line]
        assert not [line for line in lines if "shop" in line or "org" in line.partition("}")[0].replace("organ", "")]
