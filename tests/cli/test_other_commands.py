"""`hallway simulate` and `schema`; pacing without waiting."""

from pathlib import Path

import pytest

from schemas.codec import Codec, Record
from services.cli.streams.pacing import Pacer, parse_speed
from services.tools.simulation import simulate
from tests.cli.conftest import Hallway

SMALL = ("--attendees", "40", "--posts", "300", "--days", "1")


def test_simulate_gives_the_same_for_the_same_seed(hallway: Hallway, tmp_path: Path) -> None:
    first = hallway("simulate", *SMALL)
    assert (first.code, first.err) == (0, "")
    assert first.out == b"".join(simulate(attendees=40, posts=300, days=1, seed=1))
    assert hallway("simulate", *SMALL, "--seed", "2").out != first.out
    hallway("simulate", *SMALL, "--output", tmp_path / "day.jsonl")
    assert (tmp_path / "day.jsonl").read_bytes() == first.out


def test_what_is_simulated_can_be_replayed_and_listed(hallway: Hallway, tmp_path: Path) -> None:
    hallway("simulate", "--days", "1", "--output", tmp_path / "day.jsonl")
    assert hallway("replay", tmp_path / "day.jsonl").rows
    assert hallway("ties", tmp_path / "day.jsonl", "--conference", "health-it-2026").rows


def test_schema_writes_and_checks(hallway: Hallway, tmp_path: Path) -> None:
    assert hallway("schema", "--check", "--folder", tmp_path).code == 1
    assert hallway("schema", "--folder", tmp_path).code == 0
    assert {"events.schema.json", "outputs.schema.json"} <= {path.name for path in tmp_path.iterdir()}
    current = hallway("schema", "--check", "--folder", tmp_path)
    assert (current.code, current.err) == (0, "")
    (tmp_path / "events.schema.json").write_bytes(b"{}")
    stale = hallway("schema", "--check", "--folder", tmp_path)
    assert stale.code == 1
    assert "events.schema.json" in stale.err


def test_pacing_follows_the_log() -> None:
    now = [100.0]
    pacer = Pacer(10.0, lambda: now[0])

    def record(at: str, recorded: str | None = None) -> Record:
        extra = f',"recorded_at":"{recorded}"' if recorded else ""
        text = f'{{"type":"clock.ticked","id":"1","at":"{at}","conference":"c"{extra}}}'
        found = Codec().decode(text.encode())
        assert isinstance(found, Record)
        return found

    assert pacer.wait(record("2026-03-09T10:00:00Z")) == 0
    assert pacer.wait(record("2026-03-09T10:00:20Z")) == 2.0
    now[0] = 101.5
    assert pacer.wait(record("2026-03-09T10:00:20Z")) == 0.5
    now[0] = 105.0
    assert pacer.wait(record("2026-03-09T10:00:20Z")) == 0
    assert pacer.wait(record("2026-03-09T09:00:00Z", "2026-03-09T10:01:00Z")) == 1.0


@pytest.mark.parametrize(("text", "speed"), [("max", None), ("1x", 1.0), ("10x", 10.0), ("0.5x", 0.5), ("600", 600.0)])
def test_speeds(text: str, speed: float | None) -> None:
    assert parse_speed(text) == speed
