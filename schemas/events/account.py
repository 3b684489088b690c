"""An attendee proves to own an account, and gives one up.

Why: verifications come from the server's own check alone.
"""

from schemas.events.base import AttendeeEvent
from schemas.events.spec import EventSpec, Learner, Log, Rule
from schemas.events.texts import Account, Method


class AccountVerified(AttendeeEvent, frozen=True, kw_only=True, tag="account.verified"):
    """The attendee proved to own the account."""

    account: Account
    method: Method

    spec = EventSpec(
        meaning="The newest proof has the account. Whoever had it loses it, and their open matches that no longer rest "
        "on a known tie are withdrawn (`unproved`) with that record. Claims of others are without effect. "
        "Registrations never touch it",
        senders={"verifier": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER,),
        subject="attendee",
        exported=("method",),
        withheld=("account",),  # the log has a token; the export has the account itself, from the directory
        holds="verified",
        sample={"account": "bsky:ada.example.org", "method": "oauth"},
    )


class AccountReleased(AttendeeEvent, frozen=True, kw_only=True, tag="account.released"):
    """Gives an account up, and the claim to it."""

    account: Account

    spec = EventSpec(
        meaning="Gives up the account and the claim to it. The next owner verifies anew",
        senders={"attendee": Rule.SELF},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER,),
        subject="attendee",
        withheld=("account",),
        holds="released",
        sample={"account": "bsky:ada.example.org"},
    )


AccountInput = AccountVerified | AccountReleased
