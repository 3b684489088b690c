"""Decodes the records of a frame: in one call if all of them are bytes, else one by one.

Invariants: every record gives an event or a reject; none is skipped silently.
"""

from collections.abc import Sequence

from schemas.codec import Codec, Record, Reject
from streams.workers.frames import Raw, Unreadable

NO_VALUE = "The record has no value."


def decode_records(codec: Codec, records: Sequence[Raw]) -> list[Record | Reject]:
    """An event or a reject for each record, in order."""
    values = [raw.value for raw in records]
    if set(map(type, values)) <= {bytes}:
        return codec.decode_each(values)
    return [_decode_one(codec, value) for value in values]


def _decode_one(codec: Codec, value: object) -> Record | Reject:
    if isinstance(value, bytes):
        return codec.decode(value)
    return Reject(value.reason if isinstance(value, Unreadable) else NO_VALUE, None, b"")
