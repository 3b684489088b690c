"""Dead letters over HTTP: whose they are, mended, tried, sent again once, in whose name."""

import io
import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.main import main
from tests.api.people import Server, good, now, opened, records_in

LETTERS = "/v1/dead-letters"


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server, "letters")


def arrived(number: int, **changes: Any) -> dict[str, Any]:
    event = {"type": "checkin.arrived", "id": f"resend-{number}", "at": now(), "conference": "letters"}
    return event | {"attendee": f"a{number}"} | changes


def dead(client: httpx.Client, event: dict[str, Any]) -> int:
    """Sends what cannot be read; gives the number of its letter."""
    answer = good(client.post("/v1/events", json=event))
    assert answer["results"][0]["status"] == "rejected"
    return int(all_of(client)[-1]["number"]) if client.headers else 0


def all_of(client: httpx.Client) -> list[dict[str, Any]]:
    found, after = [], 0
    while True:
        page = good(client.get(LETTERS, params={"after": after, "limit": 2}))
        found += page["letters"]
        if page["next"] is None:
            return found
        after = page["next"]


def resent(client: httpx.Client, number: int, event: Any = None, *, dry_run: bool = False) -> dict[str, Any]:
    body = {} if event is None else {"bytes": b64encode(json.dumps(event).encode()).decode()}
    answer = good(client.post(f"{LETTERS}/{number}/resend", json=body | {"dry_run": dry_run}))
    assert (answer["number"], answer["dry_run"]) == (number, dry_run)
    result: dict[str, Any] = answer["result"]
    return result


def test_a_mended_dead_letter_is_tried_and_then_sent_once(server: Server, organizer: httpx.Client) -> None:
    number = dead(organizer, arrived(1, attendee=7))
    before = len(all_of(organizer))
    still_bad = resent(organizer, number)
    assert (still_bad["status"], still_bad["reason"]) == ("rejected", "attendee is not valid.")
    events = records_in(organizer, "letters")
    assert resent(organizer, number, arrived(1), dry_run=True) == {"status": "good"}
    assert records_in(organizer, "letters") == events
    sent = resent(organizer, number, arrived(1))
    assert sent == {"status": "accepted"}
    assert len(all_of(organizer)) == before  # what was still bad made no further letter
    assert good(organizer.get(f"{LETTERS}/{number}"))["sent_at"]
    for again in (arrived(1), arrived(2)):
        body = {"bytes": b64encode(json.dumps(again).encode()).decode()}
        refused = organizer.post(f"{LETTERS}/{number}/resend", json=body)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:hallway:problem:sent")


def test_an_event_that_is_there_already_is_no_duplicate(organizer: httpx.Client) -> None:
    assert good(organizer.post("/v1/events", json=arrived(3)))["results"][0]["status"] == "accepted"
    number = dead(organizer, arrived(3, place=9))
    assert resent(organizer, number, arrived(3)) == {"status": "duplicate"}


def test_dead_letters_are_shown_to_whom_they_concern(server: Server, organizer: httpx.Client) -> None:
    other, operator = server.client("other_organizer"), server.client("operator")
    number = dead(organizer, arrived(4, attendee=7))
    assert number in [letter["number"] for letter in all_of(operator)]
    assert number not in [letter["number"] for letter in all_of(other)]
    for path in (f"{LETTERS}/{number}", f"{LETTERS}/99999999"):
        assert other.get(path).status_code == 404
        assert other.post(f"{path}/resend", json={}).status_code == 404
    assert "gone" in good(operator.get(LETTERS))
    assert good(organizer.get(LETTERS))["gone"] == {}
    assert other.post(f"{LETTERS}/{number}/show").status_code == 404
    shown = json.loads(b64decode(good(organizer.post(f"{LETTERS}/{number}/show"))["bytes"]))
    assert shown["id"] == "resend-4"


def test_the_operator_sends_in_the_name_of_who_brought_it(server: Server, organizer: httpx.Client) -> None:
    operator = server.client("operator")
    badges = {"role": "connector", "id": "badges", "conferences": ["letters"], "checkins": True}
    made = good(operator.post("/v1/keys", json=badges))
    with httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {made['secret']}"}) as connector:
        good(connector.post("/v1/events", json=arrived(5, attendee=7)))
    number = all_of(operator)[-1]["number"]
    assert number in [letter["number"] for letter in all_of(organizer)]  # it names the conference
    elsewhere = resent(operator, number, arrived(5, conference="other"))
    assert (elsewhere["status"], elsewhere["field"]) == ("rejected", "conference")
    # what no connector may say, the operator does not say in its name
    verified = {"type": "account.verified", "id": "v", "at": now(), "conference": "letters", "attendee": "a"}
    assert resent(operator, number, verified | {"account": "x:a", "method": "code"})["status"] == "rejected"
    good(operator.delete(f"/v1/keys/{made['key']}"))
    refused = operator.post(f"{LETTERS}/{number}/resend", json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hallway:problem:source")
    good(operator.post("/v1/keys", json=badges))
    assert resent(operator, number, arrived(5))["status"] == "accepted"
    log = next(path for path in server.data.rglob("journal.db*") if b"connector:badges" in path.read_bytes())
    assert log.exists()


class Terminal:
    """`hallway dead-letters` as in a terminal, but in this process."""

    def __init__(self, server: Server, captured: pytest.CaptureFixture[str]) -> None:
        self._url, self._captured = server.address, captured

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        assert main(["dead-letters", *arguments, "--url", self._url]) == code
        return self._captured.readouterr()


@pytest.fixture
def terminal(server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("HALLWAY_KEY", server.keys["organizer"])
    return Terminal(server, capsys)


def test_the_command_lists_shows_tries_and_sends(
    terminal: Terminal, organizer: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = str(dead(organizer, arrived(20, attendee=7)))
    listed = [json.loads(line) for line in terminal("list")[0].splitlines()]
    assert [letter["number"] for letter in listed] == [letter["number"] for letter in all_of(organizer)]
    text, said = terminal("show", number)
    assert "attendee" in said
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps(json.loads(text) | {"attendee": "a20"}) + "\n")
    assert "Still bad" in terminal("resend", number, "--dry-run", code=1)[1]
    assert "would be taken" in terminal("resend", number, str(mended), "--dry-run")[1]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mended.read_bytes())))
    assert "Accepted." in terminal("resend", number, "-")[1]
    assert "resent already" in terminal("resend", number, str(mended), code=2)[1]
    assert "was resent at" in terminal("show", number)[1]
    assert "no such dead letter" in terminal("show", "999999", code=2)[1]


def test_what_is_no_base64_is_reported(organizer: httpx.Client) -> None:
    number = dead(organizer, arrived(6, attendee=7))
    refused = organizer.post(f"{LETTERS}/{number}/resend", json={"bytes": "{}"})
    assert (refused.status_code, refused.json()["field"]) == (422, "bytes")


def test_a_tick_cannot_be_slipped_in(organizer: httpx.Client) -> None:
    number = dead(organizer, arrived(7, attendee=7))
    result = resent(organizer, number, arrived(7, id="clock.ticked:9"))
    assert (result["status"], result["field"]) == ("rejected", "id")
    assert resent(organizer, number, arrived(7))["status"] == "accepted"
