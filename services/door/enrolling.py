"""Registering attendees for an organizer: people into the directory, events for the log, links to hand out.

Owns: the steps. May never: tell the log more than ids, claims and what was ticked; raise a consent of somebody who is
registered already (the contract: the first registration's counts), or bring back who was erased.
"""

import secrets
from collections.abc import Iterable

from msgspec import Struct

from schemas.events import AccountVerified, AttendeeRegistered
from schemas.times import written
from services.directory.keys import Keys
from services.directory.people import People
from services.directory.port import Person
from services.door.attendee_csv import AttendeeRow

METHOD = "code"


class Enrolled(Struct, frozen=True):
    """One attendee: the line it came from, the link's secret part, and what to say to the log as that organizer."""

    line: int
    attendee: str
    link: str
    event: AttendeeRegistered


def enrolled(conference: str, rows: Iterable[AttendeeRow], people: People, keys: Keys, now: int) -> list[Enrolled]:
    """Adds each row's person (by e-mail: the same file again makes nobody twice). ``now``: milliseconds since 1970.

    The events are not admitted or translated yet.
    """
    return [_enrolled(conference, row, people, keys, now) for row in rows]


def _enrolled(conference: str, row: AttendeeRow, people: People, keys: Keys, now: int) -> Enrolled:
    person = people.add(
        Person(conference=conference, attendee="", name=row.name, email=row.email, show_name=row.show_name)
    )
    assert person is not None  # only an id that was asked for can be erased
    event = AttendeeRegistered(
        id=_new_id(),
        at=written(now),
        conference=conference,
        attendee=person.attendee,
        accounts=row.accounts,
        consent=row.consent,
    )
    return Enrolled(row.line, person.attendee, keys.issue_link(conference, person.attendee), event)


def verified(conference: str, attendee: str, account: str, now: int) -> AccountVerified:
    """What the verifier says when the code was found; to be admitted as ``VERIFIER``."""
    return AccountVerified(
        id=_new_id(), at=written(now), conference=conference, attendee=attendee, account=account, method=METHOD
    )


def _new_id() -> str:
    return f"h-{secrets.token_hex(12)}"
