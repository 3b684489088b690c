"""The base Structs: of every event, of every event of a conference, and of every event of an attendee.

Invariants: fields are only ever added, with defaults; a changed meaning is a new type ending in ``.v2``.
"""

from typing import ClassVar

from msgspec import Struct

from schemas.events.spec import EventSpec
from schemas.events.texts import AttendeeId, ConferenceId, EventId, Source, Stamp


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """What every event has. ``recorded_at`` is set by the log."""

    spec: ClassVar[EventSpec]

    id: EventId
    at: Stamp
    source: Source | None = None
    recorded_at: Stamp | None = None


class ConferenceEvent(Event, frozen=True, kw_only=True):
    """What every event of one conference has."""

    conference: ConferenceId


class AttendeeEvent(ConferenceEvent, frozen=True, kw_only=True):
    """What every event of one attendee has."""

    attendee: AttendeeId
