"""A Redis that answers and refuses: Hallway takes events, waits, says why in words, and goes on by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.times import DAY_MS, format_time
from tests.api.people import good
from tests.forked import ForkServer
from tests.server.process import CONFERENCE, OPENED, Hallway, Person, clock, until
from tests.server.refusing import Refusing

# What stands in the sentence of each; the rest of it is free.
WORDS = {
    "MISCONF": "cannot save to its disk",
    "NOREPLICAS": "min-replicas-to-write",
    "NOPERM": "ACL",
    "WRONGTYPE": "another program",
    "OOM": "maxmemory",
    "READONLY": "Name the primary",
    "MASTERDOWN": "lost its primary",
    "NOAUTH": "wants a password",
}


@pytest.fixture
def store() -> Iterator[Refusing]:
    """A Redis that is not ours."""
    with Refusing() as made:
        yield made


@pytest.fixture
def over_store(forks: ForkServer, tmp_path: Path, store: Refusing) -> Iterator[Hallway]:
    """Hallway with it; it must never end by itself."""
    made = Hallway(forks, tmp_path, store.url)
    with made.running():
        yield made
        assert made.stop()[0] == 0
    made.end()


def _ready(http: httpx.Client) -> tuple[int, str]:
    answer = http.get("/healthz/ready")
    return answer.status_code, answer.json().get("detail", "")


def _says(http: httpx.Client, words: str) -> bool:
    status, detail = _ready(http)
    return status == 503 and words in detail


def _knowing(ada: Person, bob: Person) -> list[dict[str, Any]]:
    """Two posts each way, on two days."""
    said = [(at, *pair) for at in (clock() - DAY_MS, clock()) for pair in ((ada, bob), (bob, ada))]
    return [
        {
            "type": "activity.posted",
            "id": f"x:p{n}",
            "at": format_time(at),
            "actor": one.account,
            "mentions": [other.account],
        }
        | {"hashtags": ["hitsm"]}
        for n, (at, one, other) in enumerate(said)
    ]


def _arrived(*who: Person) -> list[dict[str, Any]]:
    common = {"type": "checkin.arrived", "at": format_time(clock()), "conference": CONFERENCE}
    return [common | {"id": f"in-{each.id}", "attendee": each.id} for each in who]


def _cards(hallway: Hallway, who: Person) -> list[Any]:
    with hallway.client(session=who.session) as http:
        found: list[Any] = good(http.get("/v1/me/inbox"))["cards"]
        return found


def test_under_misconf_everything_is_taken_and_goes_on_when_it_is_mended(over_store: Hallway, store: Refusing) -> None:
    ada, bob = over_store.people(2)
    with over_store.client() as http, over_store.client("organizer") as organizer:
        with store.trouble("MISCONF"):
            until(lambda: _says(http, WORDS["MISCONF"]))
            opened = organizer.put("/v1/conferences/second", json=OPENED)
            assert opened.status_code in (200, 201), opened.text
            for key, events in (("connector", _knowing(ada, bob)), ("scanner", _arrived(ada, bob))):
                with over_store.client(key) as sender:
                    results = good(sender.post("/v1/events", json=events))["results"]
                    assert {result["status"] for result in results} == {"accepted"}, results
            overview = f"/v1/conferences/{CONFERENCE}/overview"
            until(lambda: WORDS["MISCONF"] in (good(organizer.get(overview))["trouble"] or ""))
            assert _cards(over_store, ada) == []
        until(lambda: _cards(over_store, ada))
        until(lambda: _cards(over_store, bob))
        until(lambda: _ready(http) == (200, ""))
        until(lambda: organizer.get("/v1/conferences/second/overview").status_code == 200)
        until(lambda: good(organizer.get(overview))["trouble"] is None)
    logged = over_store.logged()
    assert WORDS["MISCONF"] in logged
    assert "MISCONF" in logged
    assert "the store can be used again" in logged
    assert "Traceback" not in logged


def test_each_refusal_is_reported_in_words_and_ends_nothing(over_store: Hallway, store: Refusing) -> None:
    over_store.people(2)
    with over_store.client() as http:
        for kind, words in WORDS.items():
            until(lambda: _ready(http) == (200, ""))
            with store.trouble(kind):
                until(lambda words=words: _says(http, words))  # type: ignore[misc]
        until(lambda: _ready(http) == (200, ""))
    assert "Traceback" not in over_store.logged()
    assert "secret" not in over_store.logged()


def test_attendees_and_strangers_are_not_told_of_the_store(over_store: Hallway, store: Refusing) -> None:
    (ada,) = over_store.people(1)
    overview = f"/v1/conferences/{CONFERENCE}/overview"
    with over_store.client(session=ada.session) as page, over_store.client("organizer") as organizer:
        with store.trouble("NOPERM"):
            assert "ACL" not in until(lambda: (said := page.get("/v1/me/inbox")).status_code == 503 and said.text)
            answer = until(lambda: WORDS["NOPERM"] in (good(said := organizer.get(overview))["trouble"] or "") and said)
            assert str(store.socket) not in answer.text
        until(lambda: page.get("/v1/me/inbox").status_code == 200)
