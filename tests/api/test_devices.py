"""Check-ins as desks send them: CloudEvents in every mode, packed bodies, and what goes wrong with a device."""

import gzip
import json
import time
import zlib
from base64 import b64encode
from typing import Any

import httpx
import pytest
import zstandard

from tests.api.people import Server, attendee, good, now, opened, until

CLOUD, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
WHERE = "devices"


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server, WHERE)


@pytest.fixture(scope="module")
def ada(server: Server, organizer: httpx.Client) -> str:
    return attendee(server, organizer, "adad", WHERE, verify=False).id


@pytest.fixture(scope="module")
def bob(server: Server, organizer: httpx.Client) -> str:
    return attendee(server, organizer, "bobd", WHERE, verify=False).id


def scanner(server: Server, organizer: httpx.Client, name: str) -> httpx.Client:
    made = good(organizer.post(f"/v1/conferences/{WHERE}/keys", json={"id": name}))
    server.keys[name] = made["secret"]
    return server.client(name)


def sent(
    client: httpx.Client, body: bytes | dict[str, Any] | list[Any], media: str = "application/json", **headers: str
) -> list[dict[str, Any]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": media} | {name.replace("_", "-"): value for name, value in headers.items()}
    found: list[dict[str, Any]] = good(client.post("/v1/events", content=content, headers=named))["results"]
    return found


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


def cloud(number: str, source: str, who: str, **changes: Any) -> dict[str, Any]:
    outer = {"specversion": "1.0", "type": "checkin.arrived", "source": source, "id": number, "time": now()}
    return outer | {"data": {"conference": WHERE, "attendee": who}} | changes


def arrived(number: str, who: str, **changes: Any) -> dict[str, Any]:
    return {"type": "checkin.arrived", "id": number, "at": now(), "conference": WHERE, "attendee": who} | changes


def device(organizer: httpx.Client, name: str) -> dict[str, Any]:
    found = good(organizer.get(f"/v1/conferences/{WHERE}/devices"))["devices"]
    return next((each for each in found if each["source"] == f"connector:{name}"), {})


def problems(organizer: httpx.Client, name: str, problem: str) -> dict[str, Any]:
    """What the organizer is told of a problem of a device; it comes just after the device's answer."""
    found: dict[str, Any] = until(
        lambda: next((each for each in device(organizer, name).get("problems", ()) if each["problem"] == problem), None)
    )
    return found


# -- CloudEvents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["1", "scan/9"])
def test_an_id_is_its_senders_and_sources_own(
    server: Server, organizer: httpx.Client, ada: str, bob: str, number: str
) -> None:
    one = scanner(server, organizer, f"ce-one-{len(number)}")
    batch = [cloud(number, "/doors/north", ada), cloud(number, "/doors/south", bob)]
    assert statuses(sent(one, batch, BATCH)) == ["accepted", "accepted"]
    assert statuses(sent(one, batch, BATCH)) == ["duplicate", "duplicate"]
    assert statuses(sent(one, cloud(number, "/doors/north", ada), CLOUD)) == ["duplicate"]


def test_data_may_come_in_base64_as_text_or_as_the_body(server: Server, organizer: httpx.Client, ada: str) -> None:
    one = scanner(server, organizer, "ce-forms")
    data = json.dumps({"conference": WHERE, "attendee": ada})
    packed = cloud("b64", "/d", ada) | {"data_base64": b64encode(data.encode()).decode()}
    del packed["data"]
    assert statuses(sent(one, packed, CLOUD)) == ["accepted"]
    assert statuses(sent(one, cloud("text", "/d", ada, data=data), CLOUD)) == ["accepted"]
    named = {
        "ce_specversion": "1.0",
        "ce_type": "checkin.arrived",
        "ce_source": "/d%20x",
        "ce_id": "bin",
        "ce_time": now(),
    }
    assert statuses(sent(one, data.encode(), **named)) == ["accepted"]
    assert statuses(sent(one, data.encode(), **named)) == ["duplicate"]
    assert statuses(sent(one, cloud("bin", "/d x", ada), CLOUD)) == ["duplicate"]  # the same in the other mode


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": None}, "no data"),
        ({"data": [1]}, "no JSON object"),
        ({"data": "no json"}, "no JSON object"),
        ({"data": None, "data_base64": "?"}, "base64"),
        ({"data_base64": "e30="}, "not both"),
        ({"datacontenttype": "application/xml", "data": "<a/>"}, "datacontenttype"),
        ({"time": None}, "no time"),
        ({"specversion": None}, None),
        ({"specversion": "0.3"}, "version 1.0"),
        ({"source": 7}, "source is not a text"),
        ({"source": ["a"]}, "source is not a text"),
        ({"source": ""}, "source is not a text"),
    ],
)
def test_what_is_no_good_cloud_event_is_reported_in_its_words(
    server: Server, organizer: httpx.Client, ada: str, changes: dict[str, Any], said: str | None
) -> None:
    connector = server.client("connector")
    event = {name: value for name, value in (cloud("bad", "/d", ada) | changes).items() if value is not None}
    (result,) = sent(connector, event, CLOUD)
    assert result["status"] == "rejected"
    assert "CloudEvent" in result["reason"]
    assert said is None or said in result["reason"]


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_a_cloud_event_that_is_not_called_one_is_told_what_to_set(
    server: Server, organizer: httpx.Client, ada: str, media: str
) -> None:
    (result,) = sent(server.client("connector"), cloud("plain", "/d", ada), media)
    assert (result["status"], "application/cloudevents+json" in result["reason"]) == ("rejected", True)
    headers = {"ce_type": "checkin.arrived", "ce_source": "/d", "ce_id": "half"}
    (result,) = sent(server.client("connector"), {"conference": WHERE, "attendee": ada}, **headers)
    assert (result["status"], "specversion is missing" in result["reason"]) == ("rejected", True)


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_route_that_unpacks_nothing_says_so(server: Server, organizer: httpx.Client, encoding: str) -> None:
    packed = {"content-encoding": encoding}
    answers = [
        organizer.post(f"/v1/conferences/{WHERE}/attendees", json={"name": "P", "accounts": []}, headers=packed),
        organizer.put(f"/v1/conferences/{WHERE}", content=gzip.compress(b"{}"), headers=packed),
        server.client().post("/v1/session", content=gzip.compress(b"{}"), headers=packed),
    ]
    assert [(each.status_code, "without Content-Encoding" in each.json()["detail"]) for each in answers] == [
        (415, True)
    ] * 3


