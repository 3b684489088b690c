"""The records of a frame as events: fast where all are good, one by one where not.

Owns: which records are events of which conference. May never: pass over one in silence: each is an event or a fault.
"""

from collections.abc import Iterator, Sequence

from schemas.codec import EVENT_BYTES, Codec, Record, Reject
from streams.workers.frames import Raw, Unreadable

NO_VALUE = "The record has no value."
_BLOCK_BYTES = EVENT_BYTES - 1

Decoded = tuple[Raw, Record | Reject]


def decoded(codec: Codec, records: Sequence[Raw]) -> Iterator[Decoded]:
    """Each record with what it says."""
    block: list[Raw] = []
    size = 0
    for raw in records:
        value = raw.value
        if not isinstance(value, bytes):
            yield from _block(codec, block)
            block, size = [], 0
            yield raw, Reject(value.reason if isinstance(value, Unreadable) else NO_VALUE, None, b"")
            continue
        if block and size + len(value) + 1 > _BLOCK_BYTES:
            yield from _block(codec, block)
            block, size = [], 0
        block.append(raw)
        size += len(value) + 1
    yield from _block(codec, block)


def _block(codec: Codec, block: Sequence[Raw]) -> Iterator[Decoded]:
    if not block:
        return
    found = codec.decode_all(b"\n".join([raw.value for raw in block]))
    if found is None or len(found) != len(block):
        for raw in block:
            yield raw, codec.decode(raw.value)
    else:
        yield from zip(block, found, strict=True)
