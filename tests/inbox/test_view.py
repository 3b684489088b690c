"""What leaves the server: over random outputs nothing forbidden is in an attendee's bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from schemas.outputs import AnyOutput, Kind, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn, Reason
from services.inbox.entries import plan_delivery
from services.inbox.memory import MemoryInboxes
from tests.inbox.made import AT, CAUSES, CONFERENCE, agreed, suggested, withdrawn
from tests.inbox.seen import awaited, inbox

# Texts of different alphabets: what is found in the bytes can have come from one field only.
SECRET = st.text("QWXYZ", min_size=12, max_size=20)
SHOWN = st.text("abcdef", min_size=1, max_size=8)
FIELDS = {
    "suggested": {"kind", "card", "at", "why"},
    "agreed": {"kind", "card", "at", "your_place", "their_place"},
    "located": {"kind", "card", "at", "their_place"},
    "withdrawn": {"kind", "card"},
}
WHY = {"kind", "hashtag", "count", "last_at"}


@st.composite
def _outputs(draw: st.DrawFn) -> tuple[AnyOutput, set[str]]:
    """An output and the texts that may reach nobody."""
    ids = draw(st.lists(SECRET, min_size=8, max_size=8, unique=True))
    one, two, post_1, post_2, cause_id, own_id, source, conference = ids
    common: dict[str, Any] = {
        "id": own_id,
        "at": AT,
        "conference": conference,
        "match": draw(SHOWN),
        "caused_by": cause_id,
        "position": f"{draw(st.integers(1, 10**9))}-{draw(st.integers(0, 9))}",
    }
    pair = (one, two)
    to = draw(st.sampled_from([pair, (one,), (two,)]))
    kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (("conversation", (post_1, post_2)), ("chat", (post_2,)))
    reasons = tuple(
        Reason(kind=kind, hashtag=draw(st.none() | SHOWN), count=draw(st.integers(1, 99)), last_at=AT, posts=posts)
        for kind, posts in kinds
    )
    places = {one: draw(st.none() | SHOWN), two: draw(st.none() | SHOWN)}
    outputs: list[AnyOutput] = [
        MatchSuggested(**common, to=to, attendees=pair, score=0.7391, reasons=reasons, near=draw(st.booleans())),
        MatchAgreed(**common, to=pair, attendees=pair, places=places),
        MatchLocated(**common, to=(one,), attendee=two, place=draw(SHOWN)),
        MatchWithdrawn(**common, to=to, attendees=pair, cause=draw(st.sampled_from(CAUSES))),
    ]
    output = draw(st.sampled_from(outputs))
    return output, {*ids, source, "7391", *({output.cause} if isinstance(output, MatchWithdrawn) else ())}


@given(_outputs())
def test_nothing_forbidden_is_in_an_attendees_bytes(drawn: tuple[AnyOutput, set[str]]) -> None:
    output, forbidden = drawn
    delivery = plan_delivery(output)
    assert [entry.attendee for entry in delivery.entries] == list(output.to)
    for entry in delivery.entries:
        said = entry.view.decode()
        assert not [secret for secret in forbidden if secret in said]
        view = json.decode(entry.view)
        assert set(view) == FIELDS[entry.kind]
        assert all(set(why) == WHY for why in view.get("why", ()))


@pytest.mark.parametrize("to", [["ada"], ["bob"], ["ada", "bob"]])
def test_all_withdrawals_look_alike(to: list[str]) -> None:
    views = {
        entry.view
        for cause in CAUSES
        for position in ("7-0", "81-3")
        for entry in plan_delivery(withdrawn(position, ("ada", "bob"), cause=cause, to=to)).entries
    }
    assert views == {b'{"kind":"withdrawn","card":"m1"}'}


@awaited
async def test_who_is_not_in_to_gets_nothing() -> None:
    async with MemoryInboxes() as inboxes:
        await inboxes.rebuild(CONFERENCE, [suggested("3-0", ("ada", "bob"), to=["ada"]), agreed("4-0", ("cy", "dee"))])
        assert len(await inbox(inboxes, "ada")) == 1
        assert await inbox(inboxes, "bob") == []


def test_agreed_shows_each_side_the_places_as_they_share_them() -> None:
    output = agreed("3-0", ("ada", "bob"), places={"ada": "hall-a", "bob": None})
    ada, bob = (json.decode(entry.view) for entry in plan_delivery(output).entries)
    assert (ada["your_place"], ada["their_place"]) == ("hall-a", None)
    assert (bob["your_place"], bob["their_place"]) == (None, "hall-a")
