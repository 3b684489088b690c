"""Ids that senders give to their events: they keep doubles apart, and stand nowhere."""

import json
from pathlib import Path
from typing import Any

import httpx

from tests.api.people import CONFERENCE, Server, good, now, opened
from tests.api.test_erasing import stored

SCAN = "scan-zquix-2"


def arrived(attendee: str, **changes: Any) -> dict[str, Any]:
    event = {"type": "checkin.arrived", "id": SCAN, "at": now(), "conference": CONFERENCE, "attendee": attendee}
    return event | changes


def cloud(source: str, attendee: str, number: str = SCAN) -> dict[str, Any]:
    data = arrived(attendee)
    head = {"specversion": "1.0", "source": source, "type": data.pop("type"), "id": number}
    del data["id"]
    return head | {"data": data}


def statuses(client: httpx.Client, events: list[dict[str, Any]], media: str = "application/json") -> list[str]:
    answer = client.post("/v1/events", content=json.dumps(events), headers={"content-type": media})
    return [result["status"] for result in good(answer)["results"]]


def test_no_id_from_outside_is_in_any_file_and_senders_are_kept_apart(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer, operator = opened(server), server.client("operator")
        keys = [
            good(
                operator.post(
                    "/v1/keys",
                    json={"role": "connector", "id": f"gate-{n}", "conferences": [CONFERENCE], "checkins": True},
                )
            )
            for n in range(2)
        ]
        gates = [
            httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {key['secret']}"}) for key in keys
        ]
        assert statuses(gates[0], [arrived("a1"), arrived("a1"), arrived("a2")]) == [
            "accepted",
            "duplicate",
            "duplicate",
        ]
        assert statuses(gates[1], [arrived("a3")]) == ["accepted"]
        assert statuses(organizer, [arrived("a4")]) == ["accepted"]
        batch = "application/cloudevents-batch+json"
        doors = [cloud("/doors/north", "a5"), cloud("/doors/south", "a6"), cloud("/doors/north", "a5")]
        assert statuses(gates[0], doors, batch) == ["accepted", "accepted", "duplicate"]
        assert statuses(gates[0], [cloud("/" + "d" * 400, "a7", "9" * 383)], batch) == ["accepted"]
        post = {
            "type": "activity.posted",
            "id": "x:77",
            "at": now(),
            "actor": "x:a",
            "hashtags": ["hitsm"],
            "mentions": [],
        }
        envelope = {"specversion": "1.0", "source": "/posts", "type": post["type"], "id": "1", "data": post}
        with server.client("connector") as connector:
            assert statuses(connector, [post]) == ["accepted"]
            assert statuses(connector, [envelope], batch) == ["duplicate"]  # a post's id is its network's
        for gate in gates:
            gate.close()
        found = [name for name, data in stored(server.data) if b"zquix" in data]
        assert found == []
        assert "zquix" not in server.errors.read_text()
