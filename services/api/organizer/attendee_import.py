"""Imports a file of attendees, or reports in a dry run what each line would do.

Responsibility: plan and registration run under one lock, so that a plan is still valid when it is executed.
Invariants: a dry run changes nothing. A name changes only if its line was accepted or awaits confirmation. The result
says nothing about anybody's consent.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from services.admission.event_admission import EventAdmission
from services.admission.pseudonymization import AWAITS_CONFIRMATION
from services.admission.registration.attendee_csv import AttendeeRow, Column, Mistake, Sheet
from services.admission.registration.flow import register_attendees
from services.admission.registration.import_plan import Planned, groups, plan
from services.admission.sender import Sender
from services.directory.port import Directory

_AT_ONCE = 500
MOST_LINES_SHOWN = 1_000
_CONSENT_STAYS = (
    "People who are registered already keep their consent, whatever the file says: only they themselves can "
    "change it, on their page."
)

What = Literal["new", "changed", "unchanged", "waiting"]


class Line(Struct, frozen=True):
    """A line that was accepted, or awaits confirmation. ``attendee``: the id, null for a new person in a dry run."""

    line: int
    what: What
    attendee: str | None
    name: str
    email: str
    accounts: tuple[str, ...]
    changes: tuple[str, ...]


class Waiting(Struct, frozen=True):
    """A line whose person is registered only after they confirm it themselves, on the page that their link opens."""

    line: int
    text: str


class Imported(Struct, frozen=True):
    """What a file did; in a dry run, what it would do.

    ``registered``: how many lines were accepted, with the ``new`` and ``changed`` ones. ``mistakes``: of skipped lines;
    ``waiting``: lines whose people must confirm first; ``notes``: about accepted lines. ``lines``: the first 1,000.
    ``not_understood``: titles of unused columns; ``columns``: each column and what it was taken for.
    """

    dry_run: bool
    registered: int
    new: int
    changed: int
    mistakes: tuple[Mistake, ...]
    waiting: tuple[Waiting, ...]
    notes: tuple[Mistake, ...]
    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    not_understood: tuple[str, ...]
    encoding: str


class AttendeeImport:
    """Processes one batch of one file at a time, across all callers."""

    def __init__(self, admission: EventAdmission, directory: Directory) -> None:
        self._admission, self._directory = admission, directory
        self._turn = asyncio.Lock()
        self._registering = asyncio.Lock()  # acquired after ``_turn``

    async def run(self, sender: Sender, conference: str, sheet: Sheet, *, dry_run: bool) -> Imported:
        """Registers everybody in a file. Raises as ``Runner.take``; earlier batches are registered then."""
        lines: list[Line] = []
        mistakes, notes = list(sheet.mistakes), list(sheet.notes)
        consents: list[int] = []
        for part in groups(sheet.rows, _AT_ONCE):
            async with self._turn:
                planned, wrong, said = await asyncio.to_thread(plan, conference, part, self._directory)
                taken = [_line(each, None, waits=each.waits) for each in planned]
                if not dry_run:
                    taken, refused = await self._register(sender, conference, planned)
                    wrong += refused
            lines += taken
            mistakes += wrong
            notes += said
            consents += _lines_with_consent(planned, taken)
        if consents:
            notes.append(Mistake(min(consents), None, _CONSENT_STAYS))
        return _imported(sheet, sorted(lines, key=_by_line), mistakes, notes, dry_run=dry_run)

    async def run_some(
        self, sender: Sender, conference: str, rows: Sequence[AttendeeRow]
    ) -> tuple[list[Line], list[Mistake]]:
        """Registers these rows, as a shop names them: people who are known keep their names and the accounts that they
        claim, and another name at their address is another person.

        Returns what was accepted, and mistakes. Raises as ``Runner.take``."""
        async with self._turn:
            planned, mistakes, _ = await asyncio.to_thread(plan, conference, rows, self._directory, by_name=True)
            own = await asyncio.to_thread(lambda: [self._with_claims(conference, each) for each in planned])
            accepted, refused = await self._register(sender, conference, own, are_of_shop=True)
        return accepted, [*mistakes, *refused]

    def _with_claims(self, conference: str, each: Planned) -> Planned:
        """A known person's line with the accounts that they claim now, which a registration would else end."""
        if each.known is None:
            return each
        held = self._directory.accounts.held_by(conference, each.known.attendee)
        claimed = [token for token, how in held.items() if how == "claimed"]
        accounts = set(self._directory.accounts.accounts_of(claimed).values())
        accounts |= set(self._directory.tombstones.waiting_accounts(conference, each.known.attendee) or ())
        return replace(each, row=replace(each.row, accounts=tuple(sorted(accounts))))

    async def _register(
        self, sender: Sender, conference: str, planned: Sequence[Planned], *, are_of_shop: bool = False
    ) -> tuple[list[Line], list[Mistake]]:
        rows = [each.row for each in planned]
        made = (
            await register_attendees(
                self._admission, self._registering, sender, conference, rows, are_of_shop=are_of_shop
            )
            if rows
            else []
        )
        lines: list[Line] = []
        refused: list[Mistake] = []
        for each, (enrolled, result) in zip(planned, made, strict=True):
            if result.status == "rejected":
                refused.append(Mistake(each.row.line, None, result.reason or ""))
                continue
            lines.append(_line(each, enrolled.attendee, waits=result.status == "waits"))
        taken = {line.line for line in lines}
        people = [person for each in planned if each.row.line in taken and (person := each.renamed) is not None]
        if people:
            async with self._admission.lock:  # no erasure runs meanwhile
                await asyncio.to_thread(lambda: [self._directory.people.change(person) for person in people])
        return lines, refused


def _lines_with_consent(planned: Sequence[Planned], taken: Sequence[Line]) -> list[int]:
    """The lines that give consent for people who are registered already."""
    waits = {line.line for line in taken if line.what == "waiting"}
    known = [each.row for each in planned if each.known is not None and each.row.line not in waits]
    return [row.line for row in known if _says_yes(row)]


def _imported(
    sheet: Sheet, lines: Sequence[Line], mistakes: Sequence[Mistake], notes: Sequence[Mistake], *, dry_run: bool
) -> Imported:
    return Imported(
        dry_run=dry_run,
        registered=sum(each.what != "waiting" for each in lines),
        new=sum(each.what == "new" for each in lines),
        changed=sum(each.what == "changed" for each in lines),
        mistakes=tuple(sorted(mistakes, key=_by_line)),
        waiting=tuple(Waiting(each.line, AWAITS_CONFIRMATION) for each in lines if each.what == "waiting"),
        notes=tuple(sorted(notes, key=_by_line)),
        lines=tuple(lines[:MOST_LINES_SHOWN]),
        columns=sheet.columns,
        not_understood=tuple(column.title for column in sheet.columns if column.taken_for is None),
        encoding=sheet.encoding,
    )


def _line(each: Planned, attendee: str | None, *, waits: bool) -> Line:
    row, known = each.row, each.known
    what: What = "changed" if each.changes else "unchanged"
    if known is None:
        what = "new"
    return Line(
        line=row.line,
        what="waiting" if waits else what,
        attendee=known.attendee if attendee is None and known is not None else attendee,
        name=row.name,
        email=row.email,
        accounts=row.accounts,
        changes=each.changes,
    )


def _says_yes(row: AttendeeRow) -> bool:
    return row.show_name or row.consent.matching or row.consent.chats or row.consent.share_place


def _by_line(each: Line | Mistake) -> int:
    return each.line
