"""Dead letters for records of a topic that cannot be decoded or folded.

Invariants: no bytes are lost silently. Two exceptions: a batch that cannot be read has no bytes to store, and of a
record much longer than any event only the beginning is stored, so that the dead letter itself can be written.
"""

from base64 import b64encode

import msgspec

from schemas.codec import encode_output
from schemas.outputs import DeadLetter
from schemas.times import format_time
from streams.workers.frames import Partition, Raw, Unreadable
from streams.workers.ports import Message, Reader, typed_message

MAX_DEAD_LETTER_BYTES = 512 << 10  # in base64 still below a broker's message limit; an event has at most 64 KB

_decode = msgspec.json.Decoder(DeadLetter).decode


def source_of(at: Partition) -> str:
    """The ``source`` of a dead letter: topic and partition of its record."""
    return f"{at.topic}/{at.partition}"


def decode_dead_letter(raw: Raw) -> DeadLetter | None:
    """Decodes a record of the dead-letter topic; None if it is not a dead letter."""
    try:
        return _decode(raw.value) if isinstance(raw.value, bytes) else None
    except msgspec.MsgspecError:
        return None


async def find_dead_letter_offsets(reader: Reader, topic: str, at: Partition, position: int) -> set[int]:
    """The offsets from ``position`` on that already have a dead letter: an earlier run wrote it and was then killed."""
    found: set[int] = set()
    end = (await reader.ends(topic))[at.partition]
    async for raws in reader.read(topic, at.partition, 0, end):
        dead_letters = [
            dead for dead in map(decode_dead_letter, raws) if dead is not None and dead.source == source_of(at)
        ]
        found.update(dead.position for dead in dead_letters if dead.position >= position)
    return found


def dead_letter_message(
    at: Partition, raw: Raw, reason: str, field: str | None = None, now: int | None = None
) -> Message:
    """The message for the dead-letter topic. ``now``: time of the partition's last good record, ms."""
    value = raw.value
    if isinstance(value, Unreadable):
        reason = f"The batch at the offsets {raw.offset:,} to {value.end - 1:,} cannot be read: {value.reason}"
    elif isinstance(value, bytes) and len(value) > MAX_DEAD_LETTER_BYTES:
        reason += f" Only the first {MAX_DEAD_LETTER_BYTES:,} of {len(value):,} bytes are stored here."
        value = value[:MAX_DEAD_LETTER_BYTES]
    dead = DeadLetter(
        reason=reason,
        field=field,
        source=source_of(at),
        position=raw.offset,
        bytes=b64encode(value).decode() if isinstance(value, bytes) else "",
        at=None if now is None else format_time(now),
    )
    return typed_message(dead.source, encode_output(dead), "dead.letter", partition=at.partition)
