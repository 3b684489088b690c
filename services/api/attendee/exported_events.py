"""The events of a log that an attendee may export, reduced to the fields that are the attendee's own.

Invariants: this is an allowlist. An event keeps only the fields that its spec exports to its subject; event types and
fields that no spec names are left out.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from schemas.events import BY_NAME, AttendeeBlocked
from schemas.times import format_time
from services.admission.sender import OWNER, source_of
from services.journal import Journal

POSTED = frozenset(name for name, kind in BY_NAME.items() if kind.spec.post == "id")

_MOST_EVENTS = 20_000  # an attendee has some hundred, and as many posts
_OWNER = source_of(OWNER)
_OF_EVERY_EVENT = frozenset({"type", "id", "at", "recorded_at", "conference", "attendee"})
_EXPORTED = {name: _OF_EVERY_EVENT.union(kind.spec.exported) for name, kind in BY_NAME.items()}


def own_events(journal: Journal, conference: str, attendee: str, actors: Collection[str]) -> Iterator[dict[str, Any]]:
    """The attendee's events, and posts by ``actors``, the tokens of the accounts that they proved."""
    marks = [f'"attendee":"{attendee}"'.encode(), *[f'"actor":"{token}"'.encode() for token in sorted(actors)]]
    count = 0
    for row in journal.read(conference):
        if count < _MOST_EVENTS and any(mark in row.line for mark in marks):  # most lines need no decoding
            event = exported(msgspec.json.decode(row.line), attendee, actors)
            if event is not None:
                count += 1
                yield event | {"recorded_at": format_time(row.recorded_at)}


def exported(event: Mapping[str, Any], attendee: str, actors: Collection[str]) -> dict[str, Any] | None:
    """The exported fields of an event of the log; None where the event is not this attendee's.

    ``actors``: the tokens of the accounts that they proved.
    """
    kind = BY_NAME.get(event["type"])
    subject = kind.spec.subject if kind is not None else None
    if subject is None or event.get(subject) not in ({attendee} if subject == "attendee" else actors):
        return None
    if kind is AttendeeBlocked and event.get("source") == _OWNER:
        return None  # it would reveal that somebody who was erased has come back
    return {name: value for name, value in event.items() if name in _EXPORTED[event["type"]]}
