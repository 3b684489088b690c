"""The process of ``hallway serve``: started, watched, killed, stopped; and its people.

Invariants: it never sleeps for a fixed time; it waits for conditions, within a limit.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import httpx

from services.directory.sqlite import SqliteDirectory
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.processes import termination as ending
from tests.api import people
from tests.api.people import ALL, CONFERENCE, OPENING, good
from tests.forked import Forked, ForkServer

LIMIT_S = 60.0  # on a busy machine
OPENED = OPENING | {"matching": {"accounts": "claimed", "per_hour": 60, "per_day": 200}}
CANARY = "canary"  # in every name, address, account, post and bad line: a log line may have none of it
_SERVES = re.compile(r"Hallway serves at (\S+) ")


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


until = partial(people.until, limit_s=LIMIT_S)


class Hallway:
    """``hallway serve`` on a data folder; its keys are made before it first starts."""

    def __init__(self, forks: ForkServer, folder: Path, redis_url: str | None = None) -> None:
        self.data, self.errors = folder / "data", folder / "errors.log"
        self.address, self.pid = "", 0
        self.forks, self._out = forks, folder / "out.log"
        self._process: Forked | None = None
        self._arguments = ["serve", "--data", str(self.data), "--port", "0"]
        if redis_url is not None:
            self._arguments += ["--redis", redis_url]
        self.data.mkdir(parents=True, exist_ok=True)
        directory = SqliteDirectory(self.data / "directory", clock)
        self.keys = {
            "organizer": directory.keys.issue_key("organizer", "org-1"),
            "operator": directory.keys.issue_key("operator", "root"),
            "connector": directory.keys.issue_key("connector", "posts"),
            "scanner": directory.keys.issue_key("connector", "doors", [CONFERENCE], checkins=True),
        }
        directory.close()

    def start(self, *, wait: bool = True) -> None:
        """Starts it; ``wait``: until it serves."""
        before = self.logged()
        self._process = self.forks.start("services.cli.main:main", self._arguments, self._out, self.errors)
        self.pid = self._process.pid
        if wait:
            self.address = until(lambda: _SERVES.findall(self.logged()[len(before) :]))[0]

    def kill(self) -> None:
        """``kill -9``."""
        os.kill(self.pid, signal.SIGKILL)
        self._ended()

    def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and how many seconds it took."""
        began = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        code = self._ended()
        return code, time.monotonic() - began

    def _ended(self) -> int:
        assert self._process is not None
        try:
            code = self._process.wait(LIMIT_S)
        finally:
            self._process.kill()
            self.pid = 0
        return code

    def end(self) -> None:
        """``kill -9`` where it still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(LIMIT_S)
            self.pid = 0

    @contextmanager
    def running(self) -> Iterator["Hallway"]:
        """Serves as long as the context."""
        self.start()
        try:
            yield self
        finally:
            if self.pid:
                self.stop()

    # -- its store ---------------------------------------------------------------------------------------------------

    @property
    def store_socket(self) -> str:
        """Where a client finds the embedded store."""
        return unquote(EmbeddedValkey(self.data / "valkey").url.removeprefix("unix://"))

    def logged(self) -> str:
        """All that it and its forerunners logged. (On standard output stands the first key, once, for a person.)"""
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def store_pid(self) -> int | None:
        """The embedded store's process, if it runs."""
        pid = ending.read_pid(self.data.resolve() / "valkey" / "valkey.pid")
        return None if pid is None or self.store_is_gone(pid) else pid

    def store_is_gone(self, pid: int) -> bool:
        """Whether no store of this folder runs under this id."""
        return not ending.is_running(pid, self.data.resolve() / "valkey" / "valkey.conf")

    # -- speaking to it ----------------------------------------------------------------------------------------------

    def client(self, key: str | None = None, session: str = "") -> httpx.Client:
        """With a key, or with a session as a browser has it. Close it."""
        headers = {"authorization": f"Bearer {self.keys[key]}"} if key else {"x-hallway": "1"}
        cookies = {"hallway_session": session} if session else None
        return httpx.Client(base_url=self.address, headers=headers, cookies=cookies, timeout=LIMIT_S, verify=False)  # noqa: S501  # plain http; saves loading certificates

    def gauges(self) -> dict[str, float]:
        """What it says of itself to Prometheus."""
        with self.client() as http:
            lines = [line for line in http.get("/metrics").text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def people(self, count: int) -> list["Person"]:
        """Opens the conference and registers so many, each with a session and an account, claimed."""
        with self.client("organizer") as organizer, self.client() as browser:
            good(organizer.put(f"/v1/conferences/{CONFERENCE}", json=OPENED))
            return [_registered(organizer, browser, number) for number in range(count)]


@dataclass
class Person:
    """An attendee: the id, and the session that outlives the process."""

    id: str
    session: str
    account: str


def _registered(organizer: httpx.Client, browser: httpx.Client, number: int) -> Person:
    account = f"x:{CANARY}{number}"
    about = {"name": f"{CANARY} {number}", "email": f"{CANARY}{number}@example.org", "show_name": True}
    body = about | {"accounts": [account], "consent": ALL}
    made = good(organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=body))
    answer = browser.post("/v1/session", json={"link": made["link"].partition("#")[2]})
    good(answer)
    session = answer.cookies["hallway_session"]
    browser.cookies.clear()
    return Person(made["attendee"], session, account)


def proc_files(pid: int) -> int:
    """Open files of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
