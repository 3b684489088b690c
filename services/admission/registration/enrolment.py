"""Builds registrations for an organizer: people for the directory, events for the log, and the way back if it refuses.

Invariants: the log gets nothing but ids, claims and consents. The consent of somebody who is registered already never
changes (by the contract the first registration's counts). Somebody who was erased is not brought back: they wait in the
directory until they confirm it themselves, and are in no log before that.
"""

import secrets
from collections.abc import Sequence

from msgspec import Struct

from schemas.events import AccountVerified, AttendeeBlocked, AttendeeRegistered, Consent
from schemas.names import normalize_account as account_form
from schemas.times import format_time
from services.admission.registration.attendee_csv import AttendeeRow
from services.directory.port import Directory, Person, Proof

METHOD = "code"
NOTHING_YET = Consent(matching=False, chats=False, share_place=False)
# It says nothing about erasures and blocks; an organizer who compares ids can tell who was erased. See ADR 18.


class Enrolment(Struct, frozen=True):
    """An attendee in the directory: the line of the file, whether they are new, and the event for the log; None where
    they must confirm first."""

    line: int
    attendee: str
    is_new: bool
    event: AttendeeRegistered | None


def enroll(conference: str, rows: Sequence[AttendeeRow], directory: Directory, now: int) -> list[Enrolment]:
    """Adds each row's person to the directory, identified by e-mail, so the same file adds nobody twice.

    ``now``: ms since 1970. The events are not authorized or pseudonymized yet.
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
    added = directory.enroll(persons)
    return [_enrolment(row, *each, now) for row, each in zip(rows, added, strict=True)]


def _enrolment(row: AttendeeRow, person: Person, is_new: bool, waits: bool, now: int) -> Enrolment:
    event = AttendeeRegistered(
        id=_new_id(),
        at=format_time(now),
        conference=person.conference,
        attendee=person.attendee,
        accounts=row.accounts,
        consent=row.consent,
    )
    return Enrolment(row.line, person.attendee, is_new, None if waits else event)


def undo_enrolment(conference: str, made: Sequence[Enrolment], directory: Directory) -> None:
    """Removes the new ones of these from the directory: the log has none of them."""
    directory.undo_enrolment(conference, [each.attendee for each in made if each.is_new])


def returning_registration(conference: str, attendee: str, accounts: Sequence[str], now: int) -> AttendeeRegistered:
    """The registration of somebody who has now confirmed it; their consent follows. To be admitted as ``OWNER``."""
    return AttendeeRegistered(
        id=_new_id(),
        at=format_time(now),
        conference=conference,
        attendee=attendee,
        accounts=tuple(accounts),
        consent=NOTHING_YET,
    )


def inherited_block(conference: str, other: str, attendee: str, now: int) -> AttendeeBlocked:
    """A block by ``other`` of this attendee, carried over from the attendee's earlier registration.

    To be admitted as ``OWNER``. The same block always has the same id.
    """
    return AttendeeBlocked(
        id=f"barred:{other}:{attendee}", at=format_time(now), conference=conference, attendee=other, blocked=attendee
    )


def verifications(proof: Proof) -> list[AccountVerified]:
    """The verifications of a proof, to be admitted as ``VERIFIER``. The same proof gives the same ids."""
    return [
        AccountVerified(
            id=f"{proof.id}-{number}",
            at=format_time(proof.at),
            conference=proof.conference,
            attendee=proof.attendee,
            account=account,
            method=METHOD,
        )
        for number, account in enumerate(proof.accounts)
    ]


def _new_id() -> str:
    return f"h-{secrets.token_hex(12)}"
