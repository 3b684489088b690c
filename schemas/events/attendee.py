"""An attendee registers, changes consent, blocks others, and is erased.

Why: consent and blocks belong to the attendee alone, and not even the operator may send them. The log's owner registers
people who return after an erasure, on their own request, and repeats the blocks against them.
"""

from msgspec import Struct

from schemas.events.base import AttendeeEvent
from schemas.events.spec import EventSpec, Learner, Log, Rule
from schemas.events.texts import Account, Person


class Consent(Struct, frozen=True, kw_only=True):
    """What an attendee consented to at registration."""

    matching: bool
    chats: bool
    share_place: bool


class AttendeeRegistered(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.registered"):
    """Registers, or replaces the claimed accounts."""

    accounts: tuple[Account, ...]
    consent: Consent

    spec = EventSpec(
        meaning="Claims accounts. A repetition replaces the claims; the consent counts the first time only",
        senders={"organizer": Rule.OWN, "owner": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER,),
        subject="attendee",
        exported=("consent",),
        withheld=("accounts",),  # the log has tokens; the export has the accounts themselves, from the directory
        holds="claimed",
        notes={"consent": "{`matching`, `chats`, `share_place`: true or false}"},
        sample={
            "accounts": ["bsky:ada.example.org"],
            "consent": {"matching": True, "chats": True, "share_place": False},
        },
    )


class ConsentChanged(AttendeeEvent, frozen=True, kw_only=True, tag="consent.changed"):
    """Changes the consents that it names and leaves the others."""

    matching: bool | None = None
    chats: bool | None = None
    share_place: bool | None = None

    spec = EventSpec(
        meaning="Changes the consents that it names. Overrides the registration, whatever its `at`. "
        "A pause is `matching: false`",
        senders={"attendee": Rule.SELF},
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        exported=("matching", "chats", "share_place"),
        sample={"matching": False},
    )


_WHOM = "(an attendee's id, or an account: whoever has or claims it, registered or not)"


class AttendeeBlocked(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.blocked"):
    """Keeps ``attendee`` and ``blocked`` (an attendee, or whoever has or claims an account) apart."""

    blocked: Person

    spec = EventSpec(
        meaning="Keeps two people apart, both ways, visible to nobody. A block by account ends no open match by itself "
        "(see *Withdrawn*)",
        senders={"attendee": Rule.SELF, "owner": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        withheld=("blocked",),
        notes={"blocked": _WHOM},
        sample={"blocked": "0d9f6a2e4b7c8151a3e6f902"},
    )


class AttendeeUnblocked(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.unblocked"):
    """Removes a block, by the same text."""

    blocked: Person

    spec = EventSpec(
        meaning="Removes a block, by the same text",
        senders={"attendee": Rule.SELF},
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        withheld=("blocked",),
        sample={"blocked": "0d9f6a2e4b7c8151a3e6f902"},
    )


class AttendeeErased(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.erased"):
    """Erases the attendee; final for this id."""

    spec = EventSpec(
        meaning="Final for this id",
        senders={"attendee": Rule.SELF, "organizer": Rule.OWN, "operator": Rule.ANY},
        log=Log.CONFERENCE,
        learners=(Learner.ROUTER, Learner.DELIVERY, Learner.CONFERENCES),
        subject="attendee",
        sample={},
    )


AttendeeInput = AttendeeRegistered | ConsentChanged | AttendeeBlocked | AttendeeUnblocked | AttendeeErased
