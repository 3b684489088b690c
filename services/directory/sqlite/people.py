"""The people of a conference: names, contacts, preferences.

Responsibility: the tables people, contacts, preferences.
Invariants: others see only what a person allowed. Nobody who was erased is added again under their old id. Ids are
random and mean nothing.
"""

import secrets
from collections.abc import Callable, Collection, Sequence

import msgspec
from msgspec.structs import asdict, replace

from services.directory.person_fields import checked, email_form
from services.directory.port import Person, Shown, day
from services.directory.sqlite.database import Database, Row
from services.directory.sqlite.erased_ids import ErasedIds

_FIELDS = "conference, attendee, name, email, picture, show_name, show_picture"


class SqlitePeople:
    """The people. ``add`` and ``change`` raise ValueError with a sentence for a person."""

    def __init__(self, base: Database, erased_ids: ErasedIds, clock: Callable[[], int]) -> None:
        self._base, self._erased_ids, self._clock = base, erased_ids, clock

    def add(self, person: Person) -> Person | None:
        """Adds a person. Somebody with the same id stays as they are; where ``attendee`` is empty (then the id is a new
        random one), somebody with the same e-mail.

        Returns the stored person; None if the id was erased.
        """
        person = checked(person)
        with self._base.write():
            known = self._known(person)
            if known is not None:
                return known
            if not person.attendee:
                person = replace(person, attendee=f"a{secrets.token_hex(12)}")
            elif self._erased_ids.has(person.conference, person.attendee):
                return None
            values = (*asdict(person).values(), day(self._clock()))
            sql = f"INSERT INTO people ({_FIELDS}, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constant
            self._base.run(sql, values)
            return person

    def since(self, conference: str, attendee: str) -> int:
        """The day on which somebody was added; 0 where it was not recorded yet, or only the log knows them."""
        sql = "SELECT since FROM people WHERE conference = ? AND attendee = ?"
        rows = self._base.read(sql, (conference, attendee))
        return int(rows[0][0]) if rows else 0

    def add_all(self, persons: Sequence[Person]) -> list[tuple[Person, bool]]:
        """Adds several people, all or none; returns each, and whether they are new. An erased id is replaced."""
        with self._base.write():
            return [self._added(person) for person in persons]

    def _added(self, person: Person) -> tuple[Person, bool]:
        is_new = self._known(person) is None
        added = self.add(person) or self.add(replace(person, attendee=""))
        assert added is not None  # a random id is never an erased one
        return added, is_new

    def _known(self, person: Person) -> Person | None:
        """The stored person with the same id or e-mail."""
        if person.attendee:
            return self.get(person.conference, person.attendee)
        return self._by_email(person.conference, person.email)

    def remove(self, conference: str, attendees: Sequence[str]) -> None:
        """Removes people whose registration the log refused. This is not an erasure."""
        sql = "DELETE FROM people WHERE conference = ? AND attendee IN (SELECT value FROM json_each(?))"
        self._base.run(sql, (conference, _json(attendees)))

    def change(self, person: Person) -> bool:
        """Replaces a person's fields; False if they do not exist, or somebody else has the new e-mail."""
        person = checked(person)
        with self._base.write():
            before = self.get(person.conference, person.attendee)
            if before is None or (before.email != person.email and self._by_email(person.conference, person.email)):
                return False
            values = (person.name, person.email, person.picture, person.show_name, person.show_picture)
            sql = (
                "UPDATE people SET name = ?1, email = ?2, picture = ?3, show_name = ?4, show_picture = ?5, recovers ="
                " recovers AND (email = ?2 OR NOT EXISTS"
                " (SELECT 1 FROM sign_ins WHERE conference = ?6 AND attendee = ?7))"
                " WHERE conference = ?6 AND attendee = ?7"
            )
            return self._base.run(sql, (*values, person.conference, person.attendee)) == 1

    def get(self, conference: str, attendee: str) -> Person | None:
        """The person with this id, or None."""
        sql = f"SELECT {_FIELDS} FROM people WHERE conference = ? AND attendee = ?"  # noqa: S608 - constants
        rows = self._base.read(sql, (conference, attendee))
        return _person(rows[0]) if rows else None

    def _by_email(self, conference: str, email: str) -> Person | None:
        found = self.all_by_email(conference, email)
        return found[0] if found else None

    def all_by_email(self, conference: str, email: str) -> list[Person]:
        """Everybody with this address: several where one person ordered for others."""
        sql = f"SELECT {_FIELDS} FROM people WHERE conference = ? AND email <> '' AND email = ? ORDER BY attendee"  # noqa: S608
        return [_person(row) for row in self._base.read(sql, (conference, email_form(email)))]

    def page(self, conference: str, after: str = "", most: int = 1_000) -> list[Person]:
        """A page of a conference's people, sorted by id."""
        sql = f"SELECT {_FIELDS} FROM people WHERE conference = ? AND attendee > ? ORDER BY attendee LIMIT ?"  # noqa: S608
        return [_person(row) for row in self._base.read(sql, (conference, after, most))]

    def display(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see of each; for an unknown attendee only the id."""
        shown = {attendee: Shown(attendee, None, None) for attendee in attendees}
        sql = (
            f"SELECT {_FIELDS} FROM people WHERE conference = ?"  # noqa: S608 - constant
            " AND attendee IN (SELECT value FROM json_each(?))"
        )
        for row in self._base.read(sql, (conference, _json(shown))):
            person = _person(row)
            name = person.name if person.show_name and person.name else None
            picture = person.picture if person.show_picture and person.picture else None
            shown[person.attendee] = Shown(person.attendee, name, picture)
        return shown

    def preferences(self, conference: str, attendee: str) -> str | None:
        """The stored preferences, or None."""
        sql = "SELECT value FROM preferences WHERE conference = ? AND attendee = ?"
        rows = self._base.read(sql, (conference, attendee))
        return rows[0][0] if rows else None


def _person(row: Row) -> Person:
    conference, attendee, name, email, picture, show_name, show_picture = row
    return Person(
        conference=conference,
        attendee=attendee,
        name=name,
        email=email,
        picture=picture,
        show_name=bool(show_name),
        show_picture=bool(show_picture),
    )


def _json(values: Collection[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
