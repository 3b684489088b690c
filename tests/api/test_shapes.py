"""The OpenAPI document: its examples and the server's responses fit its schemas."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from services.api.examples import REQUESTS, RESPONSES, STREAMS
from tests.api.people import OPENING, ROOT, Server, attendee, good, now, opened, stream, talked, until

Doc = dict[str, Any]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(server: Server) -> Doc:
    found: Doc = good(server.client().get("/schema/openapi.json"))
    return found


def fits(document: Doc, schema: Doc, value: Any) -> None:
    assert schema, "a schema that says nothing fits everything"
    checked = Draft202012Validator(schema | {"components": document["components"]})
    assert [fault.message for fault in checked.iter_errors(value)] == []


def given(document: Doc, method: str, path: str) -> Doc:
    """What the document says of the good answer: schema and example."""
    responses = document["paths"][path][method.lower()]["responses"]
    (status,) = [status for status in responses if status.startswith("2")]
    found: Doc = responses[status]["content"]["application/json"]
    return found


def schema_of(document: Doc, method: str, path: str) -> Doc:
    schema: Doc = given(document, method, path)["schema"]
    return schema


@pytest.mark.parametrize(("method", "path"), RESPONSES)
def test_what_is_given_looks_as_in_its_example(document: Doc, method: str, path: str) -> None:
    assert given(document, method, path)["example"] == RESPONSES[method, path]
    fits(document, schema_of(document, method, path), RESPONSES[method, path])


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_what_is_sent_looks_as_in_its_example(document: Doc, method: str, path: str) -> None:
    body = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
    assert body["example"] == REQUESTS[method, path]
    fits(document, body["schema"], REQUESTS[method, path])


def test_what_the_server_answers_fits_the_document(server: Server, document: Doc) -> None:
    organizer, operator = opened(server, "shapes", matching={"per_hour": 5}), server.client("operator")
    ada, bob = (attendee(server, organizer, f"{name}-shapes", "shapes") for name in ("ada", "bob"))
    talked(server, ada, bob)
    for who in (ada, bob):
        who.say("/v1/me/here", place="hall-a")
    ada.say("/v1/me/blocks", card=until(ada.cards)[0]["card"])
    bad = {"type": "checkin.arrived", "id": "bad", "at": now(), "conference": "shapes", "attendee": 7}
    good(organizer.post("/v1/events", json=bad))
    number = good(organizer.get("/v1/dead-letters"))["letters"][0]["number"]
    shown = good(organizer.post(f"/v1/dead-letters/{number}/show"))
    fits(document, schema_of(document, "POST", "/v1/dead-letters/{number}/show"), shown)
    asked = [
        (organizer, "/v1/conferences", {}),
        (organizer, "/v1/conferences/{conference}", {"conference": "shapes"}),
        (organizer, "/v1/conferences/{conference}/overview", {"conference": "shapes"}),
        (organizer, "/v1/conferences/{conference}/dead-letters", {"conference": "shapes"}),
        (operator, "/v1/dead-letters", {}),
        (organizer, "/v1/dead-letters/{number}", {"number": 1}),
        (operator, "/v1/audit", {}),
        (operator, "/v1/keys", {}),
        (ada.http, "/v1/me", {}),
        (ada.http, "/v1/me/blocks", {}),
        (bob.http, "/v1/me/inbox", {}),
    ]
    for client, path, values in asked:
        answer = good(client.get(path.format(**values)))
        fits(document, schema_of(document, "GET", path), answer)
        if ("GET", path) in RESPONSES:
            assert keys(answer) == keys(RESPONSES["GET", path]), path
    assert good(ada.http.get("/v1/me/blocks"))[0]["name"] == "Bob-Shapes"


def keys(value: Any) -> Any:
    """The names of fields, of the first of several."""
    if isinstance(value, list):
        return [keys(value[0])] if value else []
    return sorted(value) if isinstance(value, dict) else None


def test_streams_say_the_events_that_the_document_names(server: Server, document: Doc) -> None:
    for path, (names, _) in STREAMS.items():
        told = document["paths"][path]["get"]["responses"]["200"]["description"]
        assert re.findall(r"- `(\w+)`:", told) == list(names)
    organizer = opened(server, "events")
    with stream(server, organizer, "/v1/conferences/events/stream") as live:
        event = live.next()
        assert (event["event"], "id" in event) == ("overview", False)
        fits(document, schema_of(document, "GET", "/v1/conferences/{conference}/overview"), json.loads(event["data"]))


def test_links_and_lag_are_reported(document: Doc) -> None:
    schemas = document["components"]["schemas"]
    assert "``#``" in schemas["Registered"]["description"]
    assert "``lag``: events" in schemas["Overview"]["description"]


def operations(document: Doc) -> Iterator[tuple[str, str, Doc]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_the_page_about_the_api_names_every_route_and_its_callers(document: Doc) -> None:
    rows = re.findall(r"^\| `(\w+) (/[^`]*)` \| ([^|]*) \|", API, re.MULTILINE)
    written = {(method, path): set(who.replace("this machine", "loopback").split(", ")) for method, path, who in rows}
    said = {(method, path): set(operation["x-hallway-roles"]) for method, path, operation in operations(document)}
    stripped = {key: {who.strip() for who in callers} for key, callers in written.items()}
    assert stripped == said


def test_what_the_page_shows_is_json(document: Doc) -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", API, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 4
    shown = [json.loads(block) for block in blocks]
    forms = ("Results", "DevicesShown", "Opening", "Overview", "Mended", "Erasing")
    for name, value in zip(forms, shown, strict=False):
        fits(document, {"$ref": f"#/components/schemas/{name}"}, value)
    assert set(shown[2]) >= set(OPENING)


@pytest.mark.parametrize("role", ["operator", "organizer"])
def test_an_erasing_without_its_word_is_refused(server: Server, role: str) -> None:
    client: httpx.Client = server.client(role)
    opened(server, "word")
    assert client.request("DELETE", "/v1/conferences/word", json={}).status_code == 400
    assert client.request("DELETE", "/v1/conferences/word", json={"erase": "yes"}).status_code == 422


def test_the_series_that_the_page_names_are_there(server: Server) -> None:
    opened(server, "series")
    named = set(re.findall(r"`(hallway_\w+)`", API))
    assert len(named) >= 6
    text = server.client().get("/metrics").text
    assert {name for name in named if f"\n{name}" not in text and f"# TYPE {name} " not in text} == set()
