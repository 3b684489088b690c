"""A type that is not fully declared is refused, with a sentence that says what is missing where."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from schemas.codec import Codec, Record, encode
from schemas.events import BY_NAME, KINDS, Event, EventSpec, Learner, Log, Rule, SpecError, learned_by, sample_of
from schemas.events.base import AttendeeEvent
from schemas.events.check import check, check_handlers
from schemas.events.fields import is_short, text_fields
from schemas.events.texts import Account, ConferenceId, Method, Person, PlaceId, PostId, Text, Title

GOOD: dict[str, Any] = {
    "meaning": "Somebody wrote it down",
    "senders": {"attendee": Rule.SELF},
    "log": Log.CONFERENCE,
    "learners": (),
    "subject": "attendee",
    "sample": {},
}


def noted(fields: dict[str, Any], **spec: Any) -> type[Event]:
    """A type with these fields of its own."""
    namespace = {"__annotations__": dict(fields), "__module__": __name__, "spec": EventSpec(**GOOD | spec)}
    return type(Struct)("Noted", (AttendeeEvent,), namespace, frozen=True, kw_only=True, tag="attendee.noted")


def faults(kind: type[Event]) -> str:
    """What is said against it, and against nothing else."""
    with pytest.raises(SpecError) as refused:
        check([*KINDS, kind])
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"attendee.noted ({__name__.replace('.', '/')}.py): ") for line in lines)
    assert all(line.endswith(".") for line in lines)
    return str(refused.value)


def test_a_type_that_says_all_is_taken() -> None:
    check([*KINDS, noted({})])
    check([*KINDS, noted({"place": PlaceId, "whom": Person}, exported=("place",), withheld=("whom",),
                         sample={"place": "hall-b", "whom": "x:bob"})])  # fmt: skip


def test_a_type_without_a_spec_is_refused() -> None:
    class Bare(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.noted"):
        """Nothing is said of it."""

    assert "it has no spec. Write spec = EventSpec(...) into it, with meaning, senders, log" in faults(Bare)


@pytest.mark.parametrize("missing", GOOD)
def test_nothing_of_a_spec_can_be_left_out(missing: str) -> None:
    with pytest.raises(TypeError, match=f"missing 1 required keyword-only argument: '{missing}'"):
        EventSpec(**{name: value for name, value in GOOD.items() if name != missing})


class Somebody(Struct, frozen=True):
    """An account inside of another Struct."""

    account: Account


BAD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("whom does not say what text it is. Give it a type of schemas/events/texts.py.", {"whom": str}, {}),
    ("whom does not say what text it is", {"whom": tuple[str, ...]}, {}),
    ("whom does not say what text it is", {"whom": str | None}, {}),
    ("whom does not say what text it is", {"whom": dict[str, int]}, {}),
    ("whom.account names somebody inside another Struct", {"whom": Somebody}, {}),
    ("whom names several; only accounts", {"whom": tuple[Person, ...]}, {}),
    ("place has to be in exported (the subject gets it) or in withheld", {"place": PlaceId}, {}),
    ("place has to be in exported", {"place": PlaceId}, {"exported": ("place",), "withheld": ("place",)}),
    ("its spec names plaice, which is no field of its own", {}, {"exported": ("plaice",)}),
    ("its spec names attendee, which is no field of its own", {}, {"withheld": ("attendee",)}),
    ("its spec names plaice, which is no field of its own", {}, {"notes": {"plaice": "(where)"}}),
    ("its subject is actor, and it has no such field", {}, {"subject": "actor"}),
    ("it has no subject, so nobody can export its fields", {}, {"subject": None, "exported": ("source",)}),
    ("the field that has a post's id is to be named as its post", {"deleted": PostId}, {"withheld": ("deleted",)}),
    ("it holds accounts of an attendee, and names no account", {}, {"holds": "claimed"}),
    ("its log is CONFERENCE if it has to name one", {}, {"log": Log.ROUTED}),
    ("what is routed is about a post, and nothing else is", {}, {"post": "id"}),
    ("nobody may send it. Name a role in senders", {}, {"senders": {}}),
    ("connector may send it by POSTS, which is for events with actor", {}, {"senders": {"connector": Rule.POSTS}}),
    ("note is free text, and attendee could write somebody's name into it", {"note": Title}, {}),
    ("note is free text, and organizer could write", {"note": Method}, {"senders": {"organizer": Rule.OWN}}),
    ("its sample is none: Object missing required field `place`", {"place": PlaceId}, {"exported": ("place",)}),
    ("its sample has plaice, which is no field of it", {}, {"sample": {"plaice": "hall-b"}}),
    ("its spec has no meaning", {}, {"meaning": ""}),
]


@pytest.mark.parametrize(("said", "fields", "spec"), BAD, ids=[said for said, _, _ in BAD])
def test_what_is_wrong_with_a_spec_is_reported(said: str, fields: dict[str, Any], spec: dict[str, Any]) -> None:
    assert said in faults(noted(fields, **spec))


def test_all_faults_are_reported_at_once() -> None:
    said = faults(noted({"whom": str, "place": ConferenceId}, senders={}))
    assert len(said.splitlines()) == 5  # the text, twice where it goes, the senders, the sample


def test_handlers_that_are_missing_or_too_many_are_refused() -> None:
    kinds = learned_by(Learner.DELIVERY)
    check_handlers(kinds, kinds, "The table")
    with pytest.raises(SpecError, match=r"^The table does not say what to do with attendee\.noted\.$"):
        check_handlers(kinds, {*kinds, noted({})}, "The table")
    with pytest.raises(SpecError, match=r"^The table handles Noted, which never come there by their specs\.$"):
        check_handlers({*kinds, noted({})}, kinds, "The table")


@pytest.mark.parametrize("name", BY_NAME)
def test_each_sample_is_good_and_stays_as_it_is_written(name: str) -> None:
    line = msgspec.json.encode(sample_of(BY_NAME[name]))
    record = Codec().decode(line)
    assert isinstance(record, Record), record
    assert type(record.event) is BY_NAME[name]
    assert msgspec.json.decode(encode(record.event)) == msgspec.json.decode(line)


def test_texts_with_bounds_make_a_short_event() -> None:
    short = {name for name, kind in BY_NAME.items() if is_short(kind)}
    assert {"checkin.arrived", "checkin.left", "activity.deleted", "match.answered"} <= short
    assert short.isdisjoint({"conference.opened", "attendee.registered", "activity.posted", "account.verified"})


def test_the_kinds_of_texts_are_read_from_the_annotations() -> None:
    found = {field.name: (field.text, field.is_tuple) for field in text_fields(BY_NAME["conference.opened"])}
    assert found["chats.time_zone"] == (Text.TIME_ZONE, True)
    assert found["organizer"] == (Text.ORGANIZER, False)
    assert found["hashtags"] == (Text.HASHTAG, True)
