"""Which lines of a log are records, at what `now`, with what `at` and number.

Owns: doubles, posts that do not count for their source, the running time (readings 1 to 4).
May never: know people's ties or matches.
Theory: an event is judged against the records before it. What comes before the opening is judged when that comes,
because only then is known whose conference it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from schemas.times import DAY_MS, millis

Json = dict[str, Any]

DEFAULT_POLICY: Json = {
    "accounts": "verified",
    "presence_hours": 12,
    "per_hour": 3,
    "per_day": 10,
    "known_posts": 3,
    "known_days": 2,
    "chat_sessions": 3,
    "chat_weight": 2_000,
    "evidence_days": 400,
    "half_life_days": 180,
    "near_minutes": 30,
}
OTHER_IDS_MS = 7 * DAY_MS


@dataclass(frozen=True, eq=False)
class Record:
    """One applied event; `n` records were before it. `at` and `now` in milliseconds, `at` <= `now`."""

    n: int
    event: Json
    at: int
    now: int

    @cached_property
    def type(self) -> str:
        return str(self.event["type"])

    @cached_property
    def id(self) -> str:
        return str(self.event["id"])

    @cached_property
    def attendee(self) -> str | None:
        return self.event.get("attendee")

    @property
    def rank(self) -> tuple[int, int]:
        """By this the later one wins: `at`, then later in the log."""
        return self.at, self.n


def policy_of(opening: Json, override: Json | None) -> Json:
    """The numbers of a conference, as an opening sets them."""
    return {**DEFAULT_POLICY, **opening.get("matching", {}), **(override or {})}


def judged(event: Json, before: Sequence[Record], opening: Json, policy: Json) -> Record | None:
    """The record that an event becomes, or None if it leaves no trace.

    `opening`: the last one before the event or, before any, the first. `policy`: the one in force as it came.
    """
    last_now = before[-1].now if before else 0
    now = max(last_now, millis(event.get("recorded_at") or event["at"]))
    record = Record(len(before), event, min(millis(event["at"]), now), now)
    if _is_double(record, before, policy):
        return None
    if record.type == "activity.posted" and not _counts_for_source(record, before, opening):
        return None
    return record


def _is_double(record: Record, before: Sequence[Record], policy: Json) -> bool:
    return any(record.now < _remembered_until(old, policy) for old in before if old.id == record.id)


def _remembered_until(old: Record, policy: Json) -> int:
    until = old.now + OTHER_IDS_MS
    if old.type == "activity.posted":
        until = max(until, old.at + policy["evidence_days"] * DAY_MS)
    return until


def _counts_for_source(post: Record, before: Sequence[Record], opening: Json) -> bool:
    kind, _, who = (post.event.get("source") or "connector:any").partition(":")
    if kind == "organizer":
        return opening.get("organizer") == who
    if kind == "attendee":
        return verified_owners(before).get(post.event["actor"]) == who
    return True


def verified_owners(records: Sequence[Record]) -> dict[str, str]:
    """Who has verified which account: the first one, until released or erased; what is erased stays so."""
    owners: dict[str, str] = {}
    erased: set[str] = set()
    for record in records:
        attendee, account = record.attendee, record.event.get("account")
        if attendee is None or attendee in erased:
            continue
        if record.type == "account.verified":
            owners.setdefault(str(account), attendee)
        elif record.type == "account.released" and owners.get(str(account)) == attendee:
            del owners[str(account)]
        elif record.type == "attendee.erased":
            erased.add(attendee)
            owners = {text: owner for text, owner in owners.items() if owner != attendee}
    return owners
