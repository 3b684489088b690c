"""The record that erases a conference from its log for ever.

Owns: how it is told from others. May never: be undone: what has the same key is nothing, before it and behind it.
Theory: conferences share partitions, so the records of one cannot be taken out. Instead one record without a value says
that the key is gone; what was made from the others (state, snapshots, inboxes) goes when it is read, wherever it is.
"""

from schemas.topics import CONFERENCE_ERASED, TYPE_HEADER
from streams.workers.frames import Raw, header

KIND = CONFERENCE_ERASED.encode()


def erased_by(raw: Raw) -> str | None:
    """The conference that a record of the log erases; None: it is another record."""
    if raw.value is not None or raw.key is None or header(raw, TYPE_HEADER) != KIND:
        return None
    return raw.key.decode("utf-8", "replace")
