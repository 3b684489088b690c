"""Authorizes an event: may this sender send it, and which fields does the server set itself?

Invariants: the decision is pure. It looks nothing up and reads no clock (``now`` is an argument). What a sender writes
as ``source``, ``recorded_at`` and ``backfilled`` is overwritten, and an organizer opens a conference only in its own
name.
Why: each cell of the permission table names a rule, and a rule is a function of sender and event that returns the
refusal or None.
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
from services.admission.sender import Authorized, Refused, Sender, source_of

AHEAD_MS = 10 * MINUTE_MS  # the contract's: clocks differ, but not by more


def authorize(sender: Sender, event: Input, now: int) -> Authorized | Refused:
    """The event with its source, or the refusal. ``now``: ms since 1970. The event comes from the codec."""
    fault = _RULES[TABLE[sender.role, type(event)]](sender, event) or _check_content(sender, event)
    if fault is not None:
        return fault
    if millis(event.at) > now + AHEAD_MS:
        return Refused("at is more than 10 minutes ahead of the server's clock.", "bad", "at")
    return Authorized(_stamp(sender, event))


def _never(sender: Sender, event: Input) -> Refused | None:
    return Refused(f"{_ROLE_NAMES[sender.role]} may not send {kind_of(event)}.", "forbidden", "type")


def _own(sender: Sender, event: Input) -> Refused | None:
    if event.conference in sender.conferences:
        return None
    return Refused("This key or session is not for that conference.", "forbidden", "conference")


def _self(sender: Sender, event: Input) -> Refused | None:
    if isinstance(event, AttendeeEvent) and event.attendee != sender.id:
        return Refused("An attendee may only send events about themselves.", "forbidden", "attendee")
    return _own(sender, event)


def _checkin(sender: Sender, event: Input) -> Refused | None:
    if not sender.checkins:
        return Refused("This connector's key does not allow check-ins.", "forbidden", "type")
    return _own(sender, event)


def _posts(sender: Sender, event: Input) -> Refused | None:
    if sender.only_checkins:
        return Refused("This connector's key allows check-ins only.", "forbidden", "type")
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


def _check_content(sender: Sender, event: Input) -> Refused | None:
    """Refuses what the codec accepts but would put a name into the log, or exceed one organizer's share of work."""
    if isinstance(event, MatchAnswered):
        try:
            validate_id(event.match)
        except ValueError as error:
            return Refused(f"match {error}.", "bad", "match")
    if isinstance(event, ConferenceOpened) and sender.role == "organizer":
        fault = fault_in(event.matching)
        return None if fault is None else Refused(fault[1], "bad", fault[0])
    return None


def _stamp(sender: Sender, event: Input) -> Input:
    changes: dict[str, Any] = {"source": source_of(sender), "recorded_at": None}
    if isinstance(event, ConferenceOpened) and sender.role == "organizer":
        changes["organizer"] = sender.id
    if isinstance(event, Activity):
        changes["backfilled"] = False
    if isinstance(event, ActivityPosted) and sender.role == "attendee":
        # Attendee ids are unique only within a conference: elsewhere somebody else may have this one.
        (changes["conference"],) = sender.conferences
    return replace(event, **changes)
