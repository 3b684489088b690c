"""The position of an output among all outputs of its conference: "n-i". It stays on the server.

Why: a position is also the id of a Redis stream entry, so both parts are integers and compared as numbers. Both fit
into the doubles of a Lua script.
"""

import re
from typing import NamedTuple, Self

START = ""  # before every output

_FORM = re.compile(r"([0-9]{1,15})-([0-9]{1,9})", re.ASCII)


class Position(NamedTuple):
    """Positions are ordered like the outputs. It is not an offset: ``applied`` counts no duplicates.

    ``applied``: how many records were applied before the one that caused the output; ``ordinal``: the output's place
    among those of that record, from 0.
    """

    applied: int
    ordinal: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that "n-i" or START stands for. ValueError: its text completes a sentence."""
        if text == START:
            return cls(-1, -1)
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("is not a position such as 123-0")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.applied}-{self.ordinal}"
