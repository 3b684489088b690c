"""An attendee verifies an account, or releases it.

Invariants: verifications come only from the server's own check.
"""

from schemas.events.base import AttendeeEvent
from schemas.events.spec import EventSpec, Learner, Log, Rule
from schemas.events.texts import Account, Method


class AccountVerified(AttendeeEvent, frozen=True, kw_only=True, tag="account.verified"):
    """The attendee proved to own the account."""

    account: Account
    method: Method

    spec = EventSpec(
        meaning="The newest proof decides who owns the account. A previous owner loses it, and their open matches "
        "that no longer rest on a known tie are withdrawn (`unproved`) with that record. Claims of others have no "
        "effect. Registrations never change it",
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
    """Releases an account, and the claim to it."""

    account: Account

    spec = EventSpec(
        meaning="Releases the account and the claim to it. The next owner verifies it again",
        senders={"attendee": Rule.SELF},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER,),
        subject="attendee",
        withheld=("account",),
        holds="released",
        sample={"account": "bsky:ada.example.org"},
    )


AccountInput = AccountVerified | AccountReleased