# -- packed bodies -------------------------------------------------------------------------------------------------

PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


@pytest.mark.parametrize("encoding", PACKERS)
def test_packed_bodies_are_unpacked(server: Server, organizer: httpx.Client, ada: str, encoding: str) -> None:
    lines = b"".join(json.dumps(arrived(f"{encoding}-{n}", ada)).encode() + b"\n" for n in range(200))
    found = sent(
        server.client("organizer"), PACKERS[encoding](lines), "application/x-ndjson", content_encoding=encoding
    )
    assert statuses(found) == ["accepted"] * 200


def test_a_raw_deflate_and_two_members_of_gzip_are_read(server: Server, organizer: httpx.Client, ada: str) -> None:
    line = json.dumps(arrived("raw", ada)).encode() + b"\n"
    packer = zlib.compressobj(wbits=-15)
    raw = packer.compress(line) + packer.flush()
    assert statuses(sent(server.client("organizer"), raw, content_encoding="deflate")) == ["accepted"]
    two = gzip.compress(line) + gzip.compress(json.dumps(arrived("two", ada)).encode())
    media = "application/x-ndjson"
    assert statuses(sent(server.client("organizer"), two, media, content_encoding="GZIP")) == ["duplicate", "accepted"]


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"{}", "br", 415),
        (b"{}", "gzip, gzip", 415),
        (b"{}", "gzip", 400),
        (gzip.compress(b'{"a": 1}' * 99, mtime=0)[:-20], "gzip", 400),
        (zstandard.ZstdCompressor().compress(b'{"a": 1}' * 99)[:-5], "zstd", 400),
        (b"", "zstd", 400),
        (gzip.compress(b" " * 5_000_000), "gzip", 413),
        (zstandard.ZstdCompressor().compress(b" " * 500_000_000), "zstd", 413),
        (zlib.compress(b" " * 200_000), "deflate", 413),  # a thousandth of its size
    ],
)
def test_what_cannot_be_unpacked_within_bounds_is_refused(
    server: Server, organizer: httpx.Client, body: bytes, encoding: str, status: int
) -> None:
    letters = organizer.get(f"/v1/conferences/{WHERE}/dead-letters").json()["letters"]
    headers = {"content-type": "application/x-ndjson", "content-encoding": encoding}
    answer = server.client("organizer").post("/v1/events", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"].endswith(".")
    assert status != 415 or "gzip" in answer.headers["accept-encoding"]
    assert organizer.get(f"/v1/conferences/{WHERE}/dead-letters").json()["letters"] == letters


# -- what goes wrong with a device ---------------------------------------------------------------------------------


def later(hours: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + hours * 3_600))


