"""Cursors: the ``id`` of a server-sent event, by which a page says how far it has read its inbox.

Responsibility: the format. A cursor is the number of an entry in its own inbox, from 1; 0 is before the first.
Invariants: a cursor depends on this inbox alone, so it reveals nothing of what others got. It is the same after a
rebuild and on every runner, because the outputs are. Positions in the conference's log never leave the server.
Failure modes: a text that this inbox never gave, such as a position of an older version, is not a cursor; the stream
answers it with ``reset``.
"""

import re

FIRST = 0  # before the first entry

_FORM = re.compile(r"[0-9]{1,9}", re.ASCII)


def parse_cursor(text: str) -> int | None:
    """Parses the cursor that a client sent: ``FIRST`` for an empty text; None if it is not a cursor."""
    if not text:
        return FIRST
    return int(text) if _FORM.fullmatch(text) else None
