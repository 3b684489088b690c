"""Writes a CSV that no spreadsheet executes: a cell that looks like a formula gets an apostrophe, removed on import.

Source: OWASP, CSV injection; RFC 4180.
"""

import csv
import io
import re
from collections.abc import Iterable

# Also after white space, apostrophes and invisible characters, and at the start of any line in the cell.
_FORMULA = re.compile(r"[\s'\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠﹢﹣﹦﹫−|%]|[\t\r\n]|[^\t\r\n]*[\t\r\n]+[=+\-@]")


def write_csv(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A CSV in UTF-8 with a byte order mark (Excel needs it), none of whose cells a spreadsheet would execute."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([_guarded(cell) for cell in heading])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that ``write_csv`` added."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
