"""The dead letters of the workers: listed, looked at, mended and sent again, each once.

Owns: a letter's number (``PARTITION-OFFSET``), the marks beside the letters. May never: send what a stranger brought:
that has to pass the door once more, which replaces names (``--url`` does), or send a letter as two events.
Theory: the marks lie in the letter's own partition, so their order decides. Who wants to send claims the letter for one
event first; the first claim holds. After a crash in between it can only be sent as the same event, which the log
recognises; a mark of its sending ends it. Marks have no value: who reads letters passes over them.
"""

from base64 import b64decode
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from msgspec.structs import replace

from schemas.codec import Codec, Reject, encode
from schemas.events import ActivityDeleted, ActivityPosted, Input
from schemas.outputs import DeadLetter
from schemas.times import written
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, TYPE_HEADER
from services.kafka.linking import KafkaRefusedError
from services.kafka.reading import Span, partitions_of, reader, records, spans
from services.kafka.writing import Message, Writer, writer

_CLAIMED, _SENT = b"dead.letter.claimed", b"dead.letter.sent"
_LETTER, _AS = "letter", "as"

_decode = msgspec.json.Decoder(DeadLetter).decode


class Shown(msgspec.Struct, frozen=True):
    """A letter; the same fields as over HTTP. ``bytes``: as they came, in base64."""

    number: str
    reason: str
    field: str | None
    source: str
    position: int
    at: str | None
    bytes: str
    sent_at: str | None = None


class Result(msgspec.Struct, frozen=True):
    """What became of a letter, or (``good``) would."""

    status: Literal["good", "accepted", "rejected"]
    reason: str = ""


@dataclass(slots=True)
class _Marks:
    """Of the letters of one partition, by offset: the first claim, and when it was sent."""

    claims: dict[int, bytes] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)

    def add(self, batch: Iterable[ConsumerRecord]) -> None:
        for record in batch:
            said = dict(record.headers)
            if record.value is None and _LETTER in said:
                letter = int(said[_LETTER])
                if said.get(TYPE_HEADER) == _CLAIMED:
                    self.claims.setdefault(letter, said[_AS])
                elif said.get(TYPE_HEADER) == _SENT:
                    self.sent.setdefault(letter, record.timestamp)


async def listed(address: str, prefix: str = "") -> AsyncGenerator[Shown]:
    """All that are still there, partition by partition, oldest first. KafkaAwayError, KafkaRefusedError."""
    partitions = await _partitions(address, prefix)
    async with reader(address) as consumer:
        for part, span in (await spans(consumer, partitions)).items():
            marks = await _marks(consumer, part, span)
            async for batch in records(consumer, {part: span}):
                for record in batch:
                    shown = _shown(record, marks)
                    if shown is not None:
                        yield shown


async def one(address: str, number: str, prefix: str = "") -> Shown:
    """The letter of that number. KafkaAwayError, KafkaRefusedError where there is none."""
    part = await _part_of(address, number, prefix)
    async with reader(address) as consumer:
        return await _found(consumer, part, number)


async def resend(address: str, number: str, mended: bytes | None, *, prefix: str = "", dry_run: bool = False) -> Result:
    """Sends a letter again, mended or as it came. KafkaAwayError; KafkaRefusedError: it cannot be sent (again)."""
    part = await _part_of(address, number, prefix)
    async with reader(address) as consumer, writer(address) as into:
        letter = await _found(consumer, part, number)
        _check_sendable(letter, prefix)
        found = Codec().decode(b64decode(letter.bytes) if mended is None else mended)
        if isinstance(found, Reject):
            return Result("rejected", found.reason)
        if dry_run:
            return Result("good")
        event: Input = replace(found.event, recorded_at=None)  # recorded when the log takes it
        offset, sent_as = _offset_of(number), blake2b(event.id.encode(), digest_size=16).hexdigest().encode()
        await _mark(into, part, _CLAIMED, offset, sent_as)
        marks = await _marks(consumer, part, (await spans(consumer, [part]))[part]._replace(first=offset))
        if offset in marks.sent or marks.claims[offset] != sent_as:
            raise KafkaRefusedError(f"{number} was sent, or is being sent, as another event. Send a new one instead.")
        await _send(into, event, prefix)
        await _mark(into, part, _SENT, offset, sent_as)
        return Result("accepted")


async def _send(into: Writer, event: Input, prefix: str) -> None:
    kind = str(event.__struct_config__.tag)
    if isinstance(event, ActivityPosted | ActivityDeleted) and event.conference is None:
        await into.append(prefix + ACTIVITY, [Message(event.actor.encode(), encode(event), kind)])
    else:
        assert event.conference is not None, "only posts and deletions may have none"
        await into.append(prefix + CONFERENCE_LOG, [Message(event.conference.encode(), encode(event), kind)])


async def _mark(into: Writer, part: TopicPartition, kind: bytes, offset: int, sent_as: bytes) -> None:
    headers = ((_LETTER, b"%d" % offset), (_AS, sent_as))
    await into.append(part.topic, [Message(b"", None, kind.decode(), part.partition, headers)])


def _check_sendable(letter: Shown, prefix: str) -> None:
    if letter.sent_at is not None:
        raise KafkaRefusedError(f"{letter.number} was sent again already, at {letter.sent_at}.")
    if not letter.source.startswith((f"{prefix}{ACTIVITY}/", f"{prefix}{CONFERENCE_LOG}/")):
        raise KafkaRefusedError(
            f"{letter.number} came from {letter.source}, not from a topic of events. What came through a gateway goes "
            "through it again: `hallway dead-letters` without --kafka, with --url."
        )


# -- reading -------------------------------------------------------------------------------------------------------


async def _partitions(address: str, prefix: str) -> list[TopicPartition]:
    found = await partitions_of(address, [prefix + DEAD_LETTERS])
    if not found:
        raise KafkaRefusedError(f"There is no topic {prefix}{DEAD_LETTERS}. `hallway topics create` makes it.")
    return found[prefix + DEAD_LETTERS]


async def _part_of(address: str, number: str, prefix: str) -> TopicPartition:
    partition, _, offset = number.partition("-")
    partitions = await _partitions(address, prefix)
    if not (partition.isdecimal() and offset.isdecimal() and int(partition) < len(partitions)):
        raise KafkaRefusedError(f"{number} is not the number of a letter here, such as 3-17; `list` tells them.")
    return partitions[int(partition)]


def _offset_of(number: str) -> int:
    return int(number.partition("-")[2])


async def _marks(consumer: AIOKafkaConsumer, part: TopicPartition, span: Span) -> _Marks:
    marks = _Marks()
    async for batch in records(consumer, {part: span}):
        marks.add(batch)
    return marks


async def _found(consumer: AIOKafkaConsumer, part: TopicPartition, number: str) -> Shown:
    span, offset = (await spans(consumer, [part]))[part], _offset_of(number)
    if span.first <= offset < span.end:
        marks = await _marks(consumer, part, span._replace(first=offset))
        async for batch in records(consumer, {part: Span(offset, offset + 1)}):
            for record in batch:
                shown = _shown(record, marks)
                if shown is not None:
                    return shown
    raise KafkaRefusedError(f"There is no dead letter {number}, or no more: they are kept for 14 days.")


def _shown(record: ConsumerRecord, marks: _Marks) -> Shown | None:
    try:
        said = _decode(record.value) if record.value is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = None
    if said is None:
        return None
    number, sent = f"{record.partition}-{record.offset}", marks.sent.get(record.offset)
    sent_at = None if sent is None else written(sent)
    return Shown(number, said.reason, said.field, said.source, said.position, said.at, said.bytes, sent_at)
