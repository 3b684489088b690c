"""Answers to a match."""

from typing import Literal

from schemas.events.base import AttendeeEvent
from schemas.events.spec import EventSpec, Log, Rule
from schemas.events.texts import MatchId, PlaceId

Answer = Literal["accepted", "later", "declined", "met", "not_met", "here"]


class MatchAnswered(AttendeeEvent, frozen=True, kw_only=True, tag="match.answered"):
    """An answer of one of the two to a match; ``here`` names a place."""

    match: MatchId
    answer: Answer
    place: PlaceId | None = None

    spec = EventSpec(
        meaning="An answer of one of the two to a match",
        senders={"attendee": Rule.SELF},
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        exported=("match", "answer", "place"),
        notes={"place": "(needed by `here`)"},
        sample={"match": "m-9447ee028b88a72cec91b207", "answer": "here", "place": "hall-b"},
    )


MatchInput = MatchAnswered
