"""The position of an output among all outputs of its conference: "n-i"."""

from typing import NamedTuple, Self


class Position(NamedTuple):
    """Positions are ordered like the outputs. It is not an offset: ``applied`` counts no duplicates.

    ``applied``: how many records were applied before the one that caused the output; ``ordinal``: the
    output's place among those of that record, from 0.
    """

    applied: int
    ordinal: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that "n-i" stands for. ValueError."""
        applied, _, ordinal = text.partition("-")
        return cls(int(applied), int(ordinal))

    def __str__(self) -> str:
        return f"{self.applied}-{self.ordinal}"
