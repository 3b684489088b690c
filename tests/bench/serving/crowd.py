"""A server with thousands of attendees, each with a session; and what is sent to it.

Owns: the set-up, without the page's way of signing in, which is measured nowhere. May never: measure.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.times import DAY_MS
from services.directory.sqlite import SqliteDirectory
from tests.api.people import now
from tests.forked import COMMAND, ROOT, ForkServer
from tests.server.process import ALL, CONFERENCE, OPENED, Hallway, clock, good

BATCH = 500
OPEN_FILES = 16_000


_POLICY = {"accounts": "claimed", "per_hour": 1_000_000, "per_day": 1_000_000}  # budgets are not what is measured


@dataclass
class Crowd:
    """A running server and its people: attendee ``aN`` has the account ``x:pN`` and ``sessions[N]``."""

    hallway: Hallway
    sessions: list[str]

    def send(self, key: str, events: Sequence[dict[str, Any]]) -> None:
        """All of them, in batches, durably."""
        with self.hallway.client(key) as http:
            for start in range(0, len(events), BATCH):
                results = good(http.post("/v1/events", content=lines(events[start : start + BATCH]), headers=JSONL))
                assert all(each["status"] == "accepted" for each in results["results"]), results["results"][:3]

    def folded(self) -> None:
        """Waits until the fold has all."""
        from tests.api.people import metric
        from tests.server.process import until

        with self.hallway.client("organizer") as http:
            until(lambda: metric(http, "hallway_unfolded_records") == 0)


JSONL = {"content-type": "application/x-ndjson"}


def lines(events: Sequence[dict[str, Any]]) -> bytes:
    """As JSONL."""
    return b"\n".join([json.dumps(event).encode() for event in events])


YESTERDAY_S = -86_400


def post(number: int, actor: int, *mentions: int, shift_s: int = 0) -> dict[str, Any]:
    """A post of one of the people that mentions others, now or (below 0) before."""
    common = {"type": "activity.posted", "at": now(shift_s), "hashtags": ["hitsm"]}
    return common | {"id": f"x:{number}", "actor": f"x:p{actor}", "mentions": [f"x:p{other}" for other in mentions]}


def upward(numbers: Iterator[int], chance: random.Random, people: int, count: int) -> list[dict[str, Any]]:
    """Posts that mention people with a higher number only: evidence to be kept, of which no new pair comes."""
    pairs = [sorted(chance.sample(range(people), 2)) for _ in range(count)]
    return [post(next(numbers), one, other) for one, other in pairs]


def arrival(name: str, person: int) -> dict[str, Any]:
    """A check-in."""
    about = {"conference": CONFERENCE, "attendee": f"a{person}", "place": "hall-a"}
    return {"type": "checkin.arrived", "id": name, "at": now()} | about


@contextmanager
def crowd(people: int) -> Iterator[Crowd]:
    """Serves until the context ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(OPEN_FILES, hard)), hard))
    forks = ForkServer(COMMAND)
    with tempfile.TemporaryDirectory() as folder:
        hallway = Hallway(forks, Path(folder))
        sessions = _sessions(hallway.data, people)
        with hallway.running():
            made = Crowd(hallway, sessions)
            with hallway.client("operator") as http:  # an organizer may not go so far
                good(http.put(f"/v1/conferences/{CONFERENCE}", json=OPENED | {"matching": _POLICY}))
                good(http.post(f"/v1/conferences/{CONFERENCE}/owner", json={"organizer": "org-1"}))
            about = {"type": "attendee.registered", "conference": CONFERENCE, "consent": ALL, "at": now()}
            made.send(
                "organizer",
                [about | {"id": f"r{n}", "attendee": f"a{n}", "accounts": [f"x:p{n}"]} for n in range(people)],
            )
            yield made
        forks.close()


def _sessions(data: Path, people: int) -> list[str]:
    directory = SqliteDirectory(data / "directory", clock)
    with directory._base.write():  # one commit for all
        links = [directory.keys.issue("link", "attendee", f"a{n}", [CONFERENCE], DAY_MS) for n in range(people)]
        found = [directory.sessions.sign_in(link, "") for link in links]
    directory.close()
    assert all(found)
    return [session.token for session in found if session]


@contextmanager
def peer() -> Iterator[tuple[str, int]]:
    """The bare peer's address and process id."""
    command = [sys.executable, "-m", "tests.bench.serving.peer"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.communicate()
