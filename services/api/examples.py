"""Examples for the OpenAPI document: request and response bodies by method and path.

Invariants: a test checks each example against the schema of its route.
"""

from typing import Any

_AT = "2027-03-09T14:05:00.000Z"
_ACCEPTED: dict[str, Any] = {"status": "accepted", "conference": "himss-2027", "offset": 4711}
_OWN_ACCEPTED: dict[str, Any] = {"status": "accepted"}
_OPENING: dict[str, Any] = {
    "name": "HIMSS 2027",
    "hashtags": ["himss27", "hitsm"],
    "starts_at": "2027-03-08T13:00:00.000Z",
    "ends_at": "2027-03-12T21:00:00.000Z",
    "time_zone": "America/Chicago",
    "places": [{"place": "hall-b", "name": "Hall B"}],
    "chats": [{"hashtag": "hitsm", "weekday": 4, "start": "11:00", "minutes": 60, "time_zone": "America/Chicago"}],
    "matching": {"per_hour": 2},
}
_OVERVIEW: dict[str, Any] = {
    "events": 25000,
    "events_per_second": 16.7,
    "lag": "<5",
    "dead_letters": "<5",
    "people": {"hall-b": 100, "press": "<5"},
    "places": [
        {"place": "hall-b", "name": "Hall B", "people": 100},
        {"place": "press", "name": "Press room", "people": "<5"},
    ],
    "totals": {"suggested": 250, "agreed": 100, "met": 50, "ended": 50},
    "held_back": {"budget": 25, "no_consent": 10, "not_present": 100},
    "registered": 2500,
    "present": 1000,
    "counted_every_s": 300.0,
    "trouble": None,
}
_LETTER: dict[str, Any] = {
    "number": 12,
    "reason": "The type 'checkin.arived' is not known.",
    "field": "type",
    "source": "connector:badges",
    "position": 3,
    "at": _AT,
    "bytes": "eyJ0eXBlIjoiY2hlY2tpbi5hcml2ZWQiLCJhdHRlbmRlZSI6ImEzZjE5YzJlNzdiMDRkNWE4ZTZiMWMyMCJ9",
    "sent_at": None,
}
_MASKED_LETTER: dict[str, Any] = _LETTER | {
    "reason": "Its type is not known. The nearest is checkin.arrived.",
    "bytes": "eyJ0eXBlIjoi4oCmIiwiYXR0ZW5kZWUiOiLigKYifQ==",
    "size_bytes": 64,
}
_AUDITED: dict[str, Any] = {
    "number": 31,
    "at": _AT,
    "role": "organizer",
    "id": "ann",
    "key": "64e92def201bc5bf",
    "action": "letter.shown",
    "letter": 12,
}
_KEY: dict[str, Any] = {
    "key": "64e92def201bc5bf",
    "role": "connector",
    "id": "badges",
    "conferences": ["himss-2027"],
    "checkins": True,
    "made_at": _AT,
    "expires_at": "2028-03-08T14:05:00.000Z",
    "last_used_at": None,
    "revoked": False,
}
_NEW_KEY: dict[str, Any] = {
    "key": "64e92def201bc5bf",
    "secret": "hw.key.64e92def201bc5bf.lHkHgc5xYYjEmnIQcIG3PHQ-5ShG3HVE8-E3EYQRxgo",
}
_WHY: dict[str, Any] = {
    "kind": "conversation",
    "hashtag": "hitsm",
    "count": 9,
    "last_at": "2027-03-02T17:10:00.000Z",
}
_CARD: dict[str, Any] = {
    "card": "m-9447ee028b88a72cec91b207",
    "position": "7",
    "at": _AT,
    "why": [_WHY],
    "near": None,
    "agreed_at": None,
    "your_place": None,
    "their_place": None,
    "name": "Ada Dogan",
    "picture": None,
    "your_answer": None,
    "told_place": None,
}
_LINK = "https://meet.example.org/welcome#hw.link.1f0c2a7b9d3e4f55.PjQ0vX2kTz8cWm1nR4sYbA6dGhJ7lU9eOiF3qVtKxZw"
_QR = {"size": 57, "path": "M4 4h7v1h-7zM15 4h1v1h-1z"}
_SIGN_IN = {"number": 2, "device": "Safari on iPhone", "at": _AT, "session": "9a1c4e7d20b35f68"}
_SESSION = {
    "session": "64e92def201bc5bf",
    "device": "Firefox on Windows",
    "made_at": _AT,
    "last_used_at": "2027-03-09T15:20:00.000Z",
    "expires_at": "2027-09-05T14:05:00.000Z",
    "this": True,
}
_MAIL: dict[str, Any] = {
    "enabled": True,
    "waiting": 212,
    "accepted": 1788,
    "refused": 9,
    "delayed": 31,
    "unclear": 0,
    "trouble": None,
}
_MAILING: dict[str, Any] = {
    "by_mail": True,
    "unmailed": 0,
    "waiting": 212,
    "accepted": 1788,
    "refused": 1,
    "late": 0,
    "unclear": 0,
    "refused_attendees": ["a3f19c2e77b04d5a8e6b1c20"],
    "trouble": None,
}
_ME: dict[str, Any] = {
    "attendee": "a3f19c2e77b04d5a8e6b1c20",
    "name": "Ada Dogan",
    "picture": "",
    "conference": {
        "id": "himss-2027",
        "name": "HIMSS 2027",
        "time_zone": "America/Chicago",
        "places": [{"place": "hall-b", "name": "Hall B"}],
        "closed": False,
    },
    "consent": {"matching": True, "chats": True, "share_place": False, "show_name": True},
    "present": True,
    "place": "hall-b",
    "accounts": [
        {"account": "bluesky:ada.example", "verified": True, "state": "verified"},
        {"account": "mastodon:ada@social.example", "verified": False, "state": "lost"},
    ],
    "sign_ins": [_SIGN_IN],
}
_PRETIX: dict[str, Any] = {
    "kind": "pretix",
    "address": "https://pretix.eu",
    "organizer": "himss",
    "event": "2027",
    "lists": [{"list": 4711, "place": "hall-b", "leaves": "conference"}],
    "gates": {},
}
_CONNECTOR: dict[str, Any] = {
    "id": "tickets",
    "kind": "pretix",
    "config": _PRETIX,
    "secrets": ["token"],
    "has_webhook": True,
    "paused": False,
    "made_at": _AT,
    "health": {
        "state": "live",
        "text": "",
        "lag_s": 0.0,
        "seen_at": _AT,
        "event_at": _AT,
        "error": "",
        "error_at": None,
        "counts": {"registered": 2500, "check_ins": 1000},
        "history": {"since": "2027-03-08T14:05:00.000Z", "state": "running", "done": 350, "total": 2500},
    },
}
_WEBHOOK = "https://meet.example.org/v1/hooks/8TfM0bq2xv3r5y7PjQ0vX2kTz8cWm1nR4sYbA6dGhJ7"

