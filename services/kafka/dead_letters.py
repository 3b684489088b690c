"""The workers' dead letters in their topic: list, show, fix, and resend each once.

Responsibility: a dead letter's number (``PARTITION-OFFSET``), and the markers beside the dead letters.
Invariants: a dead letter that came through a gateway is not resent from here: it has to pass admission again, which
replaces names (``--url`` does). A dead letter is never resent as two events.
Why: markers are in the dead letter's own partition, so their order decides. A resend first claims the dead letter for
one event, and the first claim wins. After a crash it can only be resent as the same event, which the log recognises as
a duplicate; a second marker records that it was sent. Markers have no value, so readers of dead letters skip them.
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
from services.admission.dead_letter_view import DeadLetterView
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.topic_reader import Span, TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.workers.frames import header
from streams.workers.ports import Message, typed_message

_CLAIMED, _SENT = b"dead.letter.claimed", b"dead.letter.sent"
_LETTER, _AS = "letter", "as"
SEALED = "sealed"  # the header of a dead letter whose bytes only a gateway can read

_decode = msgspec.json.Decoder(DeadLetter).decode


class TopicDeadLetter(DeadLetterView[str], frozen=True):
    """A dead letter of the topic; if a gateway ``sealed`` it, without its bytes."""

    sealed: bool = False


class Result(msgspec.Struct, frozen=True):
    """The outcome of a resend; ``good``: it would be accepted (dry run)."""

    status: Literal["good", "accepted", "rejected"]
    reason: str = ""


@dataclass(slots=True)
class _ResendMarkers:
    """The markers of one partition, by the dead letter's offset: the first claim, and when it was sent (ms)."""

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


async def list_dead_letters(access: Access, prefix: str = "") -> AsyncGenerator[DeadLetterView[str]]:
    """Yields all dead letters, partition by partition, oldest first. UnavailableError, KafkaRefusedError."""
    topic = prefix + DEAD_LETTERS
    async with TopicReader(access) as reader:
        for partition, span in (await _spans(reader, topic)).items():
            marks = await _read_markers(reader, topic, partition, span)
            async for batch in reader.read(topic, partition, *span):
                for record in batch:
                    shown = _to_shown(record, marks)
                    if shown is not None:
                        yield shown


async def get_dead_letter(access: Access, number: str, prefix: str = "") -> DeadLetterView[str]:
    """The dead letter with a number. UnavailableError; KafkaRefusedError: there is none."""
    async with TopicReader(access) as reader:
        return await _find(reader, prefix + DEAD_LETTERS, number)


async def resend(
    access: Access, number: str, mended: bytes | None, *, prefix: str = "", dry_run: bool = False
) -> Result:
    """Resends a dead letter, ``mended`` or as it came. UnavailableError; KafkaRefusedError: it cannot be (re)sent."""
    topic = prefix + DEAD_LETTERS
    async with TopicReader(access) as reader, TopicWriter(access) as writer:
        letter = await _find(reader, topic, number)
        _check_sendable(letter, prefix)
        found = Codec().decode(b64decode(letter.bytes) if mended is None else mended)
        if isinstance(found, Reject):
            return Result("rejected", found.reason)
        if dry_run:
            return Result("good")
        event: Input = replace(found.event, recorded_at=None)  # recorded when the log takes it
        partition, offset = _parse_number(number)
        sent_as = blake2b(event.id.encode(), digest_size=16).hexdigest().encode()
        await writer.produce(topic, [_marker(_CLAIMED, partition, offset, sent_as)])
        marks = await _read_markers(
            reader, topic, partition, (await _spans(reader, topic))[partition]._replace(first=offset)
        )
        if offset in marks.sent or marks.claims[offset] != sent_as:
            raise KafkaRefusedError(f"{number} was sent, or is being sent, as another event. Send a new event instead.")
        await _send(writer, event, prefix)
        await writer.produce(topic, [_marker(_SENT, partition, offset, sent_as)])
        return Result("accepted")


async def _send(writer: TopicWriter, event: Input, prefix: str) -> None:
    if isinstance(event, Activity) and event.conference is None:
        await writer.produce(prefix + ACTIVITY, [typed_message(event.actor, encode(event), kind_of(event))])
    else:
        assert event.conference is not None, "only posts and deletions may have none"
        await writer.produce(prefix + CONFERENCE_LOG, [typed_message(event.conference, encode(event), kind_of(event))])


def _marker(kind: bytes, partition: int, offset: int, sent_as: bytes) -> Message:
    return Message(b"", None, ((TYPE_HEADER, kind), (_LETTER, b"%d" % offset), (_AS, sent_as)), partition)


def _check_sendable(letter: DeadLetterView[str], prefix: str) -> None:
    if letter.sent_at is not None:
        raise KafkaRefusedError(f"{letter.number} was already resent at {letter.sent_at}.")
    if not letter.source.startswith((f"{prefix}{ACTIVITY}/", f"{prefix}{CONFERENCE_LOG}/")):
        raise KafkaRefusedError(
            f"{letter.number} came from {letter.source}, not from a topic of events. Resend it through the gateway: "
            "`hallway dead-letters` with --url instead of --kafka."
        )


# -- reading -------------------------------------------------------------------------------------------------------


async def _spans(reader: TopicReader, topic: str) -> dict[int, Span]:
    found = await reader.spans(topic)
    if not found:
        raise KafkaRefusedError(f"The topic {topic} does not exist. Create it with `hallway topics create`.")
    return found


def _parse_number(number: str) -> tuple[int, int]:
    """Parses the partition and offset of a dead letter. KafkaRefusedError."""
    partition, _, offset = number.partition("-")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise KafkaRefusedError(
            f"{number} is not the number of a dead letter, such as 3-17. See `hallway dead-letters list`."
        )
    return int(partition), int(offset)


async def _read_markers(reader: TopicReader, topic: str, partition: int, span: Span) -> _ResendMarkers:
    marks = _ResendMarkers()
    async for batch in reader.read(topic, partition, *span):
        marks.add(batch)
    return marks


async def _find(reader: TopicReader, topic: str, number: str) -> DeadLetterView[str]:
    partition, offset = _parse_number(number)
    span = (await _spans(reader, topic)).get(partition, Span(0, 0))
    if span.first <= offset < span.end:
        marks = await _read_markers(reader, topic, partition, span._replace(first=offset))
        records = [record async for batch in reader.read(topic, partition, offset, offset + 1) for record in batch]
        for record in records:
            shown = _to_shown(record, marks)
            if shown is not None:
                return shown
    raise KafkaRefusedError(f"There is no dead letter {number}. It may have expired: they are stored for 14 days.")


def _to_shown(record: ConsumerRecord, marks: _ResendMarkers) -> DeadLetterView[str] | None:
    try:
        said = _decode(record.value) if record.value is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = None
    if said is None:
        return None
    shown = TopicDeadLetter.of(f"{record.partition}-{record.offset}", said, marks.sent.get(record.offset))
    return shown if header(record, SEALED) is None else replace(shown, bytes="", sealed=True)
