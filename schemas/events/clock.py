"""Time passes."""

from schemas.events.base import ConferenceEvent
from schemas.events.spec import EventSpec, Log, Rule


class ClockTicked(ConferenceEvent, frozen=True, kw_only=True, tag="clock.ticked"):
    """Time passed in a conference; appended by the owner of its log."""

    spec = EventSpec(
        meaning="Time passed. The log's owner appends one when something is due",
        senders={"owner": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(),
        subject=None,
        sample={},
    )


ClockInput = ClockTicked
