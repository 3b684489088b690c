"""Positions "n-i" of outputs in a conference's log, and their order. They stay on the server (see ``cursor``).

Why: a position is the id of a Redis stream entry, so both parts are integers and compared as numbers. Both fit into the
doubles of a Lua script.
"""

import re

START = ""  # before every output

_FORM = re.compile(r"([0-9]{1,15})-([0-9]{1,9})", re.ASCII)


def order(position: str) -> tuple[int, int]:
    """The sort key (n, i) of a position. ValueError: it is not a position; its text completes a sentence."""
    if position == START:
        return -1, -1
    found = _FORM.fullmatch(position)
    if found is None:
        raise ValueError("is not a position such as 123-0")
    return int(found[1]), int(found[2])


def later(one: str, other: str) -> str:
    """The later of two positions."""
    return max(one, other, key=order)