REQUESTS: dict[tuple[str, str], Any] = {
    ("PUT", "/v1/conferences/{conference}"): _OPENING,
    ("DELETE", "/v1/conferences/{conference}"): {"erase": "himss-2027"},
    ("POST", "/v1/conferences/{conference}/attendees"): {
        "name": "Ada Dogan",
        "email": "ada@example.org",
        "accounts": ["bsky:ada.example.org"],
        "consent": {"matching": True, "chats": True, "share_place": False},
        "show_name": True,
    },
    ("POST", "/v1/conferences/{conference}/keys"): {"id": "door-scanner", "days": 30},
    ("PUT", "/v1/conferences/{conference}/connectors/{connector}"): {
        "config": _PRETIX,
        "secrets": {"token": "k3y0fy0urteam"},
    },
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/test"): {
        "config": _PRETIX,
        "secrets": {"token": "k3y0fy0urteam"},
    },
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/history"): {"days": 2},
    ("POST", "/v1/conferences/{conference}/owner"): {"organizer": "himss-team"},
    ("POST", "/v1/dead-letters/{number}/resend"): {
        "bytes": "eyJ0eXBlIjoiY2hlY2tpbi5hcnJpdmVkIiwgLi4ufQ==",
        "dry_run": True,
    },
    ("POST", "/v1/keys"): {
        "role": "connector",
        "id": "badges",
        "conferences": ["himss-2027"],
        "checkins": True,
        "days": 30,
    },
    ("POST", "/v1/session"): {"link": _LINK.partition("#")[2]},
    ("POST", "/v1/sign-in-links"): {"email": "ada@example.org"},
    ("POST", "/v1/mail/test"): {"email": "ops@example.org"},
    ("POST", "/v1/me/sessions/seen"): {"number": 2},
    ("POST", "/v1/me/answers"): {"card": _CARD["card"], "answer": "accepted"},
    ("DELETE", "/v1/me/blocks"): {"blocked": "0d9f6a2e4b7c8151a3e6f902"},
}

