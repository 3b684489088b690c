"""Dead letters in the topic: sealed with keys that only this gateway has.

Owns: the form of a sealed letter there: as in the journal, and the header ``sealed`` names its key. May never: let one
into the copy whose key was taken out.
Theory: a record of a topic cannot be taken out. What a stranger sent may name somebody, so it is written so that the
loss of a short key makes it nothing, in the topic and in every copy of it. What workers could not read stands in a
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


class Keys(Protocol):
    """Where the keys are: the directory."""

    def seal(self, letters: Sequence[DeadLetter]) -> list[bytes]:
        """The letters as lines; their keys are on the disk."""

    def has(self, name: str) -> bool:
        """Whether letters under this key can be opened."""


def sealed(topic: str, sender: str, letters: Sequence[bytes]) -> list[Message]:
    """Sealed letters as messages."""
    names = [_decode(letter).sealed or "" for letter in letters]
    return [
        Message(topic, sender, "dead.letter", letter, ((SEALED, name.encode()),))
        for letter, name in zip(letters, names, strict=True)
    ]


def kept(keys: Keys, record: ConsumerRecord) -> bytes | None:
    """A record's letter for the copy; None: its key is gone, or it was sealed in an earlier form, with one of its own.

    ValueError, msgspec.MsgspecError: it is no letter.
    """
    letter = _decode(record.value)
    if SEALED not in dict(record.headers):
        return bytes(record.value)
    return bytes(record.value) if letter.sealed is not None and keys.has(letter.sealed) else None
