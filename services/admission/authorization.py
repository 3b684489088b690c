"""Whether this sender may say this, and what the door writes on it.

Owns: the decision. May never: look anything up, or read a clock: now is given.
Theory: a cell of the table names a rule, a rule is a function of sender and event that gives the fault or nothing. What
a sender writes as ``source``, ``recorded_at`` and ``backfilled`` is never kept; an organizer opens a conference in its
own name only.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from schemas.codec import kind_of
from schemas.events import Activity, ActivityPosted, AttendeeEvent, ConferenceOpened, Input, MatchAnswered, Rule
from schemas.names import validate_id
from schemas.times import MINUTE_MS, millis
from services.admission.permissions import TABLE
from services.admission.policy_bounds import fault_in
from services.admission.sender import Admitted, Refused, Sender, source_of

AHEAD_MS = 10 * MINUTE_MS  # the contract's: clocks differ, but not by more


def admit(sender: Sender, event: Input, now: int) -> Admitted | Refused:
    """The event with its source, or why not. ``now`` is milliseconds since 1970; the event comes from the codec."""
    fault = _RULES[TABLE[sender.role, type(event)]](sender, event) or _form(sender, event)
    if fault is not None:
        return fault
    if millis(event.at) > now + AHEAD_MS:
        return Refused("at is more than 10 minutes ahead of the server's clock.", "bad", "at")
    return Admitted(_written(sender, event))


def _never(sender: Sender, event: Input) -> Refused | None:
    return Refused(f"{_ROLE_NAMES[sender.role]} may not send {kind_of(event)}.", "forbidden", "type")


def _own(sender: Sender, event: Input) -> Refused | None:
    if event.conference in sender.conferences:
        return None
    return Refused("This key or session is not for that conference.", "forbidden", "conference")


def _self(sender: Sender, event: Input) -> Refused | None:
    if isinstance(event, AttendeeEvent) and event.attendee != sender.id:
        return Refused("An attendee speaks about itself only.", "forbidden", "attendee")
    return _own(sender, event)


def _checkin(sender: Sender, event: Input) -> Refused | None:
    if not sender.checkins:
        return Refused("This connector's key does not say that it brings check-ins.", "forbidden", "type")
    return _own(sender, event)


def _posts(sender: Sender, event: Input) -> Refused | None:
    if sender.only_checkins:
        return Refused("This connector's key brings check-ins and nothing else.", "forbidden", "type")
    return None if event.conference is None else _own(sender, event)


def _any(sender: Sender, event: Input) -> Refused | None:
    return None


_RULES: dict[Rule, Callable[[Sender, Input], Refused | None]] = {
    Rule.NEVER: _never,
    Rule.SELF: _self,
    Rule.UPLOAD: _posts,
    Rule.OWN: _own,
    Rule.CHECKIN: _checkin,
    Rule.POSTS: _posts,
    Rule.ANY: _any,
}

_ROLE_NAMES = {
    "attendee": "An attendee",
    "organizer": "An organizer",
    "connector": "A connector",
    "operator": "The operator",
    "verifier": "The verifier",
    "owner": "The log's owner",
}


def _form(sender: Sender, event: Input) -> Refused | None:
    """What the codec takes, but would bring a name into the log, or more work than is one organizer's share."""
    if isinstance(event, MatchAnswered):
        try:
            validate_id(event.match)
        except ValueError as error:
            return Refused(f"match {error}.", "bad", "match")
    if isinstance(event, ConferenceOpened) and sender.role == "organizer":
        fault = fault_in(event.matching)
        return None if fault is None else Refused(fault[1], "bad", fault[0])
    return None


def _written(sender: Sender, event: Input) -> Input:
    changes: dict[str, Any] = {"source": source_of(sender), "recorded_at": None}
    if isinstance(event, ConferenceOpened) and sender.role == "organizer":
        changes["organizer"] = sender.id
    if isinstance(event, Activity):
        changes["backfilled"] = False
    if isinstance(event, ActivityPosted) and sender.role == "attendee":
        # Attendee ids are a conference's own: elsewhere somebody else may have this one.
        (changes["conference"],) = sender.conferences
    return replace(event, **changes)
