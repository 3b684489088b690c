"""`hallway demo` as a viewer has it: the printed pages, over HTTP alone, and its end by Ctrl-C."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

SET_UP_S = 120.0  # a machine that does other things too
FIRST_CARD_S = 10.0
ANSWER_S = 60.0
END_S = 5.0


class Demo:
    """A demo that plays, and the lines that it prints."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.cli.main", "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TMPDIR": str(folder)},
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def until(self, text: str, limit_s: float = SET_UP_S) -> None:
        """Reads on until a line has it."""
        end = time.monotonic() + limit_s
        while text not in (line := self._lines.get(timeout=max(0.0, end - time.monotonic())) or "…the end"):
            assert line != "…the end", self.said
            self.said += line
        self.said += line

    def links(self) -> list[str]:
        return re.findall(r"http://\S+/welcome#\S+", self.said)


@contextmanager
def playing(folder: Path, *arguments: str) -> Iterator[Demo]:
    demo = Demo(folder, *arguments)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.kill()
        demo.process.wait()
        demo.reader.join(END_S)


@contextmanager
def page(link: str) -> Iterator[httpx.Client]:
    """A browser that opened the link."""
    address, _, secret = link.rpartition("/welcome#")
    with httpx.Client(base_url=address, headers={"x-hallway": "1"}, timeout=20) as http:
        assert http.post("/v1/session", json={"link": secret}).status_code == 200
        yield http


def views(http: httpx.Client, limit_s: float) -> Iterator[dict[str, Any]]:
    """What the stream brings; the limit is for each."""
    with http.stream("GET", "/v1/me/stream", timeout=limit_s) as answer:
        end = time.monotonic() + limit_s
        for line in answer.iter_lines():
            assert time.monotonic() < end, "nothing came in time"
            said = json.loads(line[6:]) if line.startswith("data: ") else {}
            if "kind" in said:
                yield said
                end = time.monotonic() + limit_s


@pytest.mark.slow
def test_the_printed_pages_play(tmp_path: Path) -> None:
    """One demo for all of it: the first card, an answer by hand, those of the others, the organizer's key, the end."""
    with playing(tmp_path, "--speed", "300x") as demo:
        demo.until("The doors open")
        mine, friends = demo.links()
        with page(mine) as me, page(friends.replace("localhost", "127.0.0.1")) as friend:
            coming = views(me, FIRST_CARD_S)
            first = next(coming)
            assert first["kind"] == "suggested"
            assert first["name"] in demo.said  # the friend whose page is printed beside
            assert first["why"]
            coming = views(me, ANSWER_S)
            agreed = next(view for view in coming if answered(me, view) and view["kind"] == "agreed")
            assert agreed["card"] != first["card"]
            cards = me.get("/v1/me/inbox").json()["cards"]
            assert next(card for card in cards if card["card"] == first["card"])["agreed_at"] is None  # nobody plays it
            own = next(card for card in friend.get("/v1/me/inbox").json()["cards"] if card["card"] == first["card"])
            assert say(friend, own["card"]) == 200
            assert next(view for view in coming if view["kind"] == "agreed" and view["card"] == own["card"])
        organizer_sees(demo)
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(END_S) == 0
        assert "Traceback" not in demo.said
    assert list(tmp_path.iterdir()) == []


def answered(me: httpx.Client, view: dict[str, Any]) -> bool:
    return view["kind"] != "suggested" or say(me, view["card"]) in (200, 409)


def say(http: httpx.Client, card: str) -> int:
    return http.post("/v1/me/answers", json={"card": card, "answer": "accepted"}).status_code


def organizer_sees(demo: Demo) -> None:
    found = re.search(r"(http://\S+)/organizer#(\S+)\n  (hw\.key\.\S+)", demo.said)
    assert found is not None
    address, conference, key = found.groups()
    with httpx.Client(base_url=address, headers={"x-hallway": "1"}, timeout=20) as http:
        assert http.post("/v1/organizer-session", json={"key": key}).status_code == 200
        numbers = http.get(f"/v1/conferences/{conference}/overview").json()
    assert numbers["registered"] == 250  # 250 or more; 400 of them signed in
    assert len(numbers["people"]) > 5


def test_a_folder_that_was_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "epoch").write_text("0123456789abcdef\n")
    with playing(tmp_path, "--data", str(tmp_path)) as demo:
        demo.until("is in use already", END_S + SET_UP_S)
        assert demo.process.wait(END_S) == 2
