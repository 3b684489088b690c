"""Every event of the public contract as a frozen Struct, in one tagged union.

Owns: names and fields. May never: have behaviour; what a text may be is checked by the codec.
Fields are only ever added, with defaults; a changed meaning is a new type ending in ``.v2``.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.policy import Policy

Id = Annotated[str, Meta(min_length=1, max_length=512, description="Any text; of a post network:native-id.")]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
PlainId = Annotated[str, Meta(extra_json_schema={"pattern": r"^[A-Za-z0-9_.\-]{1,128}$"})]
Account = Annotated[str, Meta(description="network:handle, normalised.")]
Hashtag = Annotated[str, Meta(description="Normalised, without the leading #.")]
Source = Annotated[str, Meta(description="connector:ID, organizer:ID or attendee:ID; set at the door.")]


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """What every event has. ``recorded_at`` is set by the log."""

    id: Id
    at: Time
    source: Source | None = None
    recorded_at: Time | None = None


class Place(Struct, frozen=True, kw_only=True):
    """A place of a conference and the name that people see."""

    place: PlainId
    name: str


class Chat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat's hashtag; with a weekly window, or without one (then each UTC day is a session)."""

    hashtag: Hashtag
    weekday: Annotated[int, Meta(ge=0, le=6, description="Monday is 0.")] | None = None
    start: Annotated[str, Meta(description="Local, HH:MM.")] | None = None
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    time_zone: str | None = None


class Consent(Struct, frozen=True, kw_only=True):
    """What an attendee agreed to at the registration."""

    matching: bool
    chats: bool
    share_place: bool


class ConferenceEvent(Event, frozen=True, kw_only=True):
    """What every event of one conference has."""

    conference: PlainId


class AttendeeEvent(ConferenceEvent, frozen=True, kw_only=True):
    """What every event of one attendee has."""

    attendee: PlainId


class ConferenceOpened(ConferenceEvent, frozen=True, kw_only=True, tag="conference.opened"):
    """Opens a conference, or replaces what was said of it."""

    name: str
    hashtags: tuple[Hashtag, ...]
    starts_at: Time
    ends_at: Time
    time_zone: str
    places: tuple[Place, ...]
    chats: tuple[Chat, ...]
    matching: Policy = Policy()
    organizer: PlainId | None = None


class ConferenceClosed(ConferenceEvent, frozen=True, kw_only=True, tag="conference.closed"):
    """Final: no outputs after it."""


class AttendeeRegistered(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.registered"):
    """Registers, or replaces the claimed accounts."""

    accounts: tuple[Account, ...]
    consent: Consent


class AccountVerified(AttendeeEvent, frozen=True, kw_only=True, tag="account.verified"):
    """The attendee proved to own the account."""

    account: Account
    method: str


class AccountReleased(AttendeeEvent, frozen=True, kw_only=True, tag="account.released"):
    """Gives an account up, and the claim to it."""

    account: Account


class ConsentChanged(AttendeeEvent, frozen=True, kw_only=True, tag="consent.changed"):
    """Changes what is named and leaves the rest."""

    matching: bool | None = None
    chats: bool | None = None
    share_place: bool | None = None


class AttendeeBlocked(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.blocked"):
    """Keeps ``attendee`` and ``blocked`` (an attendee, or whoever has or claims an account) apart."""

    blocked: str


class AttendeeUnblocked(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.unblocked"):
    """Takes a block back, by the same text."""

    blocked: str


class AttendeeErased(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.erased"):
    """Forgets the attendee; final for this id."""


class CheckinArrived(AttendeeEvent, frozen=True, kw_only=True, tag="checkin.arrived"):
    """A scan, a badge, or the tap "I'm here"."""

    place: PlainId | None = None


class CheckinLeft(AttendeeEvent, frozen=True, kw_only=True, tag="checkin.left"):
    """Left that place, or without one the conference."""

    place: PlainId | None = None


Backfilled = Annotated[bool, Meta(description="It came into this log afterwards, as what was said before.")]


class ActivityPosted(Event, frozen=True, kw_only=True, tag="activity.posted"):
    """A post. ``conference`` is set by the router: it goes to that log."""

    actor: Account
    hashtags: tuple[Hashtag, ...]
    mentions: tuple[Account, ...]
    reply_to: Account | None = None
    repost_of: Account | None = None
    conference: PlainId | None = None
    backfilled: Backfilled = False


class ActivityDeleted(Event, frozen=True, kw_only=True, tag="activity.deleted"):
    """A post was deleted by its actor."""

    actor: Account
    deleted: Id
    conference: PlainId | None = None
    backfilled: Backfilled = False


Answer = Literal["accepted", "later", "declined", "met", "not_met", "here"]


class MatchAnswered(AttendeeEvent, frozen=True, kw_only=True, tag="match.answered"):
    """What one of the two says to a match; ``here`` names a place."""

    match: Id
    answer: Answer
    place: PlainId | None = None


class ClockTicked(ConferenceEvent, frozen=True, kw_only=True, tag="clock.ticked"):
    """Time passed in a conference; appended by the owner of its log."""


Input = (
    ConferenceOpened
    | ConferenceClosed
    | AttendeeRegistered
    | AccountVerified
    | AccountReleased
    | ConsentChanged
    | AttendeeBlocked
    | AttendeeUnblocked
    | AttendeeErased
    | CheckinArrived
    | CheckinLeft
    | ActivityPosted
    | ActivityDeleted
    | MatchAnswered
    | ClockTicked
)
