"""The differences of two runs as a table for people and as JSONL. The JSONL is complete; the table is cut."""

from rich.table import Table
from rich.text import Text

from schemas.codec import encode_output
from services.cli.logs.summary import console, plural, say
from services.cli.streams.output_files import Write
from streams.compare import Difference, RunMatch, describe_reasons

_SHOWN = 50
_TABLE_COLUMNS = 110  # narrower terminals show the reasons below each match
_STYLES = {"came": "green", "went": "red", "changed": "yellow"}
_SIGNS = {"came": "+", "went": "-", "changed": "~"}


def show(differences: list[Difference], write: Write, *, output: str | None) -> None:
    """Writes every difference, and shows the first of them."""
    for one in differences:
        write(encode_output(one) + b"\n")
    if not differences:
        say("No difference: both runs suggest the same, in the same way.", "green")
        return
    for conference in dict.fromkeys(one.conference for one in differences):
        of_it = [one for one in differences if one.conference == conference]
        counts = {change: sum(one.change == change for one in of_it) for change in _STYLES}
        words = ", ".join(f"{count:,} {change}" for change, count in counts.items())
        say(f"{conference}: {plural(len(of_it), 'match', 'matches')} differ: {words}", "bold")
        _show_table(of_it[:_SHOWN])
        if len(of_it) > _SHOWN:
            hint = "" if output else "; --output FILE gets all of them"
            say(f"… and {len(of_it) - _SHOWN:,} more{hint}")


def _show_table(differences: list[Difference]) -> None:
    out = console()
    if not out.is_terminal or out.width < _TABLE_COLUMNS:
        for one in differences:
            say(" ".join((_SIGNS[one.change], *_cells(one))), _STYLES[one.change])
            for line in _reasons_of(one):
                say(f"    {line}")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("", "pair", "at (UTC)", "score"):
        table.add_column(column, no_wrap=column != "pair", overflow="fold")
    table.add_column("why", ratio=1)
    for one in differences:
        pair, _, at, score = _cells(one)
        sign = Text(_SIGNS[one.change], style=_STYLES[one.change])
        table.add_row(
            sign, Text(pair), Text(at[5:16].replace("T", " ")), Text(score), Text("\n".join(_reasons_of(one)))
        )
    out.print(table)


def _cells(one: Difference) -> tuple[str, str, str, str]:
    seen = one.here or one.other
    assert seen is not None
    score = f"{seen.score:.4f}"
    if one.here and one.other and one.here.score != one.other.score:
        score = f"{one.other.score:.4f} -> {score}"
    return " + ".join(one.attendees), one.match, seen.at, score


def _reasons_of(one: Difference) -> list[str]:
    if one.change == "changed":
        return [*one.changes, *(f"why not at once: {text}" for text in one.why)]
    seen = one.here or one.other
    assert isinstance(seen, RunMatch)
    has, lacks = ("here", "the other") if one.change == "came" else ("the other", "here")
    return [f"{has}: {describe_reasons(seen.reasons)}", *(f"{lacks}: {text}" for text in one.why)]