RESPONSES: dict[tuple[str, str], Any] = {
    ("GET", "/v1/conferences/{conference}/connectors"): {"connectors": [_CONNECTOR]},
    ("PUT", "/v1/conferences/{conference}/connectors/{connector}"): {"connector": _CONNECTOR, "webhook": _WEBHOOK},
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/test"): {
        "is_good": True,
        "checks": [{"text": "pretix accepts the token. The event is HIMSS 2027.", "is_good": True}],
        "choices": {"list": [{"id": "4711", "name": "Main entrance"}]},
    },
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/pause"): _CONNECTOR | {"paused": True},
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/resume"): _CONNECTOR,
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/webhook"): {"webhook": _WEBHOOK},
    ("POST", "/v1/conferences/{conference}/connectors/{connector}/history"): _CONNECTOR,
    ("GET", "/v1/conferences"): {
        "conferences": [
            {
                "id": "himss-2027",
                "name": "HIMSS 2027",
                "state": "open",
                "starts_at": _OPENING["starts_at"],
                "ends_at": _OPENING["ends_at"],
                "time_zone": "America/Chicago",
            }
        ]
    },
    ("GET", "/v1/conferences/{conference}"): {
        "id": "himss-2027",
        "state": "open",
        "organizer": "organizer",
        "opening": _OPENING,
    },
    ("PUT", "/v1/conferences/{conference}"): _OWN_ACCEPTED,
    ("DELETE", "/v1/conferences/{conference}"): {"erased": "himss-2027"},
    ("POST", "/v1/conferences/{conference}/attendees"): {"attendee": "a3f19c2e77b04d5a8e6b1c20", "link": _LINK},
    ("POST", "/v1/conferences/{conference}/attendees/{attendee}/link"): {"link": _LINK},
    ("GET", "/v1/conferences/{conference}/overview"): _OVERVIEW,
    ("GET", "/v1/conferences/{conference}/dead-letters"): {"letters": [_MASKED_LETTER], "next": 12, "gone": {}},
    ("GET", "/v1/dead-letters"): {"letters": [_MASKED_LETTER], "next": None, "gone": {"old": 40, "erased": 1}},
    ("GET", "/v1/dead-letters/{number}"): _MASKED_LETTER,
    ("POST", "/v1/dead-letters/{number}/show"): _LETTER,
    ("GET", "/v1/audit"): {"entries": [_AUDITED], "next": None},
    ("POST", "/v1/dead-letters/{number}/resend"): {"number": 12, "dry_run": True, "result": {"status": "good"}},
    ("POST", "/v1/events"): {
        "results": [
            _ACCEPTED,
            {"status": "duplicate"},
            {"status": "rejected", "reason": "The type 'checkin.arived' is not known.", "field": "type"},
        ]
    },
    ("GET", "/v1/keys"): {"keys": [_KEY], "next": None},
    ("POST", "/v1/keys"): _NEW_KEY,
    ("GET", "/v1/conferences/{conference}/inboxes"): {"conference": "himss-2027", "state": "ready"},
    ("POST", "/v1/conferences/{conference}/inboxes/rebuild"): {"conference": "himss-2027", "state": "rebuilding"},
    ("GET", "/v1/conferences/{conference}/keys"): {
        "keys": [
            {
                "key": _KEY["key"],
                "id": "door-scanner",
                "made_at": _AT,
                "expires_at": "2027-04-08T14:05:00.000Z",
                "last_used_at": None,
                "own": True,
            }
        ]
    },
    ("POST", "/v1/conferences/{conference}/keys"): _NEW_KEY,
    ("GET", "/v1/me"): _ME,
    ("GET", "/v1/me/sessions"): {"sessions": [_SESSION], "sign_ins": [_SIGN_IN]},
    ("DELETE", "/v1/me/sessions"): {"ended": 1},
    ("POST", "/v1/me/links"): {"link": _LINK, "expires_at": "2027-03-09T14:15:00.000Z", "qr": _QR},
    ("POST", "/v1/session"): {"conference": "himss-2027", "attendee": "a3f19c2e77b04d5a8e6b1c20"},
    ("POST", "/v1/conferences/{conference}/owner"): {"conference": "himss-2027", "organizer": "himss-team"},
    ("GET", "/v1/sign-in-links"): {"by_mail": True},
    ("POST", "/v1/sign-in-links"): {"status": "requested"},
    ("GET", "/v1/mail"): _MAIL,
    ("POST", "/v1/mail/test"): {"delivery": "accepted", "text": "The mail server accepted the test mail. …"},
    ("GET", "/v1/conferences/{conference}/attendees/mailing"): _MAILING,
    ("POST", "/v1/conferences/{conference}/attendees/mailing"): _MAILING,
    ("GET", "/v1/me/blocks"): [{"blocked": "0d9f6a2e4b7c8151a3e6f902", "name": "Bob Iyer", "picture": None}],
    ("GET", "/v1/me/inbox"): {"position": "7", "cards": [_CARD]},
    ("POST", "/v1/me/answers"): _OWN_ACCEPTED,
    ("POST", "/v1/me/here"): _OWN_ACCEPTED,
    ("POST", "/v1/me/left"): _OWN_ACCEPTED,
    ("POST", "/v1/me/blocks"): _OWN_ACCEPTED,
    ("DELETE", "/v1/me/blocks"): _OWN_ACCEPTED,
    ("PATCH", "/v1/me/consent"): _OWN_ACCEPTED,
}

# For streams: the events by name with their meaning, and one example.
STREAMS: dict[str, tuple[dict[str, str], str]] = {
    "/v1/conferences/{conference}/stream": (
        {
            "overview": "The numbers, as in `overview`, whenever they are counted.",
            "beat": "Heartbeat: nothing changed for a while.",
        },
        'event: overview\ndata: {"events":25000,"events_per_second":16.7,"lag":"<5", …}\n\n',
    ),
    "/v1/me/stream": (
        {
            "suggested": "A card: somebody you know is here.",
            "agreed": "Both said yes; with the places of those who share theirs.",
            "located": "The other person says where they are.",
            "withdrawn": "The card is over. When replayed, every entry of a card that is over is sent as this.",
            "presence": "Whether the attendee is here, and where: at the start and after each change. It has no id.",
            "sign_ins": "Sign-ins on other devices that this session has not dismissed, if any. It has no id.",
            "reset": "The position is not one of this inbox, or too old: reload the inbox. It has no id.",
            "beat": "Heartbeat: nothing happened for a while. It has no id.",
        },
        'id: 7\nevent: suggested\ndata: {"kind":"suggested","card":"m-9447ee028b88a72cec91b207", …}\n\n',
    ),
}
