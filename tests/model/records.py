"""Which lines of a log are records, at what `now`, with what `at` and number.

Owns: doubles, posts that do not count for their source, the running time (readings 1 to 4).
May never: know people's ties or matches.
Theory: an event is judged against the records before it. What comes before the opening is judged when that comes,
because only then is known whose conference it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from schemas.times import DAY_MS, millis

Json = dict[str, Any]

DEFAULT_POLICY: Json = {
    "accounts": "verified",
    "presence_hours": 12,
    "per_hour": 3,
    "per_day": 10,
    "known_each": 2,
    "known_posts": 4,
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
        proof = proofs(before).get(post.event["actor"])
        return proof is not None and proof.attendee == who
    return True


def brought_by(post: Record) -> str | None:
    """The attendee who brought a post of their own."""
    kind, _, who = (post.event.get("source") or "").partition(":")
    return who if kind == "attendee" else None


class Proof(NamedTuple):
    """Who has an account by verification, and the number of the record that gave it to them."""

    attendee: str
    n: int


def proofs(records: Sequence[Record]) -> dict[str, Proof]:
    """Who has verified which account: the newest one, until released or erased; who is erased stays so.

    Who verifies what they have verified changes nothing.
    """
    owners: dict[str, Proof] = {}
    erased: set[str] = set()
    for record in records:
        attendee, account = record.attendee, record.event.get("account")
        if attendee is None or attendee in erased:
            continue
        if record.type == "account.verified":
            if str(account) not in owners or owners[str(account)].attendee != attendee:
                owners[str(account)] = Proof(attendee, record.n)
        elif record.type == "account.released":
            if str(account) in owners and owners[str(account)].attendee == attendee:
                del owners[str(account)]
        elif record.type == "attendee.erased":
            erased.add(attendee)
            owners = {text: proof for text, proof in owners.items() if proof.attendee != attendee}
    return owners
