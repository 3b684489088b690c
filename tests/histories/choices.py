"""What a drawn history can consist of: kinds, times, policies, chats; a step and a setting.

Owns: the choices. May never: draw one (see `drawn`) or tell what comes of it (see `steps`).
Theory: times move in few sizes, the spans of the contract among them, so that spans often end at the very moment
of a record.
"""

from typing import Any, NamedTuple

from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS, millis

Json = dict[str, Any]
CONFERENCE = "himss"
BEGIN = millis("2026-03-06T16:00:00Z")  # a Friday, an hour before the window of "fri"; clocks change on Sunday

WAITS = [0, 1, 10 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS]
WAITS += [DAY_MS, 7 * DAY_MS, 200 * DAY_MS, 400 * DAY_MS]
SHIFTS = [0, -1, -10 * MINUTE_MS, -30 * MINUTE_MS, -HOUR_MS, -4 * HOUR_MS, -12 * HOUR_MS, -DAY_MS, -7 * DAY_MS]
SHIFTS += [-200 * DAY_MS, -400 * DAY_MS + 1, -400 * DAY_MS, 10 * MINUTE_MS, DAY_MS]
KINDS = ["tick", "talk", "meet", "agree", "arrive", "answer", "leave", "post", "chat", "delete", "consent", "again"]
KINDS += ["register", "verify", "release", "block", "unblock", "erase", "open", "close", "upload", "dispute"]
KINDS += ["postpone"]
ANSWERS = ["accepted", "later", "here", "accepted", "declined", "later", "met", "not_met"]
PLACES = ["hall-a", "hall-b", None]
TAGS = ["day", "fri", "day", "sun", "fhir"]
SOURCES = [None, "connector:c", "organizer:o", "organizer:z", "attendee:p0", "attendee:p1"]
CHATS: list[Json] = [
    {"hashtag": "day"},
    {"hashtag": "fri", "weekday": 4, "start": "12:00", "minutes": 60, "time_zone": "America/New_York"},
    {"hashtag": "sun", "weekday": 6, "start": "01:30", "minutes": 1440, "time_zone": "America/New_York"},
    {"hashtag": "day", "weekday": 5, "start": "23:30", "minutes": 90, "time_zone": "UTC"},
]
ONE_EACH: Json = {"known_each": 1, "known_posts": 2, "known_days": 1}
CLAIMED: Json = {"accounts": "claimed"}
POLICIES: list[Json] = [
    {**ONE_EACH, "chat_sessions": 1, "chat_weight": 0},
    {**ONE_EACH, "chat_sessions": 1, "chat_weight": 1000, "per_hour": 1},
    {**ONE_EACH, **CLAIMED, "chat_sessions": 2, "chat_weight": 0, "per_hour": 2, "per_day": 3},
    {"known_posts": 5, "known_days": 1, "chat_sessions": 1, "chat_weight": 2000, "per_day": 1},
    {**ONE_EACH, "presence_hours": 2, "near_minutes": 10, "half_life_days": 7},
    {**ONE_EACH, "presence_hours": 24, "per_hour": 1, "per_day": 2, "near_minutes": 60, "half_life_days": 1},
    {**CLAIMED, "known_each": 1, "known_posts": 3, "per_hour": 9, "per_day": 99, "chat_sessions": 1, "chat_weight": 0},
    {},
]


AN_HOUR = WAITS.index(HOUR_MS)
A_DAY_AGO = SHIFTS.index(-DAY_MS)
MOSTLY_OWN = 24  # below this the n-th account is that of the n-th attendee


class Step(NamedTuple):
    """One thing that happens. All but `kind` are small numbers; each kind reads those that it needs."""

    kind: str
    wait: int = 0  # which of WAITS since the step before
    shift: int = 0  # which of SHIFTS `at` lies from now
    who: int = 0
    whom: int = 1
    pick: int = 0
    more: int = 0


class Setting(NamedTuple):
    """What a history begins with. `absent`, `unverified` and `talks` are bits, one each."""

    people: int = 2
    policy: int = 0
    evidence_days: int = 400
    chats: int = 4
    opens_after: int = 0  # so many steps come before the opening
    absent: int = 0
    unverified: int = 0
    talks: int = 0  # who has talked with the next one
    recorded: bool = True
