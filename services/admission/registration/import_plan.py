"""Plans an attendee import: which person each line means, whether that person is new, and what would change.

Invariants: a person is identified by the e-mail address, so a different name is a correction. Only where several people
share an address (a group's order), and for a shop's tickets, does the name tell them apart. The plan says nothing about
consent: it is the person's own, and nobody else needs to know whether it was withdrawn.
"""

import secrets
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from services.admission.pseudonymization import AWAITS_CONFIRMATION
from services.admission.registration.attendee_csv import AttendeeRow, Mistake
from services.directory.person_fields import email_form, name_form
from services.directory.port import Directory, Person

MOST_OF_ONE_ADDRESS = 50


class Planned(Struct, frozen=True):
    """A line that can be imported. ``known``: the person, if registered already. ``waits``: whether they must confirm
    first, as far as is known before the import. ``changes``: sentences."""

    row: AttendeeRow
    known: Person | None
    waits: bool
    changes: tuple[str, ...] = ()

    @property
    def renamed(self) -> Person | None:
        """The known person with the new name; None where it stays the same."""
        name = name_form(self.row.name)
        if self.known is None or not name or name == self.known.name:
            return None
        return replace(self.known, name=name)


def groups(rows: Sequence[AttendeeRow], most: int) -> Iterator[list[AttendeeRow]]:
    """The rows in batches of at most ``most``, except that rows with one address stay together."""
    by_address: dict[str, list[AttendeeRow]] = {}
    for number, row in enumerate(rows):
        by_address.setdefault(email_form(row.email) or f" {number}", []).append(row)
    part: list[AttendeeRow] = []
    for some in by_address.values():
        if part and len(part) + len(some) > most:
            yield part
            part = []
        part += some
    if part:
        yield part


def plan(
    conference: str, rows: Sequence[AttendeeRow], directory: Directory, *, by_name: bool = False
) -> tuple[list[Planned], list[Mistake], list[Mistake]]:
    """What each line would do, the lines that cannot be imported, and notes. ``rows``: complete for each address.

    ``by_name``: of people who are not all of an address, so that another name is another person."""
    planned: list[Planned] = []
    mistakes: list[Mistake] = []
    notes: list[Mistake] = []
    by_address: dict[str, list[AttendeeRow]] = {}
    for row in rows:
        address = email_form(row.email)
        if address:
            by_address.setdefault(address, []).append(row)
        else:
            planned.append(_fresh(conference, row, directory))
    for address, some in by_address.items():
        known = directory.people.all_by_email(conference, address)
        if len(some) > MOST_OF_ONE_ADDRESS:
            text = f"This address has over {MOST_OF_ONE_ADDRESS} people in this file; give them addresses of their own."
            mistakes += [Mistake(row.line, None, text) for row in some[MOST_OF_ONE_ADDRESS:]]
        _plan_address(conference, some[:MOST_OF_ONE_ADDRESS], known, directory, planned, mistakes, by_name=by_name)
        notes += _shared(some[:MOST_OF_ONE_ADDRESS])
    planned.sort(key=lambda each: each.row.line)
    return planned, mistakes, notes


def _plan_address(
    conference: str,
    rows: Sequence[AttendeeRow],
    known: Sequence[Person],
    directory: Directory,
    planned: list[Planned],
    mistakes: list[Mistake],
    *,
    by_name: bool,
) -> None:
    """Matches the rows of one address to its known people by name. If one of each is left over, they are the same
    person with a corrected name, unless ``by_name``."""
    left = {_key(person.name): person for person in known}
    same = {row.line: left.pop(_key(row.name)) for row in rows if _key(row.name) in left}
    others = [row for row in rows if row.line not in same]
    if len(rows) == 1 and others and len(known) > 1 and not by_name:
        (row,) = rows
        text = f"{len(known)} people have this address, and none has this name. Put all of them into the file."
        mistakes.append(Mistake(row.line, None, text))
        return
    if len(others) == 1 and len(left) == 1 and not by_name:
        same[others[0].line] = next(iter(left.values()))
    for row in rows:
        person = same.get(row.line)
        if person is not None:
            mine = replace(row, attendee=person.attendee)
            waits = directory.is_waiting(conference, person.attendee)
            if not waits and directory.awaits_confirmation(conference, person.attendee, row.accounts):
                mistakes.append(
                    Mistake(row.line, None, AWAITS_CONFIRMATION)
                )  # admission would refuse it with the same text
                continue
            planned.append(Planned(mine, person, waits, tuple(_changes(conference, row, person, directory))))
        elif len(rows) > 1 or known:
            planned.append(
                _fresh(conference, replace(row, attendee=row.attendee or f"a{secrets.token_hex(12)}"), directory)
            )
        else:
            planned.append(_fresh(conference, row, directory))


def _fresh(conference: str, row: AttendeeRow, directory: Directory) -> Planned:
    return Planned(row, None, directory.has_tombstone(conference, [email_form(row.email), *row.accounts]))


def _key(name: str) -> str:
    return name_form(name).casefold()


def _changes(conference: str, row: AttendeeRow, person: Person, directory: Directory) -> Iterator[str]:
    name = name_form(row.name)
    if name and name != person.name:
        yield f"The name {person.name!r} becomes {name!r}."
    held = directory.accounts.held_by(conference, person.attendee)
    names = directory.accounts.accounts_of(held)
    claimed = {names[token] for token, how in held.items() if how == "claimed" and token in names}
    claimed |= set(directory.tombstones.waiting_accounts(conference, person.attendee) or ())
    new = [account for account in row.accounts if account not in claimed and account not in names.values()]
    dropped = sorted(claimed.difference(row.accounts))
    if new:
        yield f"New accounts: {', '.join(new)}."
    if dropped:
        yield f"Accounts that are no longer claimed: {', '.join(dropped)}."


def _shared(rows: Sequence[AttendeeRow]) -> Iterator[Mistake]:
    """Notes for people who share an address: all of their links go to one mailbox."""
    first, *others = rows
    for row in others:
        text = (
            f"This address is also that of line {first.line}. Each is a person with a link of their own, and all links "
            "go to that one mailbox: whoever reads it must pass each on to its person."
        )
        yield Mistake(row.line, None, text)