def test_a_device_nine_hours_ahead_is_seen_by_the_organizer(server: Server, organizer: httpx.Client, ada: str) -> None:
    one = scanner(server, organizer, "door-ahead")
    assert statuses(sent(one, [arrived("a1", ada, at=later(9)), arrived("a2", ada)])) == ["rejected", "accepted"]
    problem = problems(organizer, "door-ahead", "clock_ahead")
    assert problem["count"] == 1
    assert problem["text"].startswith("Its clock is ahead of the server's by ")
    assert any(hours in problem["text"] for hours in ("8 h 59 min", "9 h"))
    assert "time zone" in problem["what_to_do"]
    found = device(organizer, "door-ahead")
    assert (found["accepted"], found["rejected"]) == (1, 1)
    assert statuses(sent(one, arrived("a1", ada))) == ["accepted"]  # set right, the same id is taken


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"attendee": "nobody-17"}, "unknown_attendee"),
        ({"place": "hall-z"}, "unknown_place"),
        ({"at": "2000-01-01T09:00:00Z"}, "late"),
        ({"conference": "another"}, "not_allowed"),
        ({"type": "match.answered", "match": "m", "answer": "met"}, "not_allowed"),
        ({"attendee": "ada@example.org"}, "unreadable"),
        ({"at": "yesterday"}, "unreadable"),
        ({"id": 7}, "unreadable"),
    ],
)
def test_what_else_is_wrong_is_seen_by_the_organizer(
    server: Server, organizer: httpx.Client, ada: str, event: dict[str, Any], problem: str
) -> None:
    name = f"door-{problem}-{next(iter(event))}"
    sent(scanner(server, organizer, name), arrived(f"{name}.1", ada) | event)
    found = problems(organizer, name, problem)
    assert (found["count"], found["text"][-1], found["what_to_do"][-1]) == (1, ".", ".")
    assert [each["problem"] for each in device(organizer, name)["problems"]] == [problem]


def test_of_devices_no_id_is_kept_and_no_stranger_sees_them(server: Server, organizer: httpx.Client, ada: str) -> None:
    sent(scanner(server, organizer, "door-plain"), [arrived("p1", ada), arrived("p2", "canary-ticket")])
    problems(organizer, "door-plain", "unknown_attendee")
    said = organizer.get(f"/v1/conferences/{WHERE}/devices").text
    assert "canary-ticket" not in said
    assert ada not in said
    assert (
        server.client("other_organizer" if "other_organizer" in server.keys else "connector")
        .get(f"/v1/conferences/{WHERE}/devices")
        .status_code
        == 403
    )


# -- undone, again, passed on --------------------------------------------------------------------------------------


def test_undo_re_entry_transfer_and_removal_are_events_that_a_desk_can_send(
    server: Server, organizer: httpx.Client
) -> None:
    who = attendee(server, organizer, "desk", WHERE, verify=False)
    desk = scanner(server, organizer, "desk-1")
    present = lambda: good(who.http.get("/v1/me"))["present"]  # noqa: E731
    assert statuses(sent(desk, arrived("d1", who.id))) == ["accepted"]
    until(present)
    undo = arrived("d1-undone", who.id, type="checkin.left")  # the wrong ticket was scanned
    assert statuses(sent(desk, undo)) == ["accepted"]
    until(lambda: not present())
    again = arrived("d2", who.id, at=later(0.01))  # after the undoing, whatever the seconds of a desk's clock
    assert statuses(sent(desk, again)) == ["accepted"]
    until(present)
    assert statuses(sent(desk, again)) == ["duplicate"]
    removed = {"type": "attendee.erased", "id": "r1", "at": now(), "conference": WHERE, "attendee": who.id}
    assert statuses(sent(desk, removed)) == ["rejected"]  # a scanner's key may not
    assert statuses(sent(server.client("organizer"), removed)) == ["accepted"]
    until(lambda: who.http.get("/v1/me").status_code in (401, 410))
