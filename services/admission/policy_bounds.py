"""Limits on the matching policy that an organizer may set for a conference.

Why: every suggestion is an entry in two inboxes of a store that all conferences of a server share, and each event makes
the matcher look at everybody who is present. The operator may go as far as the schema allows.
"""

from schemas.policy import Policy

# By field. At least ten times the contract's defaults (last in each comment): nobody reads 60 cards an hour.
MAXIMA: dict[str, int] = {
    "presence_hours": 72,  # a conference's days; 12
    "per_hour": 60,  # 3
    "per_day": 200,  # 10; with it at most 400 open cards of one person, and 3 entries each
    "evidence_days": 400,  # and so long the directory stores accounts; 400
    "near_minutes": 1_440,  # 30
}


def fault_in(policy: Policy) -> tuple[str, str] | None:
    """The field that is too large, and a sentence about it; None where all fields are within their limits."""
    for name, most in MAXIMA.items():
        if getattr(policy, name) > most:
            return f"matching.{name}", f"matching.{name} is at most {most:,} for an organizer. Set it lower."
    return None
