"""Authorization: the table cell by cell, no escalation, which fields the server sets and which it discards."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.events import AttendeeEvent, ConferenceOpened, Input, Role, Rule
from schemas.names import validate_source
from schemas.outputs import AnyOutput
from services.admission.authorization import AHEAD_MS, authorize
from services.admission.permissions import ROLES, TABLE
from services.admission.sender import OWNER, VERIFIER, Authorized, Refused, Sender, sender_of
from services.directory.port import Grant
from tests.admission.sample_events import KINDS, NOW, event, may
from tests.schemas.declared import ROLES as DECLARED_ROLES
from tests.schemas.declared import RULES

HIMS = frozenset({"hims"})
CELLS = [(role, kind, rule) for kind, row in RULES.items() for role, rule in row.items()]


def speaker(role: Role, checkins: bool = True) -> Sender:
    return Sender(role=role, id="a1", conferences=HIMS, checkins=checkins)


@pytest.mark.parametrize(("role", "kind", "rule"), CELLS, ids=lambda value: str(value))
def test_every_cell_is_as_written_and_does_what_it_says(role: Role, kind: str, rule: str) -> None:
    said = event(kind)
    assert TABLE[role, type(said)] is (Rule.NEVER if rule == "-" else Rule[rule])
    good = authorize(speaker(role), said, NOW)
    assert isinstance(good, Refused if rule == "-" else Authorized)
    elsewhere = authorize(speaker(role), event(kind, conference="other"), NOW)
    assert isinstance(elsewhere, Authorized if rule == "ANY" else Refused)
    if isinstance(said, AttendeeEvent):
        other = authorize(speaker(role), event(kind, attendee="a2"), NOW)
        assert isinstance(other, Refused if rule in {"-", "SELF"} else Authorized)
    if rule in {"UPLOAD", "POSTS"}:
        assert isinstance(authorize(speaker(role), event(kind, conference=None), NOW), Authorized)
    if rule == "CHECKIN":
        assert isinstance(authorize(speaker(role, checkins=False), said, NOW), Refused)


def test_the_table_has_every_role_and_type_and_no_output() -> None:
    assert ROLES == DECLARED_ROLES
    assert len(CELLS) == len(TABLE) == len(get_args(Role)) * len(get_args(Input)) >= 90
    assert not {kind for _, kind in TABLE} & set(get_args(AnyOutput))


ids, conferences = st.sampled_from(["a1", "a2", "o1"]), st.sampled_from(["hims", "vive", "other"])
_AS_GRANTED: dict[str, dict[str, Any]] = {
    "attendee": {"conferences": HIMS, "only_checkins": False},
    "connector": {},
}
senders = st.builds(
    Sender,
    role=st.sampled_from(ROLES),
    id=ids,
    conferences=st.frozensets(conferences, max_size=2),
    checkins=st.booleans(),
    only_checkins=st.booleans(),
).map(lambda sender: replace(sender, **_AS_GRANTED.get(sender.role, {"only_checkins": False})))


@settings(max_examples=1_500)
@given(sender=senders, kind=st.sampled_from(KINDS), conference=conferences | st.none(), attendee=ids)
def test_nobody_escalates(sender: Sender, kind: str, conference: str | None, attendee: str) -> None:
    if conference is None and not kind.startswith("activity."):
        conference = "hims"
    wanted = {"source": "organizer:root", "recorded_at": "2026-03-09T11:00:00Z"}
    answer = authorize(sender, event(kind, conference, attendee, **wanted), NOW)
    assert isinstance(answer, Authorized) == may(sender, kind, conference, attendee)
    if isinstance(answer, Authorized):
        said = answer.event
        who = {
            "operator": "connector:operator",
            "verifier": f"connector:{sender.id}",
            "owner": f"connector:{sender.id}",
        }
        assert said.source == validate_source(who.get(sender.role, f"{sender.role}:{sender.id}"))
        assert said.recorded_at is None
    else:
        assert (answer.status, answer.reason[-1]) == (403, ".")


@pytest.mark.parametrize("role", ROLES)
def test_ahead_is_at_most_10_minutes(role: Role) -> None:
    kind = next(kind for kind in KINDS if isinstance(authorize(speaker(role), event(kind), NOW), Authorized))
    edge = event(kind, at="2026-03-09T12:10:00Z")
    assert isinstance(authorize(speaker(role), edge, NOW), Authorized)
    early = authorize(speaker(role), edge, NOW - 1)
    assert isinstance(early, Refused)
    assert (early.status, early.field) == (422, "at")
    assert AHEAD_MS == 600_000
    assert isinstance(authorize(speaker(role), event(kind, at="2001-01-01T00:00:00Z"), NOW), Authorized)


def test_an_organizer_opens_in_its_own_name_only() -> None:
    sender = Sender(role="organizer", id="o1", conferences=HIMS)
    for named in ({}, {"organizer": "somebody-else"}):
        answer = authorize(sender, event("conference.opened", **named), NOW)
        assert isinstance(answer, Authorized)
        assert isinstance(answer.event, ConferenceOpened)
        assert answer.event.organizer == "o1"
    operator = authorize(speaker("operator"), event("conference.opened", organizer="o1"), NOW)
    assert isinstance(operator, Authorized)
    assert isinstance(operator.event, ConferenceOpened)
    assert operator.event.organizer == "o1"


def test_an_upload_goes_to_the_attendees_own_conference() -> None:
    answer = authorize(speaker("attendee"), event("activity.posted", conference=None), NOW)
    assert isinstance(answer, Authorized)
    assert answer.event.conference == "hims"
    answer = authorize(speaker("connector"), event("activity.posted", conference=None), NOW)
    assert isinstance(answer, Authorized)
    assert answer.event.conference is None


@pytest.mark.parametrize("match", ["x:ada", "ada@example.org", "Ada Lovelace"])
def test_a_match_is_no_place_for_a_name(match: str) -> None:
    answer = authorize(speaker("attendee"), event("match.answered", match=match), NOW)
    assert isinstance(answer, Refused)
    assert (answer.kind, answer.field) == ("bad", "match")


def test_a_sender_is_made_from_a_grant() -> None:
    grant = Grant(id="g", role="connector", subject="tito", conferences=("hims",), checkins=True)
    assert sender_of(grant) == Sender(role="connector", id="tito", conferences=HIMS, checkins=True)
    assert sender_of(replace(grant, only_checkins=True)).only_checkins
    for name in (VERIFIER.id, OWNER.id):
        with pytest.raises(AssertionError):
            sender_of(replace(grant, subject=name))
