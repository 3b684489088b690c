"""Every event of the public contract: a frozen Struct each, and beside it the EventSpec that says the rest.

A new type is a Struct with its spec in one of these files, and in the union at that file's end. What follows from it
is derived; what is left out stops the program at import, with a sentence. Then `hallway schema` writes the documents.
"""

from schemas.events.account import AccountReleased, AccountVerified
from schemas.events.activity import Activity, ActivityDeleted, ActivityPosted, Backfilled
from schemas.events.attendee import (
    AttendeeBlocked,
    AttendeeErased,
    AttendeeRegistered,
    AttendeeUnblocked,
    Consent,
    ConsentChanged,
)
from schemas.events.base import AttendeeEvent, ConferenceEvent, Event
from schemas.events.check import SpecError, check_handlers, name_of, sample_of
from schemas.events.checkin import CheckinArrived, CheckinLeft
from schemas.events.clock import ClockTicked
from schemas.events.conference import Chat, ConferenceClosed, ConferenceOpened, Place
from schemas.events.match import Answer, MatchAnswered
from schemas.events.registry import BY_NAME, KINDS, Input, learned_by, names_learned_by
from schemas.events.spec import EventSpec, Learner, Log, Role, Rule
from schemas.events.texts import Account, Hashtag, Id, PlainId, Source, Time

__all__ = [
    "BY_NAME",
    "KINDS",
    "Account",
    "AccountReleased",
    "AccountVerified",
    "Activity",
    "ActivityDeleted",
    "ActivityPosted",
    "Answer",
    "AttendeeBlocked",
    "AttendeeErased",
    "AttendeeEvent",
    "AttendeeRegistered",
    "AttendeeUnblocked",
    "Backfilled",
    "Chat",
    "CheckinArrived",
    "CheckinLeft",
    "ClockTicked",
    "ConferenceClosed",
    "ConferenceEvent",
    "ConferenceOpened",
    "Consent",
    "ConsentChanged",
    "Event",
    "EventSpec",
    "Hashtag",
    "Id",
    "Input",
    "Learner",
    "Log",
    "MatchAnswered",
    "Place",
    "PlainId",
    "Role",
    "Rule",
    "Source",
    "SpecError",
    "Time",
    "check_handlers",
    "learned_by",
    "name_of",
    "names_learned_by",
    "sample_of",
]
