"""Every event of the public contract: a frozen Struct, with an EventSpec for everything besides its fields.

To add a type, write a Struct with its spec into one of these files and add it to the union at the file's end.
Everything else is derived. Whatever is missing stops the program at import, with a message. Then run `hallway schema`.
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
