"""How an older form of an event stays readable: the way, shown with an invented one."""

from typing import Any

import msgspec
import pytest

from schemas.codec import Codec
from schemas.events import CheckinArrived
from schemas.versions import UPCASTERS
from tests.schemas.kept import Json, bad, changed, good

OLD = {"type": "badge.scanned", "id": "e:1", "at": "2026-03-09T10:00:00Z", "conference": "himss26", "badge": "a-00001"}


def from_badge(old: Json) -> Json:
    """The invented v1 said ``badge`` and ``hall``; what became of it says ``attendee`` and ``place``."""
    new = {name: value for name, value in old.items() if name not in {"badge", "hall"}}
    return {**new, "type": "checkin.arrived", "attendee": old.get("badge"), "place": old.get("hall")}


@pytest.fixture
def codec() -> Codec:
    return Codec(upcasters={**UPCASTERS, "badge.scanned": from_badge})


def line(**fields: Any) -> bytes:
    """The old event with other fields."""
    return msgspec.json.encode({**OLD, **fields})


def test_an_older_event_becomes_todays(codec: Codec) -> None:
    record = good(line(hall="hall-b"), codec)
    assert record.event == CheckinArrived(
        id="e:1", at="2026-03-09T10:00:00Z", conference="himss26", attendee="a-00001", place="hall-b"
    )


def test_an_older_event_is_checked_as_todays_are(codec: Codec) -> None:
    assert bad(line(badge="a b"), codec).field == "attendee"
    assert bad(line(badge=5), codec).field == "attendee"
    assert bad(line(at="yesterday"), codec).field == "at"
    assert bad(msgspec.json.encode({"type": "badge.scanned"}), codec).field is not None


def test_an_upcaster_that_fails_on_a_bad_event_is_a_reject() -> None:
    strict = Codec(upcasters={"badge.scanned": lambda old: {**old, "attendee": old["badge"].lower()}})
    assert bad(line(badge=5), strict).reason
    assert bad(msgspec.json.encode({"type": "badge.scanned"}), strict).reason


def test_without_an_upcaster_it_is_unknown() -> None:
    assert bad(line()).field == "type"


def test_todays_events_do_not_notice(codec: Codec) -> None:
    assert good(changed("clock.ticked"), codec) == good(changed("clock.ticked"))


def test_an_old_event_in_a_block_sends_it_to_be_read_line_by_line(codec: Codec) -> None:
    assert codec.decode_all(b"\n".join([changed("clock.ticked"), line()])) is None
