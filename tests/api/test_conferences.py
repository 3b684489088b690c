"""Whose a conference is, and how much of the logs a start must read for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.codec import encode
from schemas.events import AttendeeErased, CheckinArrived, ConferenceOpened
from services.admission.conference_registry import SNAPSHOT, ConferenceRegistry
from services.journal import Row
from services.journal.memory import MemoryJournal
from tests.api.people import OPENING, Server, good, now

AT = "2026-01-01T00:00:00.000Z"


def test_an_opening_that_was_not_taken_leaves_the_conference_to_others(server: Server) -> None:
    one, other = server.client("organizer"), server.client("other_organizer")
    opening = OPENING | {"type": "conference.opened", "conference": "claimed", "at": now(), "id": "claim-1"}
    registered = {"type": "attendee.registered", "conference": "claimed", "at": now(), "id": "claim-2"}
    registered |= {"attendee": "a1", "accounts": [], "consent": {"matching": True, "chats": True, "share_place": True}}
    ahead = opening | {"at": "2098-01-01T00:00:00Z"}
    results = good(one.post("/v1/events", json=[ahead, registered]))["results"]
    assert [(result["status"], result["field"]) for result in results] == [
        ("rejected", "at"),
        ("rejected", "conference"),  # who did not open it brings nothing into it either
    ]
    assert good(other.put("/v1/conferences/claimed", json=OPENING))["status"] == "accepted"
    refused = one.put("/v1/conferences/claimed", json=OPENING)
    assert refused.status_code == 422
    assert good(other.get("/v1/conferences/claimed"))["organizer"] == "org-2"


def test_of_two_who_open_one_at_once_one_owns_it(server: Server) -> None:
    one, other = server.client("organizer"), server.client("other_organizer")
    with ThreadPoolExecutor(8) as pool:
        for number in range(10):
            path = f"/v1/conferences/raced-{number}"
            asked = [pool.submit(who.put, path, json=OPENING) for who in (one, other, one, other)]
            codes = [each.result().status_code for each in asked]
            assert sorted(codes) == [200, 200, 422, 422], codes
            owner = "org-1" if codes[0] == 200 else "org-2"
            mine = one if owner == "org-1" else other
            assert good(mine.get(path))["organizer"] == owner


class Counting(MemoryJournal):
    """Counts the rows that are read."""

    rows = 0

    def read(self, conference: str, from_offset: int = 0, to: int | None = None) -> Iterator[Row]:
        for row in super().read(conference, from_offset, to):
            self.rows += 1
            yield row


def opened(conference: str, organizer: str) -> bytes:
    fields = {name: value for name, value in OPENING.items() if name not in ("places", "chats", "hashtags")}
    event = ConferenceOpened(
        id=f"open-{conference}",
        at=AT,
        conference=conference,
        organizer=organizer,
        hashtags=(),
        places=(),
        chats=(),
        **fields,
    )
    return encode(event)


@pytest.fixture
def journal() -> Counting:
    journal = Counting()
    arrived = [encode(CheckinArrived(id=f"e{n}", at=AT, conference="a", attendee="a1")) for n in range(500)]
    erased = encode(AttendeeErased(id="gone", at=AT, conference="a", attendee="a1"))
    journal.append([("a", opened("a", "org-1")), *[("a", line) for line in arrived], ("a", erased)], 1)
    return journal


def test_a_start_reads_the_ends_of_the_logs_only(journal: Counting) -> None:
    first = ConferenceRegistry()
    first.load(journal)
    assert journal.rows == 502
    ends = {name: journal.length(name) for name in journal.conferences()}
    journal.save_snapshot(SNAPSHOT, sum(ends.values()), first.encode_snapshot(ends))
    journal.append([("b", opened("b", "org-2"))], 2)
    journal.rows = 0
    again = ConferenceRegistry()
    again.load(journal)
    assert journal.rows == 1
    assert (again.erased_attendees("a"), again.owned("org-1"), again.owned("org-2")) == ({"a1"}, {"a"}, {"b"})
    known = again.get("a")
    assert known is not None
    assert (known.opened, known.closed) == (first.get("a").opened, False)  # type: ignore[union-attr]  # it is there


def test_a_snapshot_of_another_log_or_none_at_all_is_not_used(journal: Counting) -> None:
    first = ConferenceRegistry()
    first.load(journal)
    journal.save_snapshot(SNAPSHOT, 10_000, first.encode_snapshot({"a": 10_000}))
    journal.rows = 0
    again = ConferenceRegistry()
    again.load(journal)
    assert (journal.rows, again.owned("org-1")) == (502, {"a"})
    journal.save_snapshot(SNAPSHOT, 20_000, b'{"of":"another version"}')
    another = ConferenceRegistry()
    another.load(journal)
    assert another.erased_attendees("a") == {"a1"}
