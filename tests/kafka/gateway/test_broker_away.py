"""The broker killed under load: 503, nothing half-taken, on again by itself; what was accepted is in the log, once."""

import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest

from services.tools.local_kafka import LocalKafka
from tests.api.people import CONFERENCE, Server, attendee, good, now, opened, records_in, until
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.logs import events

pytestmark = pytest.mark.slow


class Load:
    """Four organizers that check people in, three at a time; what is refused is sent again, as it was."""

    def __init__(self, server: Server) -> None:
        self.accepted: list[tuple[str, int]] = []
        self.refused: list[httpx.Response] = []
        self._server, self._ended = server, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(4)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(20)

    def _run(self, number: int) -> None:
        round_ = 0
        with self._server.client("organizer") as http:
            while not self._ended.is_set():
                round_ += 1
                self._say(http, [_arrival(f"{number}-{round_}-{each}") for each in range(3)])

    def _say(self, http: httpx.Client, said: list[dict[str, Any]]) -> None:
        while True:
            answer = http.post("/v1/events", json=said)
            if answer.status_code == 200:
                results = answer.json()["results"]
                assert all(result["status"] in ("accepted", "duplicate") for result in results), results
                self.accepted += [
                    (one["attendee"], each.get("offset", -1)) for one, each in zip(said, results, strict=True)
                ]
                return
            self.refused.append(answer)
            if self._ended.wait(0.02):
                return


def _arrival(who: str) -> dict[str, Any]:
    return {"type": "checkin.arrived", "id": f"c-{who}", "at": now(), "conference": CONFERENCE, "attendee": f"a-{who}"}


def test_a_killed_broker_costs_nothing_that_was_accepted(own_kafka: LocalKafka, own_place: Place) -> None:
    place = own_place
    with place.ready() as server:
        organizer = opened(server)
        ada = attendee(server, organizer, "ada", verify=False)
        load = Load(server)
        until(lambda: len(load.accepted) > 100)
        own_kafka.kill()
        until(lambda: len(load.refused) > 20)
        assert {(each.status_code, each.headers["retry-after"]) for each in load.refused} <= {(503, "1"), (503, "2")}
        assert "nothing was accepted" in load.refused[-1].json()["detail"]
        assert server.client().get("/healthz/ready").status_code == 503
        assert good(server.client().get("/healthz/live")) == {"status": "live"}
        until(lambda: ada.http.get("/v1/me").status_code == 200)  # reading goes on
        own_kafka.start()
        before = len(load.accepted)
        until(lambda: len(load.accepted) > before + 100, 60)
        load.end()
        until(lambda: server.client().get("/healthz/ready").status_code == 200)
        log = [
            (event["attendee"], record.offset)
            for event, record in events(own_kafka.address, place.topics.log)
            if event["type"] == "checkin.arrived"
        ]
        stands: dict[str, list[int]] = {}
        for who, offset in log:
            stands.setdefault(who, []).append(offset)
        assert not [
            who for who, offset in load.accepted if who not in stands or (offset >= 0 and offset not in stands[who])
        ]
        assert len(log) - len(stands) <= 3 * 4  # of each organizer at most one request was in doubt, and is there twice
        until(lambda: records_in(organizer) == len(log) + 2)
        assert "Traceback" not in server.errors.read_text()


def test_a_start_without_the_broker_goes_on_when_it_is_there(own_kafka: LocalKafka, own_place: Place) -> None:
    place = own_place
    with place.ready() as server:
        organizer = opened(server)
    own_kafka.stop()
    with place.server() as server:
        organizer = server.client("organizer")
        assert organizer.post("/v1/events", json=[_arrival("1")]).status_code == 503
        own_kafka.start()
        until(lambda: organizer.post("/v1/events", json=[_arrival("1")]).status_code == 200, 30)
    (place.folder / "new").mkdir()
    own_kafka.stop()
    refused = replace(place, folder=place.folder / "new").server()
    with pytest.raises(AssertionError, match="No Kafka answers"), refused:
        pass
    refused.stop()
