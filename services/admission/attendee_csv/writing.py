"""Writes a CSV that no spreadsheet executes: a cell that looks like a formula gets an apostrophe, removed on import.

Source: OWASP, CSV injection; RFC 4180.
"""

import csv
import io
import re
from collections.abc import Iterable

# After white space, apostrophes and signs that nobody sees; also where a line in the cell begins.
_FORMULA = re.compile(r"[\s'\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠﹢﹣﹦﹫−|%]|[\t\r\n]|[^\t\r\n]*[\t\r\n]+[=+\-@]")


def write_csv(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A CSV in UTF-8 with its mark (Excel needs it), no cell of which a spreadsheet would run."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([_guarded(cell) for cell in heading])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before it was written."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
