"""A conference opens and closes."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.events.base import ConferenceEvent
from schemas.events.spec import EventSpec, Learner, Log, Rule
from schemas.events.texts import Clock, Hashtag, OrganizerId, PlaceId, Time, TimeZone, Title
from schemas.policy import Policy


class Place(Struct, frozen=True, kw_only=True):
    """A place of a conference and the name that people see."""

    place: PlaceId
    name: Title


class Chat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat's hashtag, with a weekly window; without one, each UTC day is a session."""

    hashtag: Hashtag
    weekday: Annotated[int, Meta(ge=0, le=6, description="Monday is 0.")] | None = None
    start: Clock | None = None
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    time_zone: TimeZone | None = None


class ConferenceOpened(ConferenceEvent, frozen=True, kw_only=True, tag="conference.opened"):
    """Opens a conference, or replaces its settings."""

    name: Title
    hashtags: tuple[Hashtag, ...]
    starts_at: Time
    ends_at: Time
    time_zone: TimeZone
    places: tuple[Place, ...]
    chats: tuple[Chat, ...]
    matching: Policy = Policy()
    organizer: OrganizerId | None = None

    spec = EventSpec(
        meaning="Opens a conference. A repetition replaces all settings from then on, and withdraws nothing",
        senders={"organizer": Rule.OWN, "operator": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER, Learner.DELIVERY, Learner.CONFERENCES),
        subject=None,
        notes={"chats": "[see below]", "matching": "(the policy)"},
        sample={
            "name": "HIMSS 2027",
            "hashtags": ["himss27"],
            "starts_at": "2027-03-08T13:00:00.000Z",
            "ends_at": "2027-03-12T21:00:00.000Z",
            "time_zone": "America/Chicago",
            "places": [{"place": "hall-b", "name": "Hall B"}],
            "chats": [
                {"hashtag": "hitsm", "weekday": 4, "start": "11:00", "minutes": 60, "time_zone": "America/Chicago"}
            ],
            "matching": {"per_hour": 2},
            "organizer": "himss-team",
        },
    )


class ConferenceClosed(ConferenceEvent, frozen=True, kw_only=True, tag="conference.closed"):
    """Final: no outputs after it."""

    spec = EventSpec(
        meaning="Final. No outputs after it. A conference is open if it is opened and not closed, "
        "whatever `starts_at` says",
        senders={"organizer": Rule.OWN, "operator": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER, Learner.CONFERENCES),
        subject=None,
        sample={},
    )


ConferenceInput = ConferenceOpened | ConferenceClosed
