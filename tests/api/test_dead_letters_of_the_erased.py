"""Dead letters: what may name who is erased cannot be read any more, however it spells it; floods hurt nobody."""

import json
import time
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.codec import Reject
from services.directory.port import Held, Person
from services.directory.sqlite import SqliteDirectory
from services.erasure.dead_letters import erase_dead_letters
from services.journal.sqlite import SqliteJournal
from services.runtime.event_validator import EventValidator
from services.runtime.limits import Limits
from tests.api.coming_back import erased
from tests.api.people import CONFERENCE, Server, attendee, good, now, opened
from tests.api.test_erasing import stored
from tests.contract.directory.steps import tokens_for

LETTERS = "/v1/dead-letters"
CANARY, NOW = "qxcanaryzv", 1_800_000_000_000


def sent(client: httpx.Client, *lines: bytes) -> None:
    headers = {"content-type": "application/x-ndjson"}
    results = good(client.post("/v1/events", content=b"\n".join(lines), headers=headers))["results"]
    assert {result["status"] for result in results} == {"rejected"}


def shown(client: httpx.Client) -> list[str]:
    found: list[str] = []
    after = 0
    while True:
        page = good(client.get(LETTERS, params={"after": after}))
        found += [good(client.post(f"{LETTERS}/{each['number']}/show"))["bytes"] for each in page["letters"]]
        if page["next"] is None:
            return found
        after = page["next"]


def bad(text: str, conference: str | None = CONFERENCE) -> bytes:
    event: dict[str, Any] = {"type": "checkin.arrived", "id": "b", "at": now(), "attendee": 7, "note": text}
    return json.dumps(event | ({"conference": conference} if conference else {})).encode()


SPELLED = {
    "plain": bad(f"x:{CANARY}"),
    "as a mention": bad(f"@{CANARY}"),
    "as a link": bad(f"https://x.com/{CANARY}?s=20"),
    "escaped": bad(f"x%3A%40{CANARY}%40example.org".replace("q", "%71")),
    "in base64": bad(b64encode(f"..x:{CANARY}".encode()).decode()),
    "in signs of JSON": bad("x").replace(b'"x"', b'"x:\\u0071xcanaryzv"'),
    "backwards": bad(CANARY[::-1]),
    "of no conference": bad(CANARY[::-1], None),
    "no JSON": f"{{actor:x:{CANARY}}}".encode("utf-16-le"),
    "as a type": json.dumps({"type": f"x:{CANARY}"}).encode(),
}


def test_no_dead_letter_that_may_name_the_erased_can_be_read(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer, other = opened(server), server.client("other_organizer")
        good(other.put("/v1/conferences/else", json=good(organizer.get(f"/v1/conferences/{CONFERENCE}"))["opening"]))
        gone = attendee(server, organizer, CANARY, verify=False)
        sent(organizer, *SPELLED.values())
        plainly = (f"ask x:{CANARY}.", f"twitter:{CANARY}", f"https://mobile.twitter.com/{CANARY}?s=20")
        sent(other, bad("kept", "else"), bad("kept too", None), *[bad(text, "else") for text in plainly])
        assert (len(shown(organizer)), len(shown(other))) == (len(SPELLED), 5)
        words = {name: line for name, line in SPELLED.items() if CANARY.encode() in line}
        assert words
        for _, data in stored(server.data):  # nothing of them is in clear in any file, also before
            assert b64encode(SPELLED["plain"])[:40] not in data
        erased(gone)
        assert shown(organizer) == []
        assert good(organizer.get(LETTERS))["gone"] == {"erased": len(SPELLED)}
        assert good(organizer.get(f"/v1/conferences/{CONFERENCE}/dead-letters"))["gone"] == {"erased": len(SPELLED)}
        assert sorted(shown(other)) == sorted(b64encode(bad_).decode() for bad_ in _kept(other))
        assert good(other.get(LETTERS))["gone"] == {"erased": 3}  # those in which the account stood plainly
        sent(organizer, bad("of later"))
        assert len(shown(organizer)) == 1
    assert not [name for name, data in stored(server.data) if CANARY.encode() in data]


def _kept(client: httpx.Client) -> list[bytes]:
    found = [b64decode(each) for each in shown(client)]
    assert {json.loads(line)["note"] for line in found} == {"kept", "kept too"}
    return found


def test_a_strangers_dead_letter_is_not_of_the_conference_that_it_names(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer, other = opened(server), server.client("other_organizer")
        opened_else = good(organizer.get(f"/v1/conferences/{CONFERENCE}"))["opening"]
        good(other.put("/v1/conferences/else", json=opened_else))
        sent(other, bad("spam"))
        assert (shown(organizer), len(shown(other))) == ([], 1)


@pytest.mark.parametrize("flood", ["many", "long"])
def test_a_flood_of_one_sender_pushes_out_nobody_elses(tmp_path: Path, flood: str) -> None:
    with Server(tmp_path) as server:
        organizer, operator = opened(server), server.client("operator")
        sent(organizer, bad("mine"))
        badges = {"role": "connector", "id": "gate", "conferences": [CONFERENCE], "checkins": True}
        key = good(operator.post("/v1/keys", json=badges))["secret"]
        with httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {key}"}, timeout=30) as gate:
            requests, each, text = (21, 500, "") if flood == "many" else (15, 60, "x" * 65_536)
            for request in range(requests):
                sent(gate, *[bad(f"{request}-{line}{text}") for line in range(each)])
        oldest = good(organizer.get(LETTERS))["letters"][0]  # the flood came after it
        whole = good(organizer.post(f"{LETTERS}/{oldest['number']}/show"))["bytes"]
        assert json.loads(b64decode(whole))["note"] == "mine"
        assert good(operator.get(LETTERS))["gone"].get("many", 0) == (9_500 if flood == "many" else 0)
        size = sum(len(data) for name, data in stored(server.data) if "journal.db" in name)
        assert size < 24_000_000


def test_an_erasure_is_quick_whatever_the_dead_letters_are(tmp_path: Path) -> None:
    """500 letters of 64 KiB: 16.6 s before there was a bound. The others' conference, so that they are searched."""
    directory, journal = SqliteDirectory(tmp_path / "d", lambda: NOW), SqliteJournal(tmp_path / "j")
    validator = EventValidator(lambda: NOW, Limits(), directory.letter_keys.seal)
    person = directory.people.add(Person(conference="hims", attendee="", name="A", email="a@a.org"))
    assert person is not None
    token = tokens_for(directory, ["a:a"])["a:a"]
    directory.hold([Held("hims", person.attendee, token, "verified")])
    text = b"a:a" + b"xa:a" * 16_383
    for sender in range(8):
        lines = [Reject("bad", None, b"%d:%d:" % (sender, n) + text[:65_000], f"c{sender}") for n in range(63)]
        letters = [validator.make_dead_letter(line, f"connector:s{sender}", 1) for line in lines]
        journal.append([], NOW, directory.letter_keys.seal(letters))
    count = journal.dead_letter_count()
    start_s = time.process_time()
    gone = erase_dead_letters(directory, journal, "hims", [person.attendee], lambda organizer: ())
    spent_s = time.process_time() - start_s  # so that other work on the machine does not count
    print(f"\nlooked through {count} letters in {spent_s:.2f} s, {gone} of them go")  # noqa: T201
    assert count >= 500
    assert spent_s < 2
    directory.close()
    journal.close()
