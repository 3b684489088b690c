"""The connector against a real pretix, with its real webhooks: see ``real_pretix`` for how to have one."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import CONFERENCE, Server, good, opened, until
from tests.connectors.real_pretix import Pretix, real_pretix

pytestmark = pytest.mark.torture
SHOP = f"/v1/conferences/{CONFERENCE}/connectors/shop"
ANNUL = "checkinrpc/annul/"


@pytest.fixture(scope="module")
def pretix() -> Iterator[Pretix]:
    folder = os.environ.get("HALLWAY_PRETIX")
    assert folder, "Set HALLWAY_PRETIX to a folder with a pretix, as tests/connectors/real_pretix.py says."
    with real_pretix(Path(folder)) as found:
        yield found


def counts(organizer: httpx.Client) -> dict[str, int]:
    (found,) = good(organizer.get(f"/v1/conferences/{CONFERENCE}/connectors"))["connectors"]
    counted: dict[str, int] = found["health"]["counts"]
    return counted


def test_a_day_at_a_real_pretix(pretix: Pretix, tmp_path: Path) -> None:
    host = pretix.address.removeprefix("http://")
    with Server(tmp_path, private_hosts=[host]) as server:
        organizer = opened(server)
        config: dict[str, Any] = {"kind": "pretix", "address": pretix.address, "organizer": pretix.organizer}
        config |= {"event": "conf", "lists": [{"list": 1}]}
        body = {"config": config, "secrets": {"token": "none-yet"}}
        saved = good(organizer.put(SHOP, json=body))
        made = pretix.fill(saved["webhook"])
        body = {"config": config | {"lists": [{"list": made["list"]}]}, "secrets": {"token": made["token"]}}
        report = good(organizer.post(f"{SHOP}/test", json=body))
        assert report["is_good"], report
        assert {"id": str(made["list"]), "name": "Entrance"} in report["choices"]["list"]
        good(organizer.put(SHOP, json=body))
        until(lambda: counts(organizer).get("registered") == 4, 60)
        with pretix.client(made["token"]) as api:
            _scans(api, organizer, made)
            _people(api, organizer, made)


def _redeem(api: httpx.Client, made: Any, ticket: int, **given: Any) -> Any:
    body = {"secret": made["secrets"][ticket], "lists": [made["list"]], "force": True, **given}
    answer = api.post("checkinrpc/redeem/", json=body)
    assert answer.status_code in (201, 400), answer.text
    return answer.json()


def _wait(organizer: httpx.Client, what: str, count: int) -> float:
    began = time.monotonic()
    until(lambda: counts(organizer).get(what, 0) >= count, 90)
    assert counts(organizer)[what] == count
    return time.monotonic() - began


def _scans(api: httpx.Client, organizer: httpx.Client, made: Any) -> None:
    _redeem(api, made, 0, type="entry", nonce="n1")
    took = _wait(organizer, "check_ins", 1)
    print(f"entry by webhook: {took:.2f} s")  # noqa: T201 - measured
    _redeem(api, made, 0, type="entry", nonce="n1")  # the same once more
    _redeem(api, made, 0, type="exit", nonce="n2")
    print(f"exit by webhook: {_wait(organizer, 'check_outs', 1):.2f} s")  # noqa: T201 - measured
    late = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    _redeem(api, made, 1, type="entry", nonce="n3", datetime=late)
    _wait(organizer, "check_ins", 2)
    _redeem(api, made, 2, type="entry", nonce="n4")
    _wait(organizer, "check_ins", 3)
    answer = api.post(ANNUL, json={"lists": [made["list"]], "nonce": "n4"})
    assert answer.status_code == 200, answer.text
    print(f"annulled, found by polling: {_wait(organizer, 'undone', 1):.1f} s")  # noqa: T201 - measured


def _people(api: httpx.Client, organizer: httpx.Client, made: Any) -> None:
    position = f"events/conf/orderpositions/{made['tickets'][0]}/"
    name = {"attendee_name_parts": {"_scheme": "full", "full_name": "Ada Corrected"}}
    good(api.patch(position, json=name))
    print(f"corrected: {_wait(organizer, 'changed', 1):.1f} s")  # noqa: T201 - measured
    passed_on = {
        "attendee_name_parts": {"_scheme": "full", "full_name": "Eve Other"},
        "attendee_email": "eve@example.org",
    }
    good(api.patch(position, json=passed_on))
    print(f"passed on: {_wait(organizer, 'registered', 5):.1f} s")  # noqa: T201 - measured
    _wait(organizer, "removed", 1)
    good(api.post("events/conf/orders/T00003/mark_canceled/", json={"send_email": False}))
    print(f"cancelled: {_wait(organizer, 'removed', 2):.1f} s")  # noqa: T201 - measured
    assert counts(organizer).get("rejected", 0) == counts(organizer).get("unreadable", 0) == 0
