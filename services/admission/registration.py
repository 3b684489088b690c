"""Registering attendees for an organizer: people into the directory, events for the log; and back, if the log refuses.

Owns: the steps. May never: tell the log more than ids, claims and what was ticked; raise a consent of somebody who is
registered already (the contract: the first registration's counts), or bring back who was erased: who comes back waits
in the directory for their own word, and is in no log before it.
"""

import secrets
from collections.abc import Sequence

from msgspec import Struct

from schemas.events import AccountVerified, AttendeeBlocked, AttendeeRegistered, Consent
from schemas.names import normalize_account as account_form
from schemas.times import written
from services.admission.attendee_csv import AttendeeRow
from services.directory.port import Directory, Person, Proof

METHOD = "code"
NOTHING_YET = Consent(matching=False, chats=False, share_place=False)
# Of erasures and blocks it says nothing; who was erased, an organizer who compares ids can tell. See ADR 18.
WAITS = "Waits for this person's own confirmation: nobody is suggested to them before. Send them their link."


class Enrolled(Struct, frozen=True):
    """One attendee: the line it came from, whether the directory knows them only now, what to say to the log; None:
    nothing, for they wait for their own word."""

    line: int
    attendee: str
    is_new: bool
    event: AttendeeRegistered | None


def enrolled(conference: str, rows: Sequence[AttendeeRow], directory: Directory, now: int) -> list[Enrolled]:
    """Adds each row's person (by e-mail: the same file again makes nobody twice). ``now``: milliseconds since 1970.

    The events are not admitted or translated yet.
    """
    persons = [
        (
            Person(
                conference=conference,
                attendee=row.attendee,
                name=row.name,
                email=row.email,
                show_name=row.show_name,
            ),
            tuple(map(account_form, row.accounts)),
        )
        for row in rows
    ]
    added = directory.enrol(persons)
    return [_enrolled(row, *each, now) for row, each in zip(rows, added, strict=True)]


def _enrolled(row: AttendeeRow, person: Person, is_new: bool, waits: bool, now: int) -> Enrolled:
    event = AttendeeRegistered(
        id=_new_id(),
        at=written(now),
        conference=person.conference,
        attendee=person.attendee,
        accounts=row.accounts,
        consent=row.consent,
    )
    return Enrolled(row.line, person.attendee, is_new, None if waits else event)


def taken_back(conference: str, made: Sequence[Enrolled], directory: Directory) -> None:
    """The log has none of these: whom the directory knows only since then, it does not know any more."""
    directory.not_wanted(conference, [each.attendee for each in made if each.is_new])


def came_back(conference: str, attendee: str, accounts: Sequence[str], now: int) -> AttendeeRegistered:
    """What the log is told of somebody who waited, when they say so themselves; their consent follows. As ``OWNER``."""
    return AttendeeRegistered(
        id=_new_id(),
        at=written(now),
        conference=conference,
        attendee=attendee,
        accounts=tuple(accounts),
        consent=NOTHING_YET,
    )


def barred(conference: str, other: str, attendee: str, now: int) -> AttendeeBlocked:
    """That somebody's block or decline holds for this attendee too, who was another one then. As ``OWNER``.

    The same again has the same id.
    """
    return AttendeeBlocked(
        id=f"barred:{other}:{attendee}", at=written(now), conference=conference, attendee=other, blocked=attendee
    )


def verifications(proof: Proof) -> list[AccountVerified]:
    """What the verifier says of a proof; to be admitted as ``VERIFIER``. The same proof gives the same ids."""
    return [
        AccountVerified(
            id=f"{proof.id}-{number}",
            at=written(proof.at),
            conference=proof.conference,
            attendee=proof.attendee,
            account=account,
            method=METHOD,
        )
        for number, account in enumerate(proof.accounts)
    ]


def _new_id() -> str:
    return f"h-{secrets.token_hex(12)}"
