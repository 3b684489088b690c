"""A disk without room under a running ``hallway serve``: 507 or 503, nothing half taken, and on when there is room.

The kernel's limit of a file's size stands for the disk: no file of the server grows beyond it (its log too), and it is
lifted while the server runs. Source: setrlimit(2), prlimit(2).
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.server.load import Load
from tests.server.process import CONFERENCE, Hallway, until
from tests.server.proof import proved
from tests.server.watching import Watch

FULL = (503, 507)


@contextmanager
def no_room(hallway: Hallway, most_bytes: int) -> Iterator[None]:
    """No file of the server grows beyond so many bytes."""
    before = resource.prlimit(hallway.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(hallway.pid, resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.prlimit(hallway.pid, resource.RLIMIT_FSIZE, before)


def logged(hallway: Hallway) -> int:
    """How many events the conference's log has."""
    return int(hallway.gauges()[f'hallway_log_records{{conference="{CONFERENCE}"}}'])


@pytest.mark.slow
@pytest.mark.parametrize("most_bytes", [0, 300_000])
def test_a_full_disk_takes_nothing_by_halves_and_goes_on_when_there_is_space(
    hallway: Hallway, tmp_path: Path, most_bytes: int
) -> None:
    """At once, and in the middle of what is written."""
    with hallway.running():
        people = hallway.people(8)
        load = Load(7, people)
        with Watch(hallway, people[0]) as watch:
            with load.on(hallway):
                load.wait_for(5)
            with load.on(hallway), no_room(hallway, most_bytes):
                busy = load.ledger.busy
                until(lambda: load.ledger.busy >= busy + 5 or load.faults)
                with no_room(hallway, 0):
                    _still_serves(hallway, people[1].session)
            with load.on(hallway):
                load.wait_for(10)
            proved(hallway, load, tmp_path, {people[0].id: watch})


def _still_serves(hallway: Hallway, session: str) -> None:
    """What needs no room is answered; what needs some says that there is none, in the form of all problems."""
    with hallway.client(session=session) as attendee, hallway.client("organizer") as organizer:
        assert attendee.get("/v1/me/inbox").status_code in (200, *FULL)  # 503 while a card is decided and not kept
        before = logged(hallway)
        for answer in (_here(attendee), _registration(organizer)):
            assert answer.status_code in FULL, answer.text
            assert answer.json()["type"].startswith("urn:hallway:problem:")
            assert "retry-after" in answer.headers
        assert logged(hallway) == before


def _here(attendee: httpx.Client) -> httpx.Response:
    return attendee.post("/v1/me/here", json={"place": "hall-a"})


def _registration(organizer: httpx.Client) -> httpx.Response:
    body = {"name": "Late", "accounts": ["x:late"], "consent": {"matching": True, "chats": True, "share_place": True}}
    return organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=body)
