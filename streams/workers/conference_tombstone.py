"""The record that erases a conference from the log for good.

Invariants: an erasure cannot be undone. Every record with the same key is ignored, before it and after it.
Why: conferences share partitions, so one conference's records cannot be deleted from a topic. Instead, a record without
a value marks the key as erased; every reader of the log then drops what it derived from that conference: state,
snapshots, inboxes.
"""

from schemas.topics import CONFERENCE_ERASED, TYPE_HEADER
from streams.workers.frames import Raw, header

KIND = CONFERENCE_ERASED.encode()


def erased_conference(raw: Raw) -> str | None:
    """The conference that this record of the log erases; None if it is any other record."""
    if raw.value is not None or raw.key is None or header(raw, TYPE_HEADER) != KIND:
        return None
    return raw.key.decode("utf-8", "replace")
