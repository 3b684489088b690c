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
from aiokafka import ConsumerRecord
from msgspec.structs import replace

from schemas.codec import Codec, Reject, encode, kind_of
from schemas.events import Activity, Input
from schemas.outputs import DeadLetter
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, TYPE_HEADER
from services.admission.dead_letter_view import Shown
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.topic_reader import Span, TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.workers.frames import header
from streams.workers.ports import Message, typed_message

_CLAIMED, _SENT = b"dead.letter.claimed", b"dead.letter.sent"
_LETTER, _AS = "letter", "as"
SEALED = "sealed"  # the header of a letter whose bytes only a gateway can read

_decode = msgspec.json.Decoder(DeadLetter).decode


class InTopic(Shown[str], frozen=True):
    """A letter of the topic; where a gateway ``sealed`` it, without its bytes."""

    sealed: bool = False


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


async def listed(access: Access, prefix: str = "") -> AsyncGenerator[Shown[str]]:
    """All that are still there, partition by partition, oldest first. UnavailableError, KafkaRefusedError."""
    topic = prefix + DEAD_LETTERS
    async with TopicReader(access) as reader:
        for partition, span in (await _spans(reader, topic)).items():
            marks = await _marks(reader, topic, partition, span)
            async for batch in reader.read(topic, partition, *span):
                for record in batch:
                    shown = _shown(record, marks)
                    if shown is not None:
                        yield shown


async def one(access: Access, number: str, prefix: str = "") -> Shown[str]:
    """The letter of that number. UnavailableError, KafkaRefusedError where there is none."""
    async with TopicReader(access) as reader:
        return await _found(reader, prefix + DEAD_LETTERS, number)


async def resend(
    access: Access, number: str, mended: bytes | None, *, prefix: str = "", dry_run: bool = False
) -> Result:
    """Sends a letter again, mended or as it came. UnavailableError; KafkaRefusedError: it cannot be sent (again)."""
    topic = prefix + DEAD_LETTERS
    async with TopicReader(access) as reader, TopicWriter(access) as writer:
        letter = await _found(reader, topic, number)
        _check_sendable(letter, prefix)
        found = Codec().decode(b64decode(letter.bytes) if mended is None else mended)
        if isinstance(found, Reject):
            return Result("rejected", found.reason)
        if dry_run:
            return Result("good")
        event: Input = replace(found.event, recorded_at=None)  # recorded when the log takes it
        partition, offset = _spot(number)
        sent_as = blake2b(event.id.encode(), digest_size=16).hexdigest().encode()
        await writer.produce(topic, [_mark(_CLAIMED, partition, offset, sent_as)])
        marks = await _marks(reader, topic, partition, (await _spans(reader, topic))[partition]._replace(first=offset))
        if offset in marks.sent or marks.claims[offset] != sent_as:
            raise KafkaRefusedError(f"{number} was sent, or is being sent, as another event. Send a new one instead.")
        await _send(writer, event, prefix)
        await writer.produce(topic, [_mark(_SENT, partition, offset, sent_as)])
        return Result("accepted")


async def _send(writer: TopicWriter, event: Input, prefix: str) -> None:
    if isinstance(event, Activity) and event.conference is None:
        await writer.produce(prefix + ACTIVITY, [typed_message(event.actor, encode(event), kind_of(event))])
    else:
        assert event.conference is not None, "only posts and deletions may have none"
        await writer.produce(prefix + CONFERENCE_LOG, [typed_message(event.conference, encode(event), kind_of(event))])


def _mark(kind: bytes, partition: int, offset: int, sent_as: bytes) -> Message:
    return Message(b"", None, ((TYPE_HEADER, kind), (_LETTER, b"%d" % offset), (_AS, sent_as)), partition)


def _check_sendable(letter: Shown[str], prefix: str) -> None:
    if letter.sent_at is not None:
        raise KafkaRefusedError(f"{letter.number} was sent again already, at {letter.sent_at}.")
    if not letter.source.startswith((f"{prefix}{ACTIVITY}/", f"{prefix}{CONFERENCE_LOG}/")):
        raise KafkaRefusedError(
            f"{letter.number} came from {letter.source}, not from a topic of events. What came through a gateway goes "
            "through it again: `hallway dead-letters` without --kafka, with --url."
        )


# -- reading -------------------------------------------------------------------------------------------------------


async def _spans(reader: TopicReader, topic: str) -> dict[int, Span]:
    found = await reader.spans(topic)
    if not found:
        raise KafkaRefusedError(f"There is no topic {topic}. `hallway topics create` makes it.")
    return found


def _spot(number: str) -> tuple[int, int]:
    """Partition and offset of a letter."""
    partition, _, offset = number.partition("-")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise KafkaRefusedError(f"{number} is not the number of a letter here, such as 3-17; `list` tells them.")
    return int(partition), int(offset)


async def _marks(reader: TopicReader, topic: str, partition: int, span: Span) -> _Marks:
    marks = _Marks()
    async for batch in reader.read(topic, partition, *span):
        marks.add(batch)
    return marks


async def _found(reader: TopicReader, topic: str, number: str) -> Shown[str]:
    partition, offset = _spot(number)
    span = (await _spans(reader, topic)).get(partition, Span(0, 0))
    if span.first <= offset < span.end:
        marks = await _marks(reader, topic, partition, span._replace(first=offset))
        records = [record async for batch in reader.read(topic, partition, offset, offset + 1) for record in batch]
        for record in records:
            shown = _shown(record, marks)
            if shown is not None:
                return shown
    raise KafkaRefusedError(f"There is no dead letter {number}, or no more: they are kept for 14 days.")


def _shown(record: ConsumerRecord, marks: _Marks) -> Shown[str] | None:
    try:
        said = _decode(record.value) if record.value is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = None
    if said is None:
        return None
    shown = InTopic.of(f"{record.partition}-{record.offset}", said, marks.sent.get(record.offset))
    return shown if header(record, SEALED) is None else replace(shown, bytes="", sealed=True)
