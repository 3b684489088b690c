"""The kinds of texts in events, and the annotated types with which a Struct declares them.

Invariants: a text that names somebody has its own kind, so a field's type says whether it must be pseudonymized,
checked or withheld. A field of plain ``str`` has no kind; ``schemas.events.check`` refuses it at import.
"""

from enum import Enum, auto
from typing import Annotated

from msgspec import Meta


class Text(Enum):
    """The kinds, in the order in which the codec checks them: of two wrong fields the first is reported."""

    ATTENDEE = auto()
    CONFERENCE = auto()
    ORGANIZER = auto()
    PLACE = auto()
    SOURCE = auto()
    ACCOUNT = auto()  # names somebody: the log has a token
    PERSON = auto()  # an attendee's id, or an account
    TIME_ZONE = auto()
    TIME = auto()
    HASHTAG = auto()
    POSTED_HASHTAG = auto()  # whatever a network calls a hashtag
    # Texts that the codec accepts as they are, or checks elsewhere.
    EVENT_ID = auto()
    POST_ID = auto()  # names somebody: the log has a token
    MATCH_ID = auto()
    STAMP = auto()  # an event's time, which the codec parses anyway
    CLOCK = auto()
    TITLE = auto()  # shown to everybody, of any length
    METHOD = auto()  # written by the server alone, of any length


UNBOUNDED = frozenset({Text.TITLE, Text.METHOD})
KIND = "text"  # where a Meta's ``extra`` has the kind
_PLAIN_ID = {"pattern": r"^[A-Za-z0-9_.\-]{1,128}$"}
_ANY_ID = "Any text; of a post network:native-id."
_DATE_TIME = {"format": "date-time"}

EventId = Annotated[str, Meta(min_length=1, max_length=512, description=_ANY_ID, extra={KIND: Text.EVENT_ID})]
PostId = Annotated[str, Meta(min_length=1, max_length=512, description=_ANY_ID, extra={KIND: Text.POST_ID})]
MatchId = Annotated[str, Meta(min_length=1, max_length=512, description=_ANY_ID, extra={KIND: Text.MATCH_ID})]
ConferenceId = Annotated[str, Meta(extra_json_schema=_PLAIN_ID, extra={KIND: Text.CONFERENCE})]
AttendeeId = Annotated[str, Meta(extra_json_schema=_PLAIN_ID, extra={KIND: Text.ATTENDEE})]
OrganizerId = Annotated[str, Meta(extra_json_schema=_PLAIN_ID, extra={KIND: Text.ORGANIZER})]
PlaceId = Annotated[str, Meta(extra_json_schema=_PLAIN_ID, extra={KIND: Text.PLACE})]
Source = Annotated[
    str,
    Meta(description="connector:ID, organizer:ID or attendee:ID; set at admission.", extra={KIND: Text.SOURCE}),
]
Account = Annotated[str, Meta(description="network:handle, normalized.", extra={KIND: Text.ACCOUNT})]
Person = Annotated[str, Meta(extra={KIND: Text.PERSON})]
Hashtag = Annotated[str, Meta(description="Normalized, without the leading #.", extra={KIND: Text.HASHTAG})]
PostedHashtag = Annotated[
    str, Meta(description="Normalized, without the leading #.", extra={KIND: Text.POSTED_HASHTAG})
]
TimeZone = Annotated[str, Meta(extra={KIND: Text.TIME_ZONE})]
Clock = Annotated[str, Meta(description="Local, HH:MM.", extra={KIND: Text.CLOCK})]
Time = Annotated[str, Meta(extra_json_schema=_DATE_TIME, extra={KIND: Text.TIME})]
Stamp = Annotated[str, Meta(extra_json_schema=_DATE_TIME, extra={KIND: Text.STAMP})]
Title = Annotated[str, Meta(extra={KIND: Text.TITLE})]
Method = Annotated[str, Meta(extra={KIND: Text.METHOD})]

# For outputs and API inputs, which are no events.
Id = Annotated[str, Meta(min_length=1, max_length=512, description=_ANY_ID)]
PlainId = Annotated[str, Meta(extra_json_schema=_PLAIN_ID)]
