"""The JSON Schema files: current, valid, and they say what the codec says."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas.codec import Codec, Record, encode_output
from schemas.json_schema import DIALECT, documents
from schemas.outputs import DeadLetter, Tie
from schemas.times import millis
from services.tools.simulation import simulate
from streams.replay import Replay
from tests.schemas.kept import LEFT_OUT, LINES, bad, changed

FOLDER = Path(__file__).parents[2] / "docs" / "schema"
TIMES = FormatChecker(formats=())
TIMES.checks("date-time", raises=ValueError)(lambda text: not isinstance(text, str) or millis(text) >= 0)
OPENED = "conference.opened"


@cache
def validator(name: str, part: str | None = None) -> Draft202012Validator:
    """Of a whole file, or of one of its definitions."""
    schema = json.loads(documents()[name])
    if part is not None:
        schema = {"$schema": DIALECT, "$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return Draft202012Validator(schema, format_checker=TIMES)


def faults(name: str, value: Any) -> list[str]:
    """What the schema has against it."""
    return [fault.message for fault in validator(name).iter_errors(value)]


def is_event(line: bytes) -> bool:
    return bool(validator("events.schema.json").is_valid(json.loads(line)))


@pytest.mark.parametrize("name", ["events.schema.json", "outputs.schema.json"])
def test_the_files_are_current(name: str) -> None:
    assert (FOLDER / name).read_bytes() == documents()[name], "docs/schema is old: run `make schema`"


def test_there_are_no_other_files() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*documents(), "asyncapi.json"}


@pytest.mark.parametrize("name", ["events.schema.json", "outputs.schema.json"])
def test_the_files_are_valid_and_in_one_form(name: str) -> None:
    content = documents()[name]
    schema = json.loads(content)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    assert content == documents()[name]
    assert content.decode() == json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    for definition in schema["$defs"].values():
        assert definition["description"]
        assert "  " not in definition["description"]
        assert set(definition["required"]) <= set(definition["properties"])


def test_the_bounds_are_reported() -> None:
    defs = json.loads(documents()["events.schema.json"])["$defs"]
    weekday, minutes = (defs["Chat"]["properties"][name]["anyOf"][0] for name in ("weekday", "minutes"))
    assert (weekday["minimum"], weekday["maximum"]) == (0, 6)
    assert (minutes["minimum"], minutes["maximum"]) == (1, 1440)
    assert defs["Policy"]["additionalProperties"] is False
    assert defs["ClockTicked"]["properties"]["conference"]["pattern"]
    assert defs["ClockTicked"]["properties"]["at"]["format"] == "date-time"
    assert defs["ClockTicked"]["required"] == ["type", "id", "at", "conference"]


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["id"] for line in LINES])
def test_good_samples_validate(line: bytes) -> None:
    assert faults("events.schema.json", json.loads(line)) == []


def test_unknown_fields_validate() -> None:
    assert is_event(changed("clock.ticked", x={"y": 1}))


WINDOW: dict[str, Any] = {"weekday": 4, "start": "12:00", "minutes": 60, "time_zone": "America/New_York"}
BAD: list[tuple[str, dict[str, Any]]] = [
    ("clock.ticked", {"type": "clock.tocked"}),
    ("clock.ticked", {"type": LEFT_OUT}),
    ("clock.ticked", {"type": "match.agreed"}),
    ("clock.ticked", {"id": LEFT_OUT}),
    ("clock.ticked", {"id": ""}),
    ("clock.ticked", {"at": LEFT_OUT}),
    ("clock.ticked", {"at": 5}),
    ("clock.ticked", {"at": "2026-03-09T10:00:00"}),
    ("clock.ticked", {"conference": "a b"}),
    ("clock.ticked", {"conference": "a" * 129}),
    ("clock.ticked", {"conference": ""}),
    ("checkin.arrived", {"place": "a:b"}),
    ("checkin.arrived", {"attendee": None}),
    ("activity.posted", {"mentions": "x:ada"}),
    ("activity.posted", {"hashtags": [5]}),
    ("attendee.registered", {"consent": {"matching": True}}),
    ("consent.changed", {"chats": "yes"}),
    ("match.answered", {"answer": "maybe"}),
    ("match.answered", {"answer": "here"}),
    ("match.answered", {"answer": "here", "place": None}),
    (OPENED, {"matching": {"per_week": 3}}),
    (OPENED, {"matching": {"presence_hours": 0}}),
    (OPENED, {"matching": {"accounts": "all"}}),
    (OPENED, {"matching": None}),
    (OPENED, {"places": [{"name": "Hall B"}]}),
    (OPENED, {"chats": [{}]}),
    (OPENED, {"chats": [{"hashtag": "a", **WINDOW, "weekday": 7}]}),
    (OPENED, {"chats": [{"hashtag": "a", **WINDOW, "minutes": 1441}]}),
    (OPENED, {"chats": [{"hashtag": "a", **WINDOW, "minutes": 0}]}),
    *[(OPENED, {"chats": [{"hashtag": "a", name: value}]}) for name, value in WINDOW.items()],
    *[(OPENED, {"chats": [{"hashtag": "a", **WINDOW, name: None}]}) for name in WINDOW],
]


@pytest.mark.parametrize(("kind", "fields"), BAD, ids=repr)
def test_bad_events_fail_here_and_in_the_codec(kind: str, fields: dict[str, Any]) -> None:
    line = changed(kind, **fields)
    bad(line)
    assert not is_event(line)


def test_the_outputs_of_a_fold_validate() -> None:
    codec, replay = Codec(), Replay()
    check = validator("outputs.schema.json")
    events, kinds = validator("events.schema.json"), set()
    for number, line in enumerate(simulate(attendees=400, posts=10_000, days=3, seed=3)):
        if number % 40 == 0:
            events.validate(json.loads(line))
        record = codec.decode(line)
        assert isinstance(record, Record)
        for output in replay.feed(record):
            shown = json.loads(encode_output(output))
            check.validate(shown)
            kinds.add(shown["type"])
            assert not check.is_valid({**shown, "to": "a-1"})
            assert not check.is_valid({**shown, "match": 5})
            assert not check.is_valid({name: value for name, value in shown.items() if name != "conference"})
    assert kinds == {"match.suggested", "match.agreed", "match.located", "match.withdrawn"}


def test_ties_and_dead_letters_are_described_too() -> None:
    tie = Tie(a="a-1", b="a-2", score=0.5, known=True, reasons=())
    letter = DeadLetter(reason="type is missing.", field=None, source="-", position=1, bytes="e30=", at=None)
    for shown in (tie, letter):
        check = validator("outputs.schema.json", type(shown).__name__)
        said = json.loads(encode_output(shown))
        check.validate(said)
        for name in said:
            assert not check.is_valid({other: said[other] for other in said if other != name})
    assert not validator("outputs.schema.json").is_valid(json.loads(LINES[0]))
