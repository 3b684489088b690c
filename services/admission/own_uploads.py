"""Decides whether an attendee's own post can count at all; a post that cannot is neither stored nor pseudonymized.

Why: a post that no rule of the matcher ever reads would only cost everybody disk and memory.
"""

from collections.abc import Collection, Iterable

from schemas.events import ActivityPosted
from schemas.times import DAY_MS, millis
from services.admission.sender import Refused
from services.directory.port import EVIDENCE_DAYS
from streams.matching import Matcher


def refusal_of(post: ActivityPosted, accounts: Collection[str], now: int) -> Refused | None:
    """Why the post cannot count, or None. ``accounts``: those that the attendee verified. ``now``: ms since 1970."""
    if post.actor not in accounts:
        return Refused(
            "actor is not an account that you verified here. Verify it, then send its posts.", "bad", "actor"
        )
    if post.repost_of is not None:
        return Refused("A repost says nothing about who knows whom. Leave reposts out.", "bad", "repost_of")
    if now - millis(post.at) >= EVIDENCE_DAYS * DAY_MS:
        return Refused(
            f"at is {EVIDENCE_DAYS} days ago or more; such posts no longer count. Leave it out.", "bad", "at"
        )
    return None


def verified_accounts(matcher: Matcher | None, attendee: str, accounts: Iterable[str]) -> list[str]:
    """Which of these accounts the attendee has verified according to the log."""
    people = None if matcher is None else matcher.observer.people
    return [] if people is None else [each for each in accounts if people.has_verified(attendee, each)]
