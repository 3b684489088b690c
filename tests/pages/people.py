"""Test data: invented people, places and numbers, in the form of the HTTP API."""

from typing import Any

from tests.pages.scene import Scene

AT = "2027-03-09T15:05:00.000Z"  # where the conference is, 10:05
LATER = "2027-03-09T16:20:00.000Z"
LAST = "2026-11-03T17:20:00.000Z"
PLACES = [
    {"place": "hall-a", "name": "Hall A"},
    {"place": "hall-b", "name": "Hall B, north"},
    {"place": "cafe", "name": "Café by the stairs"},
]
NAMES = [
    f"{first} {last}"
    for first in ("Ada", "Bram", "Chidi", "Dana", "Elif")
    for last in ("Abara", "Berg", "Castillo", "Dogan", "Eriksen", "Fofanah")
]


def me(**changes: Any) -> dict[str, Any]:
    """An attendee who has not checked in yet."""
    return {
        "attendee": "ana",
        "name": "Ana Lima",
        "picture": None,
        "conference": {
            "id": "hi-27",
            "name": "Health IT Week 2027",
            "time_zone": "America/New_York",
            "places": PLACES,
            "closed": False,
        },
        "consent": {"matching": True, "chats": True, "share_place": True, "show_name": True},
        "present": False,
        "place": None,
        "accounts": [{"account": "mastodon:ana@example.social", "verified": True, "state": "verified"}],
        "sign_ins": [],
    } | changes


LINK = f"hw.link.1f0c2a7b9d3e4f55.{'Pj-Q0v' * 7}"  # what is behind the # of a sign-in link


def sign_in(number: int, device: str, session: str | None) -> dict[str, Any]:
    """Somebody signed in as the attendee."""
    return {"number": number, "device": device, "at": LATER, "session": session}


def session(name: str, device: str, *, this: bool = False, used: str | None = LATER) -> dict[str, Any]:
    """A device that is signed in."""
    return {
        "session": name,
        "device": device,
        "made_at": AT,
        "last_used_at": used,
        "expires_at": "2027-09-05T14:05:00Z",
        "this": this,
    }


def conversation(count: int = 7, hashtag: str | None = "hitsm") -> dict[str, Any]:
    """You answered each other."""
    return {"kind": "conversation", "hashtag": hashtag, "count": count, "last_at": LAST}


def chat(count: int = 5, hashtag: str = "hcsmca") -> dict[str, Any]:
    """You were in the same chats."""
    return {"kind": "chat", "hashtag": hashtag, "count": count, "last_at": LAST}


def suggested(
    card: str, name: str | None, *why: dict[str, Any], picture: str | None = None, at: str = AT
) -> dict[str, Any]:
    """A view of a suggestion."""
    return {
        "card": card,
        "at": at,
        "name": name,
        "picture": picture,
        "why": list(why or (conversation(),)),
    }


def three_cards(scene: Scene) -> None:
    """Known by both; by a chat alone; without a name."""
    scene.say("suggested", **suggested("m-1", "Mara Okafor", conversation(), chat()))
    scene.say("suggested", **suggested("m-2", "Jean-Luc Bouchard", chat(), picture="https://elsewhere.example/who.png"))
    scene.say("suggested", **suggested("m-3", None, conversation(3, None)))


