"""Reads a CSV of attendees into rows, mistakes and notes.

Invariants: a line becomes a row or a mistake, never both, and a mistake in one line does not affect the others.
"""

from itertools import chain, islice

from schemas.events import Consent
from services.admission.registration.attendee_csv.cells import (
    accounts_in,
    address_in,
    is_address,
    is_error,
    quoted,
    yes_or_no,
)
from services.admission.registration.attendee_csv.columns import CONSENTS, Columns
from services.admission.registration.attendee_csv.statuses import is_coming
from services.admission.registration.attendee_csv.table import Line, lines_of
from services.admission.registration.attendee_csv.text import WINDOWS, text_of
from services.admission.registration.attendee_csv.values import (
    MOST_ACCOUNTS,
    MOST_MISTAKES,
    MOST_ROWS,
    AttendeeRow,
    CellError,
    Mistake,
    Sheet,
)
from services.directory.person_fields import email_form, fault_in, name_form
from services.directory.port import Person

_LOOKED_AT = 50  # lines, for addresses in columns that were not understood


def read_csv(data: bytes, charset: str = "") -> Sheet:
    """The lines of a file in its order. ``charset``: of its text, where the sender says so."""
    reading = _Reading()
    try:
        text, reading.encoding = text_of(data, charset)
        if reading.encoding == WINDOWS:
            said = "The file is not in UTF-8 and was read as Windows-1252. Look whether names are right."
            reading.remark(1, None, said)
        reading.read(text)
    except CellError as mistake:
        reading.note(reading.line, mistake)
    columns = reading.columns.shown if reading.columns else ()
    return Sheet(reading.rows, reading.mistakes, reading.notes, columns, reading.encoding)


class _Reading:
    """One file being read."""

    def __init__(self) -> None:
        self.rows: list[AttendeeRow] = []
        self.mistakes: list[Mistake] = []
        self.notes: list[Mistake] = []
        self.line, self.encoding = 1, ""
        self.columns: Columns | None = None
        self._people: dict[tuple[str, str], int] = {}  # line by address and name
        self._accounts: dict[str, int] = {}

    def note(self, line: int, mistake: CellError) -> None:
        """Adds a mistake; at the limit only that there are more."""
        if len(self.mistakes) == MOST_MISTAKES:
            more = f"There are more than {MOST_MISTAKES:,} mistakes; correct these first."
            self.mistakes.append(Mistake(line, None, more))
        elif len(self.mistakes) < MOST_MISTAKES:
            self.mistakes.append(Mistake(line, mistake.column, mistake.text))

    def remark(self, line: int, column: str | None, text: str) -> None:
        """Adds a note, up to the limit."""
        if len(self.notes) < MOST_MISTAKES:
            self.notes.append(Mistake(line, column, text))

    def read(self, text: str) -> None:
        """Reads all lines, the heading first."""
        lines = lines_of(text, self.note)
        heading = next(lines, None)
        if heading is None:
            raise CellError(None, "The file is empty.")
        self.line = heading[0]
        self.columns = columns = Columns(heading[1])
        if "email" not in columns.at:
            shown = ", ".join(heading[1])[:300]
            raise CellError(None, f"The file has no column for the e-mail address. Found: {shown}.")
        if not {"name", "first", "last"} & columns.at.keys():
            said = "No column is called name or means it, so nobody of this file gets a name."
            self.remark(self.line, None, said)
        first = list(islice(lines, _LOOKED_AT))
        _check_addresses(columns, first)
        for line, found in chain(first, lines):
            if len(self.rows) == MOST_ROWS:
                self.line = line
                raise CellError(None, f"Only {MOST_ROWS:,} people can be imported at once; split the file here.")
            try:
                self.rows.append(_Row(self, columns, line, found).read(self._people, self._accounts))
            except CellError as mistake:
                self.note(line, mistake)


def _check_addresses(columns: Columns, lines: list[Line]) -> None:
    """A link that goes to who bought the ticket lets them be the one who comes. CellError, where it is not sure whose
    address the file has."""
    if columns.is_of_attendees:
        return
    own = columns.at["email"]
    for line, cells in lines:
        addresses = {cells[place].casefold() for place in own if place < len(cells)}
        for place in columns.unread:
            if place < len(cells) and is_address(cells[place]) and cells[place].casefold() not in addresses:
                title, taken = columns.heading[place], columns.title("email")
                raise CellError(
                    title,
                    f"{title} has addresses too (line {line}), others than {taken}. Call the column of the attendees' "
                    f"own addresses Attendee email, and leave the other out.",
                )


