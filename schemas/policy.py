"""The policy of a conference: the parameters of the engine, with the contract's defaults."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Positive = Annotated[int, Meta(ge=1, le=1_000_000)]
# Spans are bounded to a century, so that no sum of times leaves the calendar.
Days = Annotated[int, Meta(ge=1, le=36_500)]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``matching`` of a ``conference.opened``; missing fields have the contract's defaults."""

    accounts: Literal["verified", "claimed"] = "verified"
    presence_hours: Annotated[int, Meta(ge=1, le=8_760)] = 12
    per_hour: Count = 3
    per_day: Count = 10
    known_each: Positive = 2
    known_posts: Positive = 4
    known_days: Positive = 2
    chat_sessions: Positive = 3
    chat_weight: Count = 2_000
    evidence_days: Days = 400
    half_life_days: Days = 180
    near_minutes: Annotated[int, Meta(ge=0, le=525_600)] = 30
