"""Attendees out of a spreadsheet's CSV, with its mistakes line by line; and back into one.

Owns: which columns and spellings are understood. May never: guess a consent (a yes is one of the words below, what is
neither yes nor no is a mistake), or write a cell that a spreadsheet would run.
Theory: UTF-8 with or without its mark; the separator is whichever of comma, semicolon and tab the heading has most of.
A line with a mistake is left out, all others are good. Formulas are harmless here and become so on the way out by a
leading apostrophe, which is taken off again on the way in. Source: OWASP, CSV injection; RFC 4180.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator

from msgspec import Struct

from schemas.events import Consent
from schemas.names import account as account_form
from services.directory.people import email_form, fault_in
from services.directory.port import Person

CSV_BYTES = 10 * 1024 * 1024
MOST_ROWS = 100_000
MOST_MISTAKES = 1_000
MOST_ACCOUNTS = 10  # of one person

COLUMNS = ("name", "email", "accounts", "matching", "chats", "share_place", "show_name")
_ALIASES = {
    "name": {"name", "full name", "attendee", "attendee name", "display name", "nom", "nombre"},
    "email": {"email", "e mail", "mail", "email address", "e mail address", "attendee email", "correo"},
    "accounts": {"accounts", "account", "handles", "handle", "social", "social accounts", "konten", "konto"},
    "matching": {"matching", "meet", "meetups", "consent", "consent matching", "matching consent"},
    "chats": {"chats", "chat", "consent chats", "chats consent"},
    "share_place": {"share place", "place", "location", "share location", "consent share place", "share place consent"},
    "show_name": {"show name", "name visible", "show my name"},
}
_COLUMN_OF = {alias: column for column, aliases in _ALIASES.items() for alias in aliases}
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "on", "✓", "✔", "☑", "ja", "j", "oui", "si", "sí", "sim"})
_NO = frozenset({"", "no", "n", "false", "f", "0", "-", "off", "☐", "nein", "non", "não"})
_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠|%]|[\t\r\n]")


class Mistake(Struct, frozen=True):
    """What is wrong, in a sentence. ``line`` counts from 1 as an editor does; ``column`` as the heading calls it."""

    line: int
    column: str | None
    text: str


class AttendeeRow(Struct, frozen=True, kw_only=True):
    """One person, as the organizer was told in the ticket form."""

    line: int
    name: str
    email: str
    accounts: tuple[str, ...]
    consent: Consent
    show_name: bool


class _MistakeError(Exception):
    def __init__(self, column: str | None, text: str) -> None:
        super().__init__(text)
        self.column, self.text = column, text


def read_csv(data: bytes) -> tuple[list[AttendeeRow], list[Mistake]]:
    """The good lines and the mistakes of the others, both in the order of the file."""
    reading = _Reading()
    try:
        reading.read(_text_of(data))
    except _MistakeError as mistake:
        reading.note(reading.line, mistake)
    return reading.rows, reading.mistakes


class _Reading:
    """One file being read."""

    def __init__(self) -> None:
        self.rows: list[AttendeeRow] = []
        self.mistakes: list[Mistake] = []
        self.line = 1
        self._titles: dict[str, str] = {}
        self._emails: dict[str, int] = {}
        self._accounts: dict[str, int] = {}

    def note(self, line: int, mistake: _MistakeError) -> None:
        """Adds a mistake; after too many only that there are more."""
        if len(self.mistakes) == MOST_MISTAKES:
            self.mistakes.append(
                Mistake(line, None, f"There are more than {MOST_MISTAKES:,} mistakes; mend these first.")
            )
        elif len(self.mistakes) < MOST_MISTAKES:
            self.mistakes.append(Mistake(line, mistake.column, mistake.text))

    def read(self, text: str) -> None:
        """All lines, the heading first."""
        lines = self._lines(text)
        heading = next(lines, None)
        if heading is None:
            raise _MistakeError(None, "The file is empty.")
        columns = self._columns(heading[1])
        for line, cells in lines:
            if len(self.rows) == MOST_ROWS:
                self.line = line
                raise _MistakeError(None, f"Only {MOST_ROWS:,} people are taken at once; split the file here.")
            try:
                self.rows.append(self._row(line, self._by_column(columns, cells)))
            except _MistakeError as mistake:
                self.note(line, mistake)

    def _lines(self, text: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.note(line, _MistakeError(None, f"The quotes of this line do not fit together ({error})."))
                continue
            if any(cell.strip() for cell in cells):
                yield line, [_unguarded(cell.strip()) for cell in cells]

    def _columns(self, heading: list[str]) -> list[str | None]:
        columns = [_COLUMN_OF.get(_folded(title)) for title in heading]
        for column, title in zip(columns, heading, strict=True):
            if column is not None and column in self._titles:
                raise _MistakeError(title, f"{title} and {self._titles[column]} mean the same; keep one of them.")
            if column is not None:
                self._titles[column] = title
        if "email" not in self._titles:
            raise _MistakeError(None, f"No column is called email; the heading has: {', '.join(heading)}.")
        return columns

    @staticmethod
    def _by_column(columns: list[str | None], cells: list[str]) -> dict[str, str]:
        if len(cells) > len(columns):
            raise _MistakeError(
                None,
                f"This line has {len(cells)} cells and the heading {len(columns)}; put quotes around a cell "
                "that has the separator in it.",
            )
        found = zip(columns, cells, strict=False)  # a spreadsheet may leave the empty last cells out
        return {column: cell for column, cell in found if column is not None}

    def _row(self, line: int, cells: dict[str, str]) -> AttendeeRow:
        name, email = cells.get("name", ""), email_form(cells.get("email", ""))
        if not email:
            raise self._mistake("email", "is empty; the link is sent there")
        fault = fault_in(Person(conference="", attendee="", name=name, email=email))
        if fault is not None:
            raise self._mistake(fault[0], f"{_quoted(cells.get(fault[0], ''))} {fault[1]}")
        if email in self._emails:
            raise self._mistake("email", f"is the same as in line {self._emails[email]}")
        accounts = self._accounts_of(cells.get("accounts", ""))
        said = {column: self._said(column, cells.get(column, "")) for column in COLUMNS[3:]}
        self._emails[email] = line
        self._accounts |= dict.fromkeys(accounts, line)
        show = said.pop("show_name")
        return AttendeeRow(
            line=line, name=name, email=email, accounts=accounts, consent=Consent(**said), show_name=show
        )

    def _accounts_of(self, cell: str) -> tuple[str, ...]:
        accounts: dict[str, None] = {}
        for text in re.split(r"[\s;,]+", cell):
            if not text:
                continue
            try:
                account = account_form(text)
            except ValueError as error:
                raise self._mistake("accounts", f"{_quoted(text)} {error}") from None
            if account in self._accounts:
                raise self._mistake("accounts", f"{_quoted(text)} is the same as in line {self._accounts[account]}")
            accounts[account] = None
        if len(accounts) > MOST_ACCOUNTS:
            raise self._mistake("accounts", f"has more than {MOST_ACCOUNTS} accounts")
        return tuple(accounts)

    def _said(self, column: str, cell: str) -> bool:
        answer = cell.strip().casefold()
        if answer not in _YES | _NO:
            raise self._mistake(column, f"{_quoted(cell)} is neither yes nor no")
        return answer in _YES

    def _mistake(self, column: str, text: str) -> _MistakeError:
        title = self._titles.get(column, column)
        return _MistakeError(title, f"{title} {text}.")


def _text_of(data: bytes) -> str:
    if len(data) > CSV_BYTES:
        raise _MistakeError(None, f"The file has more than {CSV_BYTES // 1024**2} MB; split it.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _MistakeError(None, "The file is in UTF-16; save it as CSV in UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _MistakeError(None, f"Line {line} is not in UTF-8; save the file as CSV in UTF-8.") from None
    if "\0" in text:
        raise _MistakeError(None, "The file is no text; save it as CSV in UTF-8.")
    return text


def _separator(text: str) -> str:
    heading = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(",;\t", key=heading.count)


def _folded(title: str) -> str:
    folded = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.split(r"[\s_\-:?]+", folded)).strip()


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def write_csv(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A CSV in UTF-8 with its mark (Excel needs it), no cell of which a spreadsheet would run."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([_guarded(cell) for cell in heading])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
