"""Events of every type, and a model of the door's rules in plain ifs, to compare the table with."""

import json
from typing import Any

from schemas.codec import Codec, Record
from schemas.events import Input
from schemas.times import millis
from services.admission.sender import Sender
from tests.schemas.kept import TYPES

CODEC = Codec()
NOW = millis("2026-03-09T12:00:00Z")
_CONSENT = {"matching": True, "chats": True, "share_place": True}
_BASE: dict[str, dict[str, Any]] = {
    "conference.opened": {
        "name": "HIMSS",
        "hashtags": ["hitsm"],
        "starts_at": "2026-03-09T08:00:00Z",
        "ends_at": "2026-03-12T18:00:00Z",
        "time_zone": "America/New_York",
        "places": [],
        "chats": [],
    },
    "conference.closed": {},
    "attendee.registered": {"accounts": ["x:canary_claimed"], "consent": _CONSENT},
    "account.verified": {"account": "x:canary_account", "method": "code"},
    "account.released": {"account": "x:canary_account"},
    "consent.changed": {"matching": True},
    "attendee.blocked": {"blocked": "x:canary_blocked"},
    "attendee.unblocked": {"blocked": "x:canary_blocked"},
    "attendee.erased": {},
    "checkin.arrived": {"place": "hall-b"},
    "checkin.left": {},
    "activity.posted": {
        "actor": "x:canary_actor",
        "hashtags": ["hitsm"],
        "mentions": ["x:canary_mention"],
        "reply_to": "x:canary_reply",
        "repost_of": "x:canary_repost",
    },
    "activity.deleted": {"actor": "x:canary_actor", "deleted": "x:canary_deleted"},
    "match.answered": {"match": "m-1", "answer": "accepted"},
    "clock.ticked": {},
}
KINDS = tuple(_BASE)
assert set(KINDS) == set(TYPES)

OF_AN_ATTENDEE = {
    "account.released",
    "consent.changed",
    "attendee.blocked",
    "attendee.unblocked",
    "attendee.erased",
    "checkin.arrived",
    "checkin.left",
    "match.answered",
}
OF_AN_ORGANIZER = {
    "conference.opened",
    "conference.closed",
    "attendee.registered",
    "attendee.erased",
    "checkin.arrived",
    "checkin.left",
}


def event(kind: str, conference: str | None = "hims", attendee: str = "a1", **more: Any) -> Input:
    """An event of this type as the codec gives it."""
    fields: dict[str, Any] = {"type": kind, "id": "x:canary_id", "at": "2026-03-09T12:00:00Z", **_BASE[kind]}
    if conference is not None:
        fields["conference"] = conference
    if kind.startswith(("attendee.", "account.", "consent.", "checkin.", "match.")):
        fields["attendee"] = attendee
    record = CODEC.decode(json.dumps(fields | more).encode())
    assert isinstance(record, Record), record
    return record.event


def may(sender: Sender, kind: str, conference: str | None, attendee: str) -> bool:
    """The rules as one would say them."""
    in_own = conference is not None and conference in sender.conferences
    is_post = kind == "activity.posted"
    if sender.role == "attendee":
        if is_post:
            return conference is None or in_own
        return kind in OF_AN_ATTENDEE and in_own and attendee == sender.id
    if sender.role == "organizer":
        return kind in OF_AN_ORGANIZER and in_own
    if sender.role == "connector":
        if is_post or kind == "activity.deleted":
            return not sender.only_checkins and (conference is None or in_own)
        return kind in {"checkin.arrived", "checkin.left"} and sender.checkins and in_own
    if sender.role == "operator":
        return kind in {"conference.opened", "conference.closed", "attendee.erased"}
    if sender.role == "verifier":
        return kind == "account.verified"
    return kind in {"clock.ticked", "attendee.registered", "attendee.blocked"}
