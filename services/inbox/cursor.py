"""Cursors: what an attendee's page names to say how far it has read its inbox.

Responsibility: the form. A cursor is the number of an entry in its own inbox, from 1; 0 is before the first.
Invariants: a cursor depends on this inbox alone, so it tells nothing of what others got; it is the same after a rebuild
and on every runner, for the outputs are. Positions in the conference's log never leave the server.
Failure modes: a text that this inbox never gave, such as a position of an older version, is no cursor: the stream
answers it with ``reset``.
"""

import re

FIRST = 0  # before the first entry

_FORM = re.compile(r"[0-9]{1,9}", re.ASCII)


def cursor_of(text: str) -> int | None:
    """The cursor that a client sent, ``FIRST`` for an empty text; None: it is none."""
    if not text:
        return FIRST
    return int(text) if _FORM.fullmatch(text) else None
