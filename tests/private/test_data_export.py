"""What an attendee gets of the log's events: what the specs export to them, and nothing that nobody thought of."""

from typing import Any

import pytest

from schemas.events import BY_NAME, Event, sample_of
from services.admission.sender import OWNER, source_of
from services.api.attendee.exported_events import exported
from tests.schemas.declared import EXPORTED

ADA, TOKEN = "ada", "p:0123456789abcdef01234567"
COMMON = {"type", "id", "at", "recorded_at", "conference"}


def whole(kind: type[Event]) -> dict[str, Any]:
    """An event of Ada's with every field of its type, and one that no type has."""
    said = dict.fromkeys(kind.__struct_fields__, "somebody") | sample_of(kind)
    mine = {"attendee": ADA, "actor": TOKEN, "recorded_at": "2027-03-09T14:05:01.000Z", "conference": "himss-2027"}
    return said | {name: text for name, text in mine.items() if name in said} | {"invented": "somebody"}


@pytest.mark.parametrize("name", BY_NAME)
def test_each_event_gives_its_subject_the_fields_of_its_own(name: str) -> None:
    event = whole(BY_NAME[name])
    found = exported(event, ADA, {TOKEN})
    fields = EXPORTED[name]
    if fields is None:
        assert (found, BY_NAME[name].spec.subject) == (None, None)
        return
    assert found is not None
    assert found.keys() == COMMON | fields
    assert found.items() <= event.items()


@pytest.mark.parametrize("name", BY_NAME)
def test_nobody_gets_what_is_of_somebody_else(name: str) -> None:
    event = whole(BY_NAME[name])
    assert exported(event, "bob", {"p:ffffffffffffffffffffffff"}) is None


def test_an_unknown_type_and_a_block_by_the_logs_owner_are_left_out() -> None:
    assert exported({"type": "attendee.invented", "attendee": ADA, "note": "x"}, ADA, set()) is None
    blocked = whole(BY_NAME["attendee.blocked"])
    assert exported(blocked, ADA, set()) is not None
    assert exported(blocked | {"source": source_of(OWNER)}, ADA, set()) is None
