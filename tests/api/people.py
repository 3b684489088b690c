"""What the tests say to a server: a process of its own, an organizer, attendees, a connector, streams.

Owns: nothing of the gateway. May never: sleep for a fixed time; it waits for what it waits for, within a limit.
"""

import json
import os
import queue
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from tests.forked import SERVER, Forked, fork_server

LIMIT_S = 20.0
START_S = 120.0  # on a busy machine, with a Kafka
ROOT = Path(__file__).parents[2]
CONFERENCE = "conf-1"
OPENING: dict[str, Any] = {
    "name": "Health IT 2026",
    "hashtags": ["hitsm"],
    "starts_at": "2026-01-01T00:00:00Z",
    "ends_at": "2099-01-01T00:00:00Z",
    "time_zone": "Europe/Paris",
    "places": [{"place": "hall-a", "name": "Hall A"}, {"place": "hall-b", "name": "Hall B"}],
    "chats": [],
}
ALL = {"matching": True, "chats": True, "share_place": True}


def until(what: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Waits until it is true, and gives it."""
    end = time.monotonic() + limit_s
    while not (found := what()):
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.01)
    return found


class Server:
    """A server in a process; ends with the context at the latest."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.data, self.posts = folder / "data", folder / "posts.json"
        self._given = {"data": str(self.data), "posts": str(self.posts)} | given
        self.errors = folder / "errors.log"
        self.process: Forked | None = None
        self._out = folder / "out.log"
        self.keys: dict[str, str] = {}
        self._clients: list[httpx.Client] = []

    def __enter__(self) -> Self:
        self._out.unlink(missing_ok=True)
        arguments = [json.dumps(self._given)]
        process = self.process = fork_server(SERVER).start("tests.api.child:main", arguments, self._out, self.errors)
        until(lambda: self._line().endswith("\n") or process.poll() is not None, START_S)
        assert self._line(), self.errors.read_text()
        self.keys = json.loads(self._line())
        return self

    def _line(self) -> str:
        return self._out.read_text() if self._out.exists() else ""

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        self.stop()

    @property
    def address(self) -> str:
        return self.keys["address"]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def stop(self) -> float:
        """SIGTERM; how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(LIMIT_S)
        finally:
            self.process.kill()
        return time.monotonic() - began

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.stop()

    def shows(self, account: str, text: str) -> None:
        """An account posts a text."""
        shown = json.loads(self.posts.read_text()) if self.posts.exists() else {}
        self.posts.write_text(json.dumps(shown | {account: [text]}))

    def client(self, key: str | None = None) -> httpx.Client:
        """With a key, or as a browser does; closed with the server."""
        headers = {"authorization": f"Bearer {self.keys[key]}"} if key else {"x-hallway": "1"}
        client = httpx.Client(base_url=self.address, headers=headers, timeout=LIMIT_S)
        self._clients.append(client)
        return client


def metric(client: httpx.Client, series: str) -> float:
    """A number of the server's metrics, to who is on its machine: exact, as an organizer's are not."""
    lines = client.get("/metrics").text.splitlines()
    (found,) = [line.rpartition(" ")[2] for line in lines if line.rpartition(" ")[0] == series]
    return float(found)


def records_in(client: httpx.Client, conference: str = CONFERENCE) -> int:
    """How many records the conference's log has."""
    return int(metric(client, f'hallway_log_records{{conference="{conference}"}}'))


def good(answer: httpx.Response) -> Any:
    """The answer's JSON, which must be good."""
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


@dataclass
class Attendee:
    """Somebody with a session."""

    http: httpx.Client
    id: str
    account: str

    def say(self, path: str, **body: Any) -> Any:
        return good(self.http.post(path, json=body))

    def cards(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = good(self.http.get("/v1/me/inbox"))["cards"]
        return found


def opened(server: Server, conference: str = CONFERENCE, **changes: Any) -> httpx.Client:
    """An organizer who opened a conference."""
    organizer = server.client("organizer")
    result = good(organizer.put(f"/v1/conferences/{conference}", json=OPENING | changes))
    assert result["status"] == "accepted"
    return organizer


def attendee(
    server: Server, organizer: httpx.Client, name: str, conference: str = CONFERENCE, *, verify: bool = True
) -> Attendee:
    """Registered, signed in by the link, and (``verify``) the owner of ``x:name``."""
    account = f"x:{name}"
    body = {"name": name.title(), "email": f"{name}@example.org", "accounts": [account], "consent": ALL}
    made = good(organizer.post(f"/v1/conferences/{conference}/attendees", json=body | {"show_name": True}))
    http = server.client()
    signed_in = good(http.post("/v1/session", json={"link": secret_of(made["link"])}))
    assert signed_in == {"conference": conference, "attendee": made["attendee"]}
    who = Attendee(http, made["attendee"], account)
    if verify:
        server.shows(account, who.say("/v1/me/accounts", account=account)["text"])
        assert who.say("/v1/me/accounts/check", account=account) == {"state": "verified"}
    return who


def device(server: Server, who: Attendee, **headers: str) -> httpx.Client:
    """Another device of somebody, signed in by a link that their first one made."""
    link = good(who.http.post("/v1/me/links"))["link"]
    http = server.client()
    http.headers.update(headers)
    good(http.post("/v1/session", json={"link": secret_of(link)}))
    return http


def secret_of(link: str) -> str:
    """What a page reads out of a link's address."""
    return link.partition("#")[2]


def now(shift_s: int = 0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift_s))


def post(actor: str, *mentions: str, number: int | str | None = None) -> dict[str, Any]:
    native = secrets.token_hex(6) if number is None else number
    return {
        "type": "activity.posted",
        "id": f"x:{native}",
        "at": now(),
        "actor": actor,
        "hashtags": ["hitsm"],
        "mentions": list(mentions),
    }


def talked(server: Server, one: Attendee, other: Attendee) -> None:
    """They know each other from now on: each wrote to the other yesterday and today."""
    pairs = [(one.account, other.account), (other.account, one.account)]
    posts = [post(*pair) | {"at": at} for at in (now(-86_400), now()) for pair in pairs]
    with server.client("connector") as connector:
        results = good(connector.post("/v1/events", json=posts))["results"]
    assert [result["status"] for result in results] == ["accepted"] * 4, results


@dataclass
class Stream:
    """Server-sent events as they come, read by a thread."""

    events: "queue.Queue[dict[str, str]]" = field(default_factory=queue.Queue)
    open: threading.Event = field(default_factory=threading.Event)
    status: int = 0

    def next(self, limit_s: float = LIMIT_S) -> dict[str, str]:
        """The next event but ``presence``, which comes whenever the server looks."""
        while (event := self.events.get(timeout=limit_s))["event"] == "presence":
            pass
        return event

    def presence(self) -> dict[str, Any]:
        """The next ``presence``."""
        event = self.events.get(timeout=LIMIT_S)
        assert (event["event"], "id" in event) == ("presence", False)
        found: dict[str, Any] = json.loads(event["data"])
        return found


@contextmanager
def stream(server: Server, http: httpx.Client, path: str, last: str | None = None) -> Iterator[Stream]:
    """Reads a stream until the context ends."""
    found = Stream()
    headers = dict(http.headers) | ({"last-event-id": last} if last is not None else {})
    client = httpx.Client(base_url=server.address, headers=headers, cookies=http.cookies, timeout=LIMIT_S)
    context = client.stream("GET", path)
    answer = context.__enter__()
    found.status = answer.status_code

    def read() -> None:
        event: dict[str, str] = {}
        try:
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line.startswith("retry"):
                    found.open.set()
                elif name in ("id", "event", "data"):
                    event[name] = value
                elif not line and event:
                    found.events.put(event | {"at_s": str(time.monotonic())})
                    event = {}
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError):
            pass
        found.events.put({"event": "end"})

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert found.status != 200 or found.open.wait(LIMIT_S)
    try:
        yield found
    finally:
        sock = answer.extensions["network_stream"].get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        reader.join(LIMIT_S)
        context.__exit__(None, None, None)
        client.close()
