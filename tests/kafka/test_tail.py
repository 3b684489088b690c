"""The tail of a stream: the newest, filtered, from an offset or a time, and what follows."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.codec import encode
from schemas.events import ActivityPosted, CheckinArrived, ClockTicked
from schemas.topics import CONFERENCE_LOG
from services.cli.main import tail as command
from streams.workers.ports import Message, typed_message
from tests.cli.conftest import Hallway
from tests.kafka.test_interchange import put

ROOT = Path(__file__).parents[2]
AT = "2026-03-09T10:00:00.000Z"


def tick(number: int, conference: str = "one") -> Message:
    event = ClockTicked(id=f"tick-{number}", at=AT, conference=conference)
    return typed_message(conference, encode(event), "clock.ticked")


@pytest.fixture
def where(kafka_address: str, made_topics: str) -> list[str]:
    """A log of 20 ticks of two conferences, then an arrival, a post and something unreadable; how to reach it."""
    arrived = CheckinArrived(id="arrived", at=AT, conference="one", attendee="a-1", place="hall-b")
    posted = ActivityPosted(id="posted", at=AT, actor="x:ada", hashtags=("hitsm",), mentions=(), conference="one")
    topic = made_topics + CONFERENCE_LOG
    put(kafka_address, topic, [tick(number, "one" if number % 2 else "two") for number in range(20)])
    put(kafka_address, topic, [typed_message("one", encode(arrived), "checkin.arrived")])
    put(kafka_address, topic, [typed_message("one", encode(posted), "activity.posted")])
    put(kafka_address, topic, [typed_message("one", b"\x1b[2Jno json", "clock.ticked")])
    return ["--kafka", kafka_address, "--prefix", made_topics]


def ids(hallway: Hallway, *arguments: str) -> list[str]:
    done = hallway("tail", "log", *arguments)
    assert done.code == 0, done.err
    return [json.loads(line)["id"] for line in done.out.splitlines() if line.startswith(b"{")]


def test_the_newest_and_filters(where: list[str], hallway: Hallway) -> None:
    assert ids(hallway, *where, "--last", "3") == ["arrived", "posted"]  # and what cannot be read, as it is
    assert hallway("tail", "log", *where, "--last", "1").out == b"\x1b[2Jno json\n"
    assert len(ids(hallway, *where)) == 9
    assert ids(hallway, *where, "--type", "checkin") == ["arrived"]
    assert ids(hallway, *where, "--type", "check") == []
    assert ids(hallway, *where, "--hashtag", "#HITsm") == ["posted"]
    assert ids(hallway, *where, "--place", "hall-b") == ["arrived"]
    assert ids(hallway, *where, "--id", "a-1") == ["arrived"]
    assert ids(hallway, *where, "--id", "x:ada", "--conference", "one") == ["posted"]
    two = [f"tick-{number}" for number in range(0, 20, 2)]
    assert ids(hallway, *where, "--conference", "two", "--last", "100") == two
    assert ids(hallway, *where, "--type", "clock.ticked", "--conference", "two", "--last", "2") == two[-2:]
    assert ids(hallway, *where, "--last", "0") == []


def test_from_an_offset_or_a_time(where: list[str], hallway: Hallway) -> None:
    everything = ids(hallway, *where, "--from", "2020-01-01T00:00:00Z")
    assert len(everything) == 22
    assert ids(hallway, *where, "--from", "2020-01-01T00:00:00Z", "--limit", "4") == everything[:4]
    assert ids(hallway, *where, "--from", "2099-01-01T00:00:00Z") == []
    of_two = ids(hallway, *where, "--conference", "two", "--from", "0")
    assert of_two == [f"tick-{number}" for number in range(0, 20, 2)]
    several = hallway("tail", "log", *where, "--from", "3")
    assert (several.code, "Name the conference too" in several.err) == (2, True)
    assert hallway("tail", "log", *where, "--from", "soon").code == 2
    assert hallway("tail", "log", *where, "--last", "-1").code == 2


def test_it_follows(where: list[str], kafka_address: str, made_topics: str) -> None:
    arguments = ["tail", "log", *where, "--follow", "--last", "1", "--limit", "4"]
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", *arguments], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    with process.stdout as printed:
        assert printed.readline() == b"\x1b[2Jno json\n"
        for number in (100, 101, 102):
            put(kafka_address, made_topics + CONFERENCE_LOG, [tick(number)])
            assert json.loads(printed.readline())["id"] == f"tick-{number}"
        assert process.wait(30) == 0


def test_a_terminal_gets_one_line_each_without_control_signs(
    where: list[str], hallway: Hallway, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(command.sys, "stdout", terminal)
    assert hallway("tail", "log", *where, "--last", "3").code == 0
    lines = terminal.getvalue().splitlines()
    assert len(lines) == 3
    assert "checkin.arrived" in lines[0]
    assert "unreadable" in lines[2]
    assert "\x1b[2J" not in terminal.getvalue()


def test_without_an_address_it_is_the_one_that_runs_here(
    tmp_path: Path, hallway: Hallway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["tail", "log"], ["topics", "check"], ["replay", "kafka:///a"]):
        done = hallway(*arguments)
        assert (done.code, "Start one with `hallway kafka up`" in done.err) == (2, True), done.err
