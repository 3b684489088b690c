"""An attendee arrives or leaves."""

from schemas.events.base import AttendeeEvent
from schemas.events.spec import EventSpec, Log, Role, Rule
from schemas.events.texts import PlaceId

_SENDERS: dict[Role, Rule] = {"attendee": Rule.SELF, "organizer": Rule.OWN, "connector": Rule.CHECKIN}


class CheckinArrived(AttendeeEvent, frozen=True, kw_only=True, tag="checkin.arrived"):
    """A scan, a badge, or the tap "I'm here"."""

    place: PlaceId | None = None

    spec = EventSpec(
        meaning='A scan, a badge, or the tap "I\'m here"',
        senders=_SENDERS,
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        exported=("place",),
        sample={"place": "hall-b"},
    )


class CheckinLeft(AttendeeEvent, frozen=True, kw_only=True, tag="checkin.left"):
    """Left the place, or, without one, the conference."""

    place: PlaceId | None = None

    spec = EventSpec(
        meaning="Left that place only, and is still present; without `place`: left the conference",
        senders=_SENDERS,
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        exported=("place",),
        sample={"place": "hall-b"},
    )


CheckinInput = CheckinArrived | CheckinLeft
