"""An attendee arrives or leaves."""

from schemas.events.base import AttendeeEvent
from schemas.events.spec import EventSpec, Log, Rule
from schemas.events.texts import PlaceId


def _spec(meaning: str) -> EventSpec:
    return EventSpec(
        meaning=meaning,
        senders={"attendee": Rule.SELF, "organizer": Rule.OWN, "connector": Rule.CHECKIN},
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        exported=("place",),
        sample={"place": "hall-b"},
    )


class CheckinArrived(AttendeeEvent, frozen=True, kw_only=True, tag="checkin.arrived"):
    """A scan, a badge, or the tap "I'm here"."""

    place: PlaceId | None = None

    spec = _spec('A scan, a badge, or the tap "I\'m here"')


class CheckinLeft(AttendeeEvent, frozen=True, kw_only=True, tag="checkin.left"):
    """Left the place, or, without one, the conference."""

    place: PlaceId | None = None

    spec = _spec("Left that place only, and is still present; without `place`: left the conference")


CheckinInput = CheckinArrived | CheckinLeft
