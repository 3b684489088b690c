"""Dead letters of what stands in a topic and cannot be folded.

Owns: their form. May never: leave bytes out in silence; of a batch that nobody can read there are none, and of a
record much longer than any event only the beginning is kept, for the letter must be writable.
"""

from base64 import b64encode

import msgspec

from schemas.codec import encode_output
from schemas.outputs import DeadLetter
from schemas.times import written
from streams.workers.frames import Partition, Raw, Unreadable
from streams.workers.ports import Message, Reader, typed_message

LETTER_BYTES = 512 << 10  # in base64 still below what a broker takes as one message; an event has at most 64 KB

_decode = msgspec.json.Decoder(DeadLetter).decode


def source_of(at: Partition) -> str:
    """What a dead letter says of where its record stands."""
    return f"{at.topic}/{at.partition}"


def dead_letter(raw: Raw) -> DeadLetter | None:
    """A message of the topic of dead letters; None for what is none."""
    try:
        return _decode(raw.value) if isinstance(raw.value, bytes) else None
    except msgspec.MsgspecError:
        return None


async def lettered(reader: Reader, topic: str, at: Partition, position: int) -> set[int]:
    """The offsets from ``position`` on of which a dead letter is written already: by us, before we were killed."""
    found: set[int] = set()
    end = (await reader.ends(topic))[at.partition]
    async for raws in reader.read(topic, at.partition, 0, end):
        letters = [dead for dead in map(dead_letter, raws) if dead is not None and dead.source == source_of(at)]
        found.update(dead.position for dead in letters if dead.position >= position)
    return found


def letter(at: Partition, raw: Raw, reason: str, field: str | None = None, now: int | None = None) -> Message:
    """A message for the topic of dead letters. ``now``: the last good one of the partition, ms."""
    value = raw.value
    if isinstance(value, Unreadable):
        reason = f"The batch at the offsets {raw.offset:,} to {value.end - 1:,} cannot be read: {value.reason}"
    elif isinstance(value, bytes) and len(value) > LETTER_BYTES:
        reason += f" Here are its first {LETTER_BYTES:,} of {len(value):,} bytes."
        value = value[:LETTER_BYTES]
    dead = DeadLetter(
        reason=reason,
        field=field,
        source=source_of(at),
        position=raw.offset,
        bytes=b64encode(value).decode() if isinstance(value, bytes) else "",
        at=None if now is None else written(now),
    )
    return typed_message(dead.source, encode_output(dead), "dead.letter", partition=at.partition)
