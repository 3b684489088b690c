"""The result of reading a CSV of attendees: rows, mistakes, notes, and what each column was taken for."""

from msgspec import Struct

from schemas.events import Consent

MOST_ROWS = 100_000
MOST_MISTAKES = 1_000  # and as many notes
MOST_ACCOUNTS = 10  # of one person


class Mistake(Struct, frozen=True):
    """A mistake or note, in a sentence. ``line`` counts from 1 as an editor does; ``column`` is the heading's title."""

    line: int
    column: str | None
    text: str


class Column(Struct, frozen=True):
    """A column's title, and what it was taken for (``name``, ``email``, ``accounts`` …); null: not understood."""

    title: str
    taken_for: str | None


class AttendeeRow(Struct, frozen=True, kw_only=True):
    """One person, as they filled in the ticket form. ``attendee``: the id, where it is known."""

    line: int
    name: str
    email: str
    accounts: tuple[str, ...]
    consent: Consent
    show_name: bool
    attendee: str = ""


class Sheet(Struct, frozen=True):
    """The content of a file. ``notes`` are about lines that are imported all the same."""

    rows: list[AttendeeRow]
    mistakes: list[Mistake]
    notes: list[Mistake]
    columns: tuple[Column, ...] = ()
    encoding: str = ""


class CellError(Exception):
    """Raised inside the reader: what is wrong with a cell, and in which column."""

    def __init__(self, column: str | None, text: str) -> None:
        super().__init__(text)
        self.column, self.text = column, text
