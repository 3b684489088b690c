"""Registering attendees for an organizer: people into the directory, events for the log; and back, if the log refuses.

Owns: the steps. May never: tell the log more than ids, claims and what was ticked; raise a consent of somebody who is
registered already (the contract: the first registration's counts), or bring back who was erased.
"""

import secrets
from collections.abc import Sequence

from msgspec import Struct

from schemas.events import AccountVerified, AttendeeRegistered
from schemas.times import written
from services.directory.people import People
from services.directory.port import Person
from services.door.attendee_csv import AttendeeRow

METHOD = "code"


class Enrolled(Struct, frozen=True):
    """One attendee: the line it came from, whether the directory knows them only now, what to say to the log."""

    line: int
    attendee: str
    is_new: bool
    event: AttendeeRegistered


def enrolled(conference: str, rows: Sequence[AttendeeRow], people: People, now: int) -> list[Enrolled]:
    """Adds each row's person (by e-mail: the same file again makes nobody twice). ``now``: milliseconds since 1970.

    The events are not admitted or translated yet.
    """
    persons = [
        Person(conference=conference, attendee=row.attendee, name=row.name, email=row.email, show_name=row.show_name)
        for row in rows
    ]
    added = people.add_all(persons)
    return [_enrolled(row, person, is_new, now) for row, (person, is_new) in zip(rows, added, strict=True)]


def _enrolled(row: AttendeeRow, person: Person, is_new: bool, now: int) -> Enrolled:
    event = AttendeeRegistered(
        id=_new_id(),
        at=written(now),
        conference=person.conference,
        attendee=person.attendee,
        accounts=row.accounts,
        consent=row.consent,
    )
    return Enrolled(row.line, person.attendee, is_new, event)


def taken_back(conference: str, made: Sequence[Enrolled], people: People) -> None:
    """The log has none of these: whom the directory knows only since then, it does not know any more."""
    people.remove(conference, [each.attendee for each in made if each.is_new])


def verified(conference: str, attendee: str, account: str, now: int) -> AccountVerified:
    """What the verifier says when the code was found; to be admitted as ``VERIFIER``."""
    return AccountVerified(
        id=_new_id(), at=written(now), conference=conference, attendee=attendee, account=account, method=METHOD
    )


def _new_id() -> str:
    return f"h-{secrets.token_hex(12)}"
