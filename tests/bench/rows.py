"""What a benchmark found, and the table of it.

Owns: the form of a result and whether its limit holds. May never: measure.
"""

import sys
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One number. ``most`` or ``least``: the asserted limit; ``aim``: what we are after; ``beside``: a remark."""

    what: str
    value: float
    unit: str = ""
    aim: str = ""
    most: float | None = None
    least: float | None = None
    beside: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit holds; without one it does."""
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def shown(self) -> str:
        return f"{_number(self.value)} {self.unit}".rstrip()

    @property
    def limit_shown(self) -> str:
        if self.most is not None:
            return f"<= {_number(self.most)}"
        return "" if self.least is None else f">= {_number(self.least)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def table(rows: list[Row]) -> str:
    """Rows under each other, for a terminal."""
    head = ("what", "measured", "aim", "limit", "", "beside")
    body = [
        (row.what, row.shown, row.aim, row.limit_shown, "ok" if row.holds else "MISSED", row.beside) for row in rows
    ]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *body]
    shown = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in shown)


def say(text: str) -> None:
    """Progress, for who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def spread(values: list[float]) -> str:
    """From the least to the most, around the median."""
    return f"{min(values):.3g} to {max(values):.3g}, median {median(values):.3g} of {len(values)}"
