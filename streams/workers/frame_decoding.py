"""The records of a frame as events: fast where all are good, one by one where not.

Owns: what a record is that is no line of bytes. May never: pass over one in silence: each is an event or a fault.
"""

from collections.abc import Sequence

from schemas.codec import Codec, Record, Reject
from streams.workers.frames import Raw, Unreadable

NO_VALUE = "The record has no value."


def decoded(codec: Codec, records: Sequence[Raw]) -> list[Record | Reject]:
    """What each record says."""
    values = [raw.value for raw in records]
    if set(map(type, values)) <= {bytes}:
        return codec.decode_each(values)
    return [_alone(codec, value) for value in values]


def _alone(codec: Codec, value: object) -> Record | Reject:
    if isinstance(value, bytes):
        return codec.decode(value)
    return Reject(value.reason if isinstance(value, Unreadable) else NO_VALUE, None, b"")
