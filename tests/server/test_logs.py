"""What is said by mistake, or to test us, reaches no log line: no path, header or body. Lines stay whole."""

import json
import subprocess
import sys

import pytest

from tests.forked import ROOT
from tests.server.process import CANARY, CONFERENCE, Hallway
from tests.server.proof import discreet

THREADS, LINES = 4, 1_000
AT_ONCE = f"""
import sys, threading
import structlog
from services.api.transport.json_logs import to_stderr
def many(who):
    for number in range({LINES}):
        structlog.get_logger("hallway").info("said", who=who, number=number)
sys.setswitchinterval(1e-6)  # as if each thread had a core that others want too
to_stderr()
threads = [threading.Thread(target=many, args=(who,)) for who in range({THREADS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
BEARER = f"Bearer hw.key.{CANARY}.{CANARY}"


@pytest.mark.slow
def test_nothing_that_a_stranger_or_a_mistaken_sender_says_is_logged(hallway: Hallway) -> None:
    with hallway.running():
        (who,) = hallway.people(1)
        with hallway.client() as stranger, hallway.client("connector") as connector:
            stranger.get(f"/m/hw.link.{CANARY}.{CANARY}")
            stranger.get(f"/{CANARY}?{CANARY}={CANARY}")
            stranger.get("/v1/me", headers={"authorization": BEARER})
            stranger.post("/v1/session", json={"link": f"hw.link.{CANARY}.{CANARY}"})
            stranger.post("/v1/session", content=CANARY)
            stranger.request(CANARY.upper(), "/v1/me")
            connector.get(f"/v1/conferences/{CANARY}/overview")
            connector.post("/v1/events", content=f'{{"type": "{CANARY}"}}')
            connector.post("/v1/events", content=CANARY, headers={"content-type": CANARY})
            connector.post("/v1/events", json=[{"type": "activity.posted", "id": f"x:{CANARY}", "actor": CANARY}])
        with hallway.client(session=who.session) as attendee:
            attendee.post("/v1/me/answers", json={"card": CANARY, "answer": "accepted"})
            attendee.post("/v1/me/accounts", json={"account": f"x:{CANARY}-other"})
            with attendee.stream("GET", "/v1/me/stream", headers={"last-event-id": CANARY}) as stream:
                assert "event: reset" in stream.iter_lines()
        with hallway.client("organizer") as organizer:
            organizer.post(f"/v1/conferences/{CONFERENCE}/attendees/csv", content=f"name\n{CANARY},{CANARY}\n")
            organizer.put(f"/v1/conferences/{CONFERENCE}", json={"name": CANARY})
        assert hallway.stop()[0] == 0
        discreet(hallway)


def test_lines_of_several_threads_stay_whole() -> None:
    said = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ROOT, check=True, capture_output=True, text=True).stderr
    seen = [(line["who"], line["number"]) for line in map(json.loads, said.splitlines())]
    assert sorted(seen) == [(who, number) for who in range(THREADS) for number in range(LINES)]
