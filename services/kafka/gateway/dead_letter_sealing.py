"""Dead letters in the topic, sealed with keys that only this gateway has.

Responsibility: the format: as in the journal, and the header ``sealed`` names the key. A dead letter whose key was
removed never enters the read replica.
Why: a record cannot be removed from a topic. What an unauthenticated caller sent may name a person, so it is encrypted:
deleting a short key makes it unreadable, in the topic and in every copy of it. What workers could not read is in a
topic of events anyway, and is not sealed.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
from aiokafka import ConsumerRecord

from schemas.outputs import DeadLetter
from services.kafka.dead_letters import SEALED
from services.kafka.gateway.batches import Message

_decode = msgspec.json.Decoder(DeadLetter).decode


class SealingKeys(Protocol):
    """The sealing keys, which the directory stores."""

    def seal(self, letters: Sequence[DeadLetter]) -> list[bytes]:
        """Seals dead letters to lines; their keys are on the disk when it returns."""

    def has(self, name: str) -> bool:
        """Whether the key still exists."""


def seal_messages(topic: str, sender: str, letters: Sequence[bytes]) -> list[Message]:
    """Wraps sealed dead letters in messages."""
    names = [_decode(letter).sealed or "" for letter in letters]
    return [
        Message(topic, sender, "dead.letter", letter, ((SEALED, name.encode()),))
        for letter, name in zip(letters, names, strict=True)
    ]


def readable_line(keys: SealingKeys, record: ConsumerRecord) -> bytes | None:
    """A record's dead letter for the read replica; None: its key was removed, or it has an earlier format.

    ValueError, msgspec.MsgspecError: it is not a dead letter.
    """
    letter = _decode(record.value)
    if SEALED not in dict(record.headers):
        return bytes(record.value)
    return bytes(record.value) if letter.sealed is not None and keys.has(letter.sealed) else None
