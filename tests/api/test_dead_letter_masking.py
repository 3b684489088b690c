"""Dead letters are listed without what they say of people; who looks into one is in the audit log."""

import json
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.outputs import DeadLetter
from services.api.dead_letters.masking import FIELDS, MASK, TYPES, mask
from services.cli.main import main
from services.directory.port import MOST_A_DAY
from tests.api.people import Server, good, now, opened
from tests.directory.conftest import Clock

LETTERS = "/v1/dead-letters"
WHO, WHERE, HANDLE = "a-zquixette", "hall-zquixette", "x:zquixette"


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server, "masked")


def arrived(**changes: Any) -> dict[str, Any]:
    event = {"type": "checkin.arrived", "id": "m-1", "at": now(), "conference": "masked", "attendee": WHO}
    return event | {"place": WHERE} | changes


BAD: list[dict[str, Any] | bytes] = [
    arrived(id=7),
    arrived(type=f"checkin.{WHO}"),
    arrived(type=[WHO]),
    arrived(place={WHO: [HANDLE]}),
    {WHO: WHERE, "conference": "masked", HANDLE: 1},
    arrived(**{WHO: 1}, at=f"at {WHO}"),
    arrived(conference="masked", attendee=f"{WHO} {HANDLE}"),
    f'{{"conference":"masked","attendee":"{WHO}"'.encode(),
    f"{WHO} {WHERE} {HANDLE}".encode(),
    arrived(type="attendee.registered", accounts=[f"{HANDLE}:{WHO}:"], consent={WHO: True}),
]


@pytest.mark.parametrize("bad", BAD)
def test_nothing_of_a_dead_letter_is_reported_before_it_is_shown(
    organizer: httpx.Client, bad: dict[str, Any] | bytes
) -> None:
    """A scan that went wrong: its person, place and account are in no list, no look and no try."""
    raw = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    results = good(organizer.post("/v1/events", content=raw, headers={"content-type": "application/x-ndjson"}))
    assert results["results"][0]["status"] == "rejected"
    page = organizer.get(LETTERS)
    number = good(page)["letters"][-1]["number"]
    one = organizer.get(f"{LETTERS}/{number}")
    of_conference = organizer.get("/v1/conferences/masked/dead-letters")
    tried = organizer.post(f"{LETTERS}/{number}/resend", json={"dry_run": True})
    for answer in (page, one, of_conference, tried):
        good(answer)
        assert "zquixette" not in answer.text
        for letter in (each for each in [*answer.json().get("letters", []), answer.json()] if "bytes" in each):
            assert b"zquixette" not in b64decode(letter["bytes"])
    whole = good(organizer.post(f"{LETTERS}/{number}/show"))
    assert b64decode(whole["bytes"]) == raw


def test_the_list_tells_what_helps(organizer: httpx.Client) -> None:
    good(organizer.post("/v1/events", json=arrived(type="checkin.arived")))
    letter = good(organizer.get(LETTERS))["letters"][-1]
    assert letter["reason"] == "Its type is not known. The nearest is checkin.arrived."
    assert set(json.loads(b64decode(letter["bytes"])).values()) == {MASK}
    good(organizer.post("/v1/events", json={"type": "checkin.left", "conference": "masked", "id": "m-2", "at": now()}))
    letter = good(organizer.get(LETTERS))["letters"][-1]
    assert (letter["field"], letter["reason"]) == ("attendee", "attendee is missing.")
    assert json.loads(b64decode(letter["bytes"]))["type"] == "checkin.left"
    assert letter["source"] == "organizer:org-1"


def test_who_looks_is_in_the_audit_log_for_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(tmp_path) as server:
        organizer, operator = opened(server, "masked"), server.client("operator")
        good(organizer.post("/v1/events", json=arrived(id=7)))
        (letter,) = good(organizer.get(LETTERS))["letters"]
        where = f"{LETTERS}/{letter['number']}"
        good(organizer.get(where))
        assert good(operator.get("/v1/audit")) == {"entries": [], "next": None}
        good(organizer.post(f"{where}/show"))
        good(organizer.post(f"{where}/resend", json={"dry_run": True}))
        good(operator.post(f"{where}/show"))
        audit = operator.get("/v1/audit")
        found = [(each["role"], each["id"], each["action"], each["letter"]) for each in good(audit)["entries"]]
        expected = [
            ("organizer", "org-1", "letter.shown", letter["number"]),
            ("organizer", "org-1", "letter.tried", letter["number"]),
            ("operator", "root", "letter.shown", letter["number"]),
        ]
        assert found == expected
        assert "zquixette" not in audit.text
        for client in (organizer, server.client("connector")):
            assert client.get("/v1/audit").status_code == 403
        key = server.keys["operator"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HALLWAY_KEY", key)
            capsys.readouterr()
            assert main(["audit", "--url", server.address]) == 0
        by_url = capsys.readouterr().out
    assert main(["audit", "--data", str(server.data)]) == 0
    assert capsys.readouterr().out == by_url
    assert [json.loads(line)["action"] for line in by_url.splitlines()] == [each[2] for each in expected]
    with Server(tmp_path) as server:
        assert len(good(server.client("operator").get("/v1/audit"))["entries"]) == 3


def test_who_looked_as_often_as_one_may_is_shown_no_more() -> None:
    from services.directory.port import AuditFullError, Grant
    from services.directory.sqlite import SqliteDirectory

    clock = Clock()
    directory = SqliteDirectory(None, clock)
    mine, others = (Grant(id=f"k-{who}", role="organizer", subject=who, conferences=()) for who in ("ann", "bea"))
    for number in range(MOST_A_DAY):
        directory.audit.write(mine, "letter.shown", number)
    with pytest.raises(AuditFullError):
        directory.audit.write(mine, "letter.shown", 1)
    directory.audit.write(others, "letter.shown", 1)  # nobody takes it from the others, or pushes theirs out
    assert directory.audit.entries(MOST_A_DAY)[0].subject == "bea"
    assert directory.audit.entries()[0].what == 0
    directory.close()


SECRET = st.text("QWXYZ", min_size=5, max_size=12)  # letters that no word of ours has
VALUES = st.recursive(SECRET | st.integers(0, 3), lambda inner: st.lists(inner) | st.dictionaries(SECRET, inner))
EVENTS = st.dictionaries(st.sampled_from(sorted(FIELDS)) | SECRET, VALUES | st.sampled_from(TYPES))


@given(EVENTS.map(msgspec.json.encode) | SECRET.map(str.encode), SECRET, SECRET, SECRET)
def test_whatever_is_in_a_dead_letter_its_list_says_none_of_it(
    raw: bytes, reason: str, field: str, sender: str
) -> None:
    for path in (field, f"places[0].{field}", f"{field}.places"):
        letter = DeadLetter(
            reason=reason,
            field=path,
            source=f"attendee:{sender}",
            position=3,
            bytes=b64encode(raw).decode(),
            at=None,
        )
        found = mask(1, letter, None)
        assert found.source == "attendee"
        said = msgspec.json.encode(found).decode().replace(found.bytes, "") + b64decode(found.bytes).decode()
        assert not re.search("[QWXYZ]{2}", said)
        assert found.field in {None, "places"}
