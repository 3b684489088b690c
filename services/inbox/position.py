"""Positions "n-i" of outputs in a conference's log: their order. They stay in the server (see ``cursor``).

Owns: the form and the order. Theory: a position is the id under which an output enters a Redis stream, so both parts
are whole numbers compared as numbers. Both fit into the doubles that a Lua script counts with.
"""

import re

START = ""  # before every output

_FORM = re.compile(r"([0-9]{1,15})-([0-9]{1,9})", re.ASCII)


def order(position: str) -> tuple[int, int]:
    """What positions are compared by. ValueError (the end of a sentence) for a text that is none."""
    if position == START:
        return -1, -1
    found = _FORM.fullmatch(position)
    if found is None:
        raise ValueError("is not a position such as 123-0")
    return int(found[1]), int(found[2])


def later(one: str, other: str) -> str:
    """The later of two."""
    return max(one, other, key=order)
