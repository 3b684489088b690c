"""An attendee's stream as a browser follows it: read by a thread, resumed by ``Last-Event-ID`` after a break.

Invariants: an event that is lost or repeated is always reported.
"""

import json
import socket
import threading
from contextlib import suppress
from typing import Any, Self

import httpx

from tests.server.process import LIMIT_S, Hallway, Person, until


class Watch:
    """``seen``: every event with its position, in the order in which they came; ``resets``: how often told to begin."""

    def __init__(self, hallway: Hallway, who: Person) -> None:
        self.seen: list[dict[str, Any]] = []
        self.resets = 0
        self.open = threading.Event()
        self.who, self._hallway, self._ending = who, hallway, False
        self._answer: httpx.Response | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def last(self) -> str:
        """The position to resume from."""
        return self.seen[-1]["position"] if self.seen else ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.open.wait(LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        if self._answer is not None:
            line = self._answer.extensions["network_stream"].get_extra_info("socket")
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT_S)

    def wait_for(self, count: int) -> None:
        """Until so many were seen."""
        until(lambda: len(self.seen) >= count)

    def _run(self) -> None:
        with self._hallway.client(session=self.who.session) as http:
            while not self._ending:
                with suppress(httpx.HTTPError, httpx.StreamError, OSError):
                    headers = {"last-event-id": self.last()}
                    with http.stream("GET", "/v1/me/stream", headers=headers) as answer:
                        self._answer = answer
                        if answer.status_code == 200:
                            self._read(answer)
                if not self._ending:
                    threading.Event().wait(0.05)  # a browser's pause before it comes again

    def _read(self, answer: httpx.Response) -> None:
        event: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "retry":
                self.open.set()
            elif name in ("id", "event", "data"):
                event[name] = value
            elif not line and event:
                self._take(event)
                event = {}

    def _take(self, event: dict[str, str]) -> None:
        if event["event"] == "reset":
            self.resets += 1
        elif event["event"] not in ("beat", "presence"):  # the line lives; where the attendee is
            self.seen.append({"position": event["id"], "kind": event["event"]} | json.loads(event["data"]))
