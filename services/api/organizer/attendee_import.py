"""Files of attendees: what each line would do, or did.

Responsibility: plan and registration together, under one lock, so that a plan still holds when it is carried out.
Invariants: a dry run changes nothing; a name changes only when the line was taken, or waits for its person's own word;
no consent is told.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from services.admission.attendee_csv import AttendeeRow, Column, Mistake, Sheet
from services.admission.attendee_import_plan import Planned, groups, plan
from services.admission.registration import WAITS
from services.admission.registration_flow import registered
from services.admission.sender import Sender
from services.api.gate import Gate

_AT_ONCE = 500
MOST_LINES_SHOWN = 1_000


What = Literal["new", "changed", "unchanged", "waiting"]


class Line(Struct, frozen=True):
    """A line that is taken, or waits. ``attendee``: the id, null for somebody new in a dry run."""

    line: int
    what: What
    attendee: str | None
    name: str
    email: str
    accounts: tuple[str, ...]
    changes: tuple[str, ...]


class Waiting(Struct, frozen=True):
    """A line whose person is not registered before they confirm it themselves, on the page that their link opens."""

    line: int
    text: str


class Imported(Struct, frozen=True):
    """What a file did; of a dry run, what it would do.

    ``registered``: how many lines were taken, ``new`` and ``changed`` ones among them. ``mistakes``: of lines that were
    left out; ``waiting``: of lines whose people have to confirm them first; ``notes``: of lines that were taken.
    ``lines``: the first 1,000. ``not_understood``: titles of columns that nothing was taken from; ``columns``: each and
    what it was taken for.
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


async def imported(gate: Gate, sender: Sender, conference: str, sheet: Sheet, *, dry_run: bool) -> Imported:
    """Registers everybody in a file; raises as ``Runner.take``, with the parts before that taken."""
    lines: list[Line] = []
    mistakes, notes = list(sheet.mistakes), list(sheet.notes)
    consents: list[int] = []
    for part in groups(sheet.rows, _AT_ONCE):
        async with gate.importing:
            planned, wrong, said = await asyncio.to_thread(plan, conference, part, gate.directory)
            taken = [_line(each, None, waits=each.waits) for each in planned]
            if not dry_run:
                taken, refused = await _carried_out(gate, sender, conference, planned)
                wrong += refused
        lines += taken
        mistakes += wrong
        notes += said
        waits = {line.line for line in taken if line.what == "waiting"}
        known = [each.row for each in planned if each.known is not None and each.row.line not in waits]
        consents += [row.line for row in known if _says_yes(row)]
    if consents:
        text = (
            "Whoever is registered already keeps the consent as it is, whatever the file says: only they themselves "
            "change it, on their page."
        )
        notes.append(Mistake(min(consents), None, text))
    return Imported(
        dry_run=dry_run,
        registered=sum(each.what != "waiting" for each in lines),
        new=sum(each.what == "new" for each in lines),
        changed=sum(each.what == "changed" for each in lines),
        mistakes=tuple(sorted(mistakes, key=_by_line)),
        waiting=tuple(Waiting(each.line, WAITS) for each in sorted(lines, key=_by_line) if each.what == "waiting"),
        notes=tuple(sorted(notes, key=_by_line)),
        lines=tuple(sorted(lines, key=_by_line)[:MOST_LINES_SHOWN]),
        columns=sheet.columns,
        not_understood=tuple(column.title for column in sheet.columns if column.taken_for is None),
        encoding=sheet.encoding,
    )


async def _carried_out(
    gate: Gate, sender: Sender, conference: str, planned: Sequence[Planned]
) -> tuple[list[Line], list[Mistake]]:
    rows = [each.row for each in planned]
    made = await registered(gate.intake, gate.registering, sender, conference, rows) if rows else []
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
        async with gate.intake.lock:  # nobody is erased meanwhile
            await asyncio.to_thread(lambda: [gate.directory.people.change(person) for person in people])
    return lines, refused


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