OVERVIEW = {
    "events": 25000,
    "events_per_second": 16.7,
    "lag": "<5",
    "dead_letters": "<5",
    "people": {"hall-a": 250, "hall-b": 100, "cafe": 25, "press": "<5"},
    "places": [
        {"place": "hall-a", "name": "Hall A", "people": 250},
        {"place": "hall-b", "name": "Hall B", "people": 100},
        {"place": "cafe", "name": "Café", "people": 25},
        {"place": "press", "name": "Press room", "people": "<5"},
    ],
    "totals": {"suggested": 250, "agreed": 100, "met": 50, "ended": "<5"},
    "counted_every_s": 300.0,
    "held_back": {"budget": 25, "no_consent": "<5", "not_present": 100},
    "registered": 2500,
    "present": 1000,
}
WHOLE = {
    "id": "hi-27",
    "state": "open",
    "organizer": "org-1",
    "opening": {
        "name": "Health IT 2027",
        "hashtags": ["hi27", "hitsm"],
        "starts_at": "2027-03-09T14:00:00.500Z",
        "ends_at": "2027-03-16T22:30:00.000Z",
        "time_zone": "America/New_York",
        "places": [{"place": "hall-a", "name": "Hall A"}, {"place": "cafe", "name": "Café"}],
        "chats": [{"hashtag": "hitsm", "weekday": 4, "start": "12:00", "minutes": 60, "time_zone": "America/New_York"}],
        "matching": {"per_hour": 5, "accounts": "claimed"},
    },
}
KEYS = [
    {
        "key": "k1",
        "id": "door-1",
        "made_at": AT,
        "expires_at": "2027-04-08T16:05:00Z",
        "last_used_at": LATER,
        "own": True,
    },
    {
        "key": "k2",
        "id": "badges",
        "made_at": AT,
        "expires_at": "2028-03-08T16:05:00Z",
        "last_used_at": None,
        "own": False,
    },
]
DEVICES = [
    {
        "source": "connector:door-north",
        "last_seen_at": "2027-03-09T16:20:00.000Z",
        "accepted": 412,
        "duplicates": 3,
        "rejected": 17,
        "problems": [
            {
                "problem": "clock_ahead",
                "count": 17,
                "last_at": "2027-03-09T16:20:00.000Z",
                "text": "Its clock is ahead of the server's by 9 h, so its check-ins were rejected.",
                "what_to_do": "Set its time and time zone, then let it send them again.",
            },
            {
                "problem": "unknown_attendee",
                "count": 1,
                "last_at": "2027-03-09T15:20:00.000Z",
                "text": "Tickets that nobody is registered under.",
                "what_to_do": "Register these people, with the newest list.",
            },
        ],
    },
    {
        "source": "connector:door-south",
        "last_seen_at": "2027-03-09T16:21:00.000Z",
        "accepted": 398,
        "duplicates": 0,
        "rejected": 0,
        "problems": [],
    },
]
IMPORTED = {
    "dry_run": False,
    "registered": 1204,
    "new": 1190,
    "changed": 2,
    "lines": [
        {
            "line": 2,
            "what": "new",
            "attendee": None,
            "name": "Ben Iyer",
            "email": "ben@example.org",
            "accounts": ["x:ben", "mastodon:ben@social.example"],
            "changes": [],
        },
        {
            "line": 3,
            "what": "changed",
            "attendee": "a-3",
            "name": "山田 花子",
            "email": "hanako@example.org",
            "accounts": [],
            "changes": ["The name '山田 花' becomes '山田 花子'."],
        },
    ],
    "waiting": [{"line": 4, "text": "Waits for this person's own confirmation."}],
    "notes": [{"line": 3, "column": "Name", "text": "Name has '#N/A', a spreadsheet's error; taken as empty."}],
    "columns": [{"title": "name", "taken_for": "name"}, {"title": "Order #", "taken_for": None}],
    "not_understood": ["Order #", "Company"],
    "encoding": "UTF-8",
    "mistakes": [
        {"line": 17, "column": "email", "text": "email has no @."},
        {"line": 912, "column": None, "text": "The line has more columns than the heading."},
    ],
}
LETTERS = [
    {
        "number": 1,
        "reason": "not JSON",
        "field": None,
        "source": "connector:mastodon",
        "position": 411,
        "at": AT,
        "bytes": "eyJ0eXBlIjogIj88c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ+",
    },
    {
        "number": 2,
        "reason": "a time without an offset",
        "field": "at",
        "source": "organizer:hi",
        "position": 902,
        "at": AT,
        "bytes": "eyJ0eXBlIjoiY2hlY2tpbi5hcnJpdmVkIiwiYXQiOiIyMDI3In0=",
    },
]
STEPS = [
    {"name": "conference", "ok": True, "text": "The conference is open."},
    {"name": "registered", "ok": True, "text": "a is registered."},
    {"name": "registered", "ok": False, "text": "b is not registered."},
    {
        "name": "presence_rule",
        "ok": None,
        "text": "Both must be here: a check-in counts for 12 hours.",
    },
    {"name": "budget_rule", "ok": None, "text": "Nobody gets more than 3 suggestions in an hour and 10 in a day."},
]
