"""Splits the text of a CSV into lines of cells: finds the separator and the heading, and handles quotes.

Invariants: a line's number is that of its first line in the file, as an editor counts. Broken quotes spoil one line and
not the rest.
Why: tools write ``sep=;``, or the event's name and dates before the heading, and separate cells by comma, semicolon,
tab or ``|``. The heading is the first line with a column of e-mail addresses; the separator is the one with which most
titles are understood.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator

from services.admission.registration.attendee_csv.columns import count_understood
from services.admission.registration.attendee_csv.values import CellError
from services.admission.registration.attendee_csv.writing import unguarded

_SEPARATORS = ",;\t|"
_HEADING_LINES = 40  # how far down to look for the heading
_SEP = re.compile(r'"?sep=(?P<sign>[^"\r\n]|\\t)"?[ ,;\t]*', re.IGNORECASE)
Note = Callable[[int, CellError], None]
Line = tuple[int, list[str]]


def lines_of(text: str, note: Note) -> Iterator[Line]:
    """The heading, then the lines below it without empty ones. ``note`` is called for each broken line."""
    declared = _SEP.fullmatch(text.partition("\n")[0].rstrip("\r"))
    separators = declared["sign"].replace("\\t", "\t") if declared else _SEPARATORS
    found = {sign: _heading(text, sign) for sign in separators}
    separator = max(found, key=lambda sign: found[sign][0])
    understood, first = found[separator]
    if not understood:
        separator, first = _most(text, separators), 2 if declared else 1
    for line, cells in _split(text, separator, note, first):
        if line >= first:
            yield line, cells


def _heading(text: str, separator: str) -> tuple[int, int]:
    """How many titles of the heading are understood with this separator, and the heading's line."""
    for line, cells in _split(text, separator, _pass):
        if line > _HEADING_LINES:
            break
        understood = count_understood(cells)
        if understood:
            return understood, line
    return 0, 1


def _most(text: str, separators: str) -> str:
    heading = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(separators, key=heading.count)


def _pass(line: int, error: CellError) -> None:
    """Ignores broken lines while looking for the heading."""


def _split(text: str, separator: str, note: Note, first: int = 1) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if line >= first:
                note(line, CellError(None, f"The quotes of this line do not match ({error})."))
            continue
        if any(cell.strip() for cell in cells):
            yield line, [unguarded(cell.strip()) for cell in cells]
