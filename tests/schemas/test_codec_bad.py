"""What the codec refuses: each reject names the right field, reads as a sentence, and gives the bytes back."""

import json
from typing import Any

import pytest

from schemas.codec import EVENT_BYTES, Codec
from schemas.faults import OUTPUT_TYPES
from schemas.json_schema import documents
from tests.schemas.kept import LEFT_OUT, TYPES, bad, changed

POST, OPENED, ANSWER = "activity.posted", "conference.opened", "match.answered"
HUGE = 10**30


# -- the line ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"type":"clock.ticked"',
        b"not json",
        changed("clock.ticked") + b"}",
        changed("clock.ticked") + changed("clock.ticked"),
        changed("clock.ticked", x="?").replace(b'"?"', b"NaN"),
        changed("clock.ticked", x="?").replace(b'"?"', b"-Infinity"),
        changed("clock.ticked", id="?").replace(b"?", b"\xff\xfe"),
        changed("clock.ticked", id="?").replace(b"?", b"\xed\xa0\x80"),  # a lone surrogate in UTF-8
        changed("clock.ticked", id="?").replace(b"?", b"\\ud800"),
        changed("clock.ticked", id="?").replace(b"?", b"\x00"),
        b"\xef\xbb\xbf" + changed("clock.ticked"),
        b'{"type":"clock.ticked","x":' + b"[" * 60_000,
    ],
    ids=lambda line: repr(line[-24:]),
)
def test_what_is_no_json_says_so(line: bytes) -> None:
    reject = bad(line)
    assert "JSON" in reject.reason
    assert reject.field is None


@pytest.mark.parametrize("line", [b"[" * 60_000, b'{"type":"zzz", ', b'{"type":"zzz","x":' + b"[" * 9_000])
def test_what_is_broken_after_the_fault_is_not_said_to_lack_a_type(line: bytes) -> None:
    assert "missing" not in bad(line).reason


def test_deep_nesting_is_refused_and_no_crash() -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        deep = opening * 9_000 + b"1" + closing * 9_000
        reject = bad(b'{"type":"clock.ticked","x":' + deep + b"}")
        assert "nested too deeply" in reject.reason
        bad(b'{"type":"zzz","x":' + deep + b"}")
        bad(deep)


@pytest.mark.parametrize("line", [b"[]", b"null", b"5", b'"text"', b"[{}]"])
def test_an_event_is_an_object(line: bytes) -> None:
    assert bad(line).reason == "An event is a JSON object."


def test_an_event_of_65537_bytes_is_refused() -> None:
    line = changed("clock.ticked", filler="")
    line = changed("clock.ticked", filler="a" * (EVENT_BYTES + 1 - len(line)))
    assert len(line) == 65_537
    assert "65,537" in bad(line).reason
    assert "65,536" in bad(line).reason
    assert Codec().decode_all(line) is None


# -- the type ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["zzz", "", "Clock.Ticked", "clock.ticked.v2", "match", 5, None, True, [], {}, [["a"]]], ids=repr
)
def test_an_unknown_type_is_refused(kind: Any) -> None:
    reject = bad(json.dumps({"type": kind, "id": "1"}).encode())
    assert reject.field == "type"
    assert "known" in reject.reason


def test_a_long_type_is_cut_in_the_reason() -> None:
    assert bad(json.dumps({"type": "z" * 60_000}).encode()).field == "type"
    assert bad(b'{"type":' + b"1" * 5_000 + b"}").field == "type"


def test_a_missing_type_is_refused() -> None:
    for line in (b"{}", b'{"id":"1"}'):
        reject = bad(line)
        assert (reject.reason, reject.field) == ("type is missing.", "type")


def test_two_types_are_no_type_that_is_unknown() -> None:
    reject = bad(changed("clock.ticked")[:-1] + b',"type":"conference.closed"}')
    assert reject.field == "type"
    assert "'conference.closed' is not known" not in reject.reason


@pytest.mark.parametrize("kind", sorted(OUTPUT_TYPES))
def test_outputs_are_not_taken_in(kind: str) -> None:
    reject = bad(json.dumps({"type": kind, "id": "1", "at": "2026-03-09T10:00:00Z"}).encode())
    assert reject.field == "type"
    assert kind in reject.reason
    assert "an output of the matcher" in reject.reason


# -- fields --------------------------------------------------------------------------------------------------------

_DEFINED = {
    found["properties"]["type"]["enum"][0]: found["required"]
    for found in json.loads(documents()["events.schema.json"])["$defs"].values()
    if "type" in found["properties"]
}
REQUIRED = [(kind, field) for kind in TYPES for field in sorted(_DEFINED[kind]) if field != "type"]


@pytest.mark.parametrize(("kind", "field"), REQUIRED)
def test_a_missing_field_is_named(kind: str, field: str) -> None:
    reject = bad(changed(kind, **{field: LEFT_OUT}))
    assert reject.field == field
    assert field in reject.reason


