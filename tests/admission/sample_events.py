"""Sample events of every type, and a model of the authorization rules in plain ifs, to compare the table with."""

import json
from typing import Any

from schemas.codec import Codec, Record
from schemas.events import Input
from schemas.times import millis
from services.admission.sender import Sender
from tests.schemas.declared import RULES, SAMPLES
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
_OF_EVERY_EVENT = {"type", "id", "at", "source", "recorded_at", "conference", "attendee"}
for _line in SAMPLES:  # of types that came later; by hand as well
    _sample = json.loads(_line)
    _BASE[_sample["type"]] = {name: value for name, value in _sample.items() if name not in _OF_EVERY_EVENT}
KINDS = tuple(_BASE)
assert set(KINDS) == set(TYPES) == set(RULES)


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
    rule = RULES[kind][sender.role]
    if sender.role == "attendee":
        if kind == "activity.posted":
            return conference is None or in_own
        return rule == "SELF" and in_own and attendee == sender.id
    if sender.role == "organizer":
        return rule == "OWN" and in_own
    if sender.role == "connector":
        if kind.startswith("activity."):
            return not sender.only_checkins and (conference is None or in_own)
        return rule == "CHECKIN" and sender.checkins and in_own
    return rule == "ANY"