class _Row:
    """One line being read."""

    def __init__(self, reading: _Reading, columns: Columns, line: int, found: list[str]) -> None:
        while len(found) > len(columns.heading) and not found[-1]:
            found.pop()  # a spreadsheet may write empty cells at the end, or leave them out
        if len(found) > len(columns.heading):
            raise CellError(
                None,
                f"This line has {len(found)} cells and the heading {len(columns.heading)}; put quotes around a cell "
                "that has the separator in it.",
            )
        self._reading, self._columns, self._line, self._cells = reading, columns, line, found

    def read(self, people: dict[tuple[str, str], int], accounts: dict[str, int]) -> AttendeeRow:
        """The line's row. ``people`` and ``accounts``: the lines in which each was found, updated here."""
        self._check_statuses()
        name, email = self._name(), self._email()
        fault = fault_in(Person(conference="", attendee="", name=name, email=email))
        if fault is not None:
            value = {"name": name, "email": email}[fault[0]]
            raise self._mistake(fault[0], f"{quoted(value)} {fault[1]}")
        who = (email, name.casefold())
        if who in people:
            raise self._mistake("email", f"is the same as in line {people[who]}")
        claimed = self._accounts(accounts)
        said = {column: self._said(column) for column in CONSENTS}
        people[who] = self._line
        accounts |= dict.fromkeys(claimed, self._line)
        show = said.pop("show_name")
        return AttendeeRow(
            line=self._line, name=name, email=email, accounts=claimed, consent=Consent(**said), show_name=show
        )

    def _check_statuses(self) -> None:
        for place in self._columns.at.get("status", ()):
            title, status = self._columns.heading[place], self._at(place)
            coming = is_coming(status, title)
            if coming == "no":
                raise CellError(title, f"{title} says {quoted(status)}, so nobody is registered.")
            if coming == "unknown":
                text = f"{title} says {quoted(status)}, which is not known here: registered all the same."
                self._reading.remark(self._line, title, text)

    def _name(self) -> str:
        first, last = name_form(self._cell("first")), name_form(self._cell("last"))
        whole = name_form(self._cell("name"))
        if whole and (not first or first.casefold() in whole.casefold()):
            return whole
        parts = (last, first) if self._columns.title("last") == "姓" else (first, last or whole)
        return " ".join(filter(None, parts))

    def _email(self) -> str:
        title = self._columns.title("email")
        for place in self._columns.at["email"]:
            cell = self._cells[place] if place < len(self._cells) else ""
            if is_error(cell):
                raise CellError(title, f"{title} has {quoted(cell)}, a spreadsheet's error; the link is sent there.")
            address = email_form(address_in(cell))
            if address:
                return address
        raise self._mistake("email", "is empty; the link is sent there")

    def _accounts(self, taken: dict[str, int]) -> tuple[str, ...]:
        accounts: dict[str, None] = {}
        for place in self._columns.at.get("accounts", ()):
            title = self._columns.heading[place]
            for account in accounts_in(self._at(place), self._columns.networks[place], title):
                if account in taken:
                    raise CellError(title, f"{title} {quoted(account)} is the same as in line {taken[account]}.")
                accounts[account] = None
        if len(accounts) > MOST_ACCOUNTS:
            raise self._mistake("accounts", f"has more than {MOST_ACCOUNTS} accounts")
        return tuple(accounts)

    def _said(self, column: str) -> bool:
        cell = self._cell(column)
        answer = yes_or_no(cell)
        if answer is None:
            raise self._mistake(column, f"{quoted(cell)} is neither yes nor no")
        return answer

    def _cell(self, column: str) -> str:
        """The first cell of a column that is not empty."""
        return next(filter(None, map(self._at, self._columns.at.get(column, ()))), "")

    def _at(self, place: int) -> str:
        cell = self._cells[place] if place < len(self._cells) else ""
        if not is_error(cell):
            return cell
        title = self._columns.heading[place]
        self._reading.remark(self._line, title, f"{title} has {quoted(cell)}, a spreadsheet's error; taken as empty.")
        return ""

    def _mistake(self, column: str, text: str) -> CellError:
        title = self._columns.title(column)
        return CellError(title, f"{title} {text}.")