@pytest.mark.parametrize("value", [5, True, None, ["a"], {"a": 1}, 1e400, HUGE])
@pytest.mark.parametrize(("kind", "field"), REQUIRED)
def test_a_field_of_a_wrong_type_is_named(kind: str, field: str, value: Any) -> None:
    if value == ["a"] and field in {"hashtags", "mentions"}:
        value = ["a", 5]
    reject = bad(changed(kind, **{field: value}).replace(b"Infinity", b"1e400"))
    assert reject.field is not None
    assert reject.field.partition(".")[0].partition("[")[0] == field  # behind it, what of it
    assert reject.reason.startswith(field)


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        (POST, {"actor": "ada"}, "actor"),
        (POST, {"actor": "x:"}, "actor"),
        (POST, {"actor": ":ada"}, "actor"),
        (POST, {"actor": "x:@"}, "actor"),
        (POST, {"actor": "x:" + "a" * 255}, "actor"),
        (POST, {"mentions": ["x:ada", "grace"]}, "mentions[1]"),
        (POST, {"reply_to": "grace"}, "reply_to"),
        (POST, {"repost_of": ""}, "repost_of"),
        (POST, {"hashtags": ["#"]}, "hashtags[0]"),
        (POST, {"hashtags": ["a", ""]}, "hashtags[1]"),
        (POST, {"conference": "a b"}, "conference"),
        (POST, {"source": "ada"}, "source"),
        (POST, {"source": "robot:1"}, "source"),
        (POST, {"source": "connector:"}, "source"),
        (POST, {"source": "connector:a:b"}, "source"),
        (POST, {"id": ""}, "id"),
        ("attendee.registered", {"accounts": ["ada"]}, "accounts[0]"),
        ("attendee.registered", {"consent": {"matching": True, "chats": True}}, "consent.share_place"),
        ("attendee.registered", {"consent": {"matching": 1, "chats": True, "share_place": True}}, "consent.matching"),
        ("account.verified", {"account": "ada"}, "account"),
        ("attendee.blocked", {"blocked": "a b"}, "blocked"),
        ("attendee.blocked", {"blocked": ":"}, "blocked"),
        ("activity.deleted", {"deleted": ""}, "deleted"),
        ("consent.changed", {"matching": "no"}, "matching"),
        (ANSWER, {"answer": "maybe"}, "answer"),
        (ANSWER, {"answer": "here"}, "place"),
        (ANSWER, {"answer": "here", "place": None}, "place"),
        (ANSWER, {"match": ""}, "match"),
        (OPENED, {"time_zone": "Mars/Olympus"}, "time_zone"),
        (OPENED, {"time_zone": "../etc/passwd"}, "time_zone"),
        (OPENED, {"time_zone": "UTC\x00"}, "time_zone"),
        (OPENED, {"starts_at": "2026-03-09"}, "starts_at"),
        (OPENED, {"ends_at": "2026-03-09T10:00:00"}, "ends_at"),
        (OPENED, {"ends_at": "2026-03-09T12:59:59.999Z"}, "ends_at"),
        (OPENED, {"places": [{"place": "hall b", "name": "Hall B"}]}, "places[0].place"),
        (OPENED, {"places": [{"place": "b"}]}, "places[0].name"),
        (OPENED, {"places": [{"place": "a", "name": "A"}, {"place": "b", "name": 3}]}, "places[1].name"),
        (OPENED, {"places": [{"place": "a", "name": "A"}, "b"]}, "places[1]"),
        (OPENED, {"organizer": "a:b"}, "organizer"),
        (OPENED, {"chats": [{}]}, "chats[0].hashtag"),
        (OPENED, {"chats": [{"hashtag": "a"}, {"hashtag": "#"}]}, "chats[1].hashtag"),
        (OPENED, {"matching": None}, "matching"),
        (OPENED, {"matching": {"accounts": "all"}}, "matching.accounts"),
        (OPENED, {"matching": {"presence_hours": 0}}, "matching.presence_hours"),
        (OPENED, {"matching": {"per_hour": -1}}, "matching.per_hour"),
        (OPENED, {"matching": {"per_day": 2.5}}, "matching.per_day"),
        (OPENED, {"matching": {"evidence_days": HUGE}}, "matching.evidence_days"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_bad_value_names_its_field(kind: str, fields: dict[str, Any], field: str) -> None:
    reject = bad(changed(kind, **fields))
    assert reject.field == field
    assert reject.reason.startswith(field)


@pytest.mark.parametrize("name", ["a" * 129, "", "a b", "a:b", "ä", "a/b", "a\n", "a\x00", "a,b"])
@pytest.mark.parametrize("field", ["conference", "attendee", "place"])
def test_ids_outside_of_their_bounds(field: str, name: str) -> None:
    assert bad(changed("checkin.arrived", **{field: name})).field == field


def test_an_unknown_key_in_matching_is_refused() -> None:
    reject = bad(changed(OPENED, matching={"per_week": 3}))
    assert reject.field == "matching"
    assert "per_week" in reject.reason
