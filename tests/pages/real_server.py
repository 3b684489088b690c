"""A real ``hallway serve`` for the pages: the command itself, on a port that it keeps across restarts.

Also its keys, and what an organizer and a connector send without using a page.
"""

import secrets
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from schemas.times import format_time
from tests.forked import SERVER, Forked, fork_server

LIMIT_S = 60.0
ID = "hi-27"
RULES = {"accounts": "claimed", "per_hour": 60, "per_day": 200}
OPENING: dict[str, Any] = {
    "name": "Health IT Week",
    "hashtags": ["hi27"],
    "starts_at": "2026-01-01T00:00:00Z",
    "ends_at": "2099-01-01T00:00:00Z",
    "time_zone": "America/New_York",
    "places": [{"place": "hall-a", "name": "Hall A"}, {"place": "hall-b", "name": "Hall B, north"}],
    "chats": [{"hashtag": "hitsm"}],
    "matching": RULES,
}
ALL = {"matching": True, "chats": True, "share_place": True}


class RealServer:
    """Starts with the context, ends with it; ``kill`` and ``start`` in between."""

    def __init__(self, folder: Path) -> None:
        self.options: tuple[str, ...] = ()
        self._data, self._errors = folder / "data", folder / "errors.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = ""
        self._connector = ""
        self._process: Forked | None = None
        self._out = folder / "out.log"
        self._http = httpx.Client(base_url=self.url, timeout=LIMIT_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end(signal.SIGTERM)
        self._http.close()

    def start(self) -> None:
        """Until it serves; the first time it prints its key, and there is one for who brings posts."""
        if not self._connector:
            self._connector = self._key_for_posts()
        self._process = self._run(["serve", "--data", str(self._data), "--port", str(self.port), *self.options])
        end = time.monotonic() + LIMIT_S
        if not self.key:
            while (printed := self._printed()).count("\n") < 2:
                assert self._process.poll() is None, self._errors.read_text()
                assert time.monotonic() < end, self._errors.read_text()
                time.sleep(0.02)
            self.key = printed.splitlines()[1].strip()
            assert self.key, self._errors.read_text()
            self._http.headers["authorization"] = f"Bearer {self.key}"
        while not self._answers():
            assert self._process.poll() is None, self._errors.read_text()
            assert time.monotonic() < end, self._errors.read_text()
            time.sleep(0.02)

    def _key_for_posts(self) -> str:
        added = self._run(["keys", "add", "connector", "posts", "--data", str(self._data)])
        assert added.wait(LIMIT_S) == 0, self._errors.read_text()
        return self._printed().strip()

    def _run(self, arguments: Sequence[str]) -> Forked:
        """Runs the command ``hallway``, its output in a new file."""
        self._out.unlink(missing_ok=True)
        return fork_server(SERVER).start("services.cli.main:main", arguments, self._out, self._errors)

    def _printed(self) -> str:
        return self._out.read_text() if self._out.exists() else ""

    def _answers(self) -> bool:
        try:
            return self._http.get("/v1/conferences").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """``kill -9``."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        try:
            self._process.wait(LIMIT_S)
        finally:
            self._process.kill()

    # -- what an organizer and a connector send besides the page -------------------------------------------------------

    def open(self) -> None:
        """A conference in which claimed accounts count and there is room for all."""
        good(self._http.put(f"/v1/conferences/{ID}", json=OPENING))

    def register(self, handle: str, name: str) -> dict[str, str]:
        """Somebody with the account ``x:handle``: ``attendee`` and ``link``."""
        body = {"name": name, "accounts": [f"x:{handle}"], "consent": ALL, "show_name": True}
        found: dict[str, str] = good(self._http.post(f"/v1/conferences/{ID}/attendees", json=body))
        return found

    def send(self, events: Sequence[dict[str, Any]]) -> None:
        """An organizer's events, each with an id and a time; all are taken."""
        self._taken([{"conference": ID, "at": _moment()} | event for event in events], self.key)

    def post(self, posts: Sequence[dict[str, Any]]) -> None:
        """A connector brings posts; all are taken."""
        self._taken(posts, self._connector)

    def _taken(self, events: Sequence[dict[str, Any]], key: str) -> None:
        body = [{"id": f"x:{secrets.token_hex(8)}"} | event for event in events]
        answer = self._http.post("/v1/events", json=body, headers={"authorization": f"Bearer {key}"})
        results = good(answer)["results"]
        assert {one["status"] for one in results} == {"accepted"}, results

    def send_badly(self, line: str) -> None:
        """What becomes a dead letter."""
        (result,) = good(self._http.post("/v1/events", content=line, headers={"content-type": "application/jsonl"}))[
            "results"
        ]
        assert result["status"] == "rejected", result

    def talked(self, one: str, other: str) -> list[dict[str, Any]]:
        """The posts by which two handles know each other: each wrote to the other yesterday and today."""
        at = [_moment(days_ago=1), _moment()]
        pairs = [(one, other), (other, one)]
        post: dict[str, Any] = {"type": "activity.posted", "hashtags": ["hi27"]}
        return [post | {"at": when, "actor": f"x:{a}", "mentions": [f"x:{b}"]} for when in at for a, b in pairs]

    def arrive(self, attendee: str, place: str = "hall-a") -> None:
        """A badge is scanned."""
        self.send([{"type": "checkin.arrived", "attendee": attendee, "place": place}])

    def scanned(self, key: str, conference: str, attendee: str, place: str) -> str:
        """A scanner sends with its own key: what became of it, or the status that refused it."""
        at = format_time(time.time_ns() // 1_000_000)  # to the millisecond: it comes after what a phone just said
        event = {"type": "checkin.arrived", "id": f"x:{secrets.token_hex(8)}", "at": at, "conference": conference}
        body = [event | {"attendee": attendee, "place": place}]
        answer = self._http.post("/v1/events", json=body, headers={"authorization": f"Bearer {key}"})
        return str(answer.json()["results"][0]["status"] if answer.is_success else answer.status_code)


def _moment(days_ago: int = 0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days_ago * 86_400))


def good(answer: httpx.Response) -> Any:
    """The JSON of an answer, which must have a 2xx status."""
    assert answer.status_code < 300, answer.text
    return answer.json()
