"""Dead letters in the topic: their bytes sealed with keys that only this gateway has.

Owns: the form of a sealed letter: as any, but ``bytes`` is unreadable, and the header ``sealed`` names its key. May
never: seal what nobody could open again, or open with a key that was taken out.
Theory: a record of a topic cannot be taken out. What a stranger sent may name somebody, so its bytes are written so
that the loss of a short key makes them nothing, in the topic and in every copy of it. What workers could not read
stands in a topic of events anyway, and is not sealed.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Protocol

import msgspec
from aiokafka import ConsumerRecord
from msgspec.structs import replace

from schemas.codec import encode_output
from schemas.outputs import DeadLetter
from services.directory.letter_keys import LetterKey
from services.directory.sealing import crossed
from services.kafka.dead_letters import SEALED
from services.kafka.serving.batches import Message

_decode = msgspec.json.Decoder(DeadLetter).decode


class Keys(Protocol):
    """Where the keys are: the directory."""

    def of(self, letters: Sequence[str]) -> list[LetterKey]:
        """A key for each letter, durably."""

    def find(self, name: str) -> bytes | None:
        """A key; None: it is gone."""


def sealed(keys: Keys, topic: str, sender: str, letters: Sequence[bytes]) -> list[Message]:
    """The letters as messages. Called in a thread: the keys are on the disk before a letter leaves."""
    if not letters:
        return []
    made = keys.of([letter.decode() for letter in letters])
    return [
        Message(topic, sender, "dead.letter", _crossed(_decode(letter), key), ((SEALED, key.name.encode()),))
        for letter, key in zip(letters, made, strict=True)
    ]


def opened(keys: Keys, record: ConsumerRecord) -> bytes | None:
    """The letter of a record as it was; None: its key is gone. ValueError, msgspec.MsgspecError: it is no letter."""
    letter = _decode(record.value)
    name = dict(record.headers).get(SEALED)
    if name is None:
        return bytes(record.value)
    key = keys.find(name.decode())
    return None if key is None else _crossed(letter, LetterKey(name.decode(), key))


def _crossed(letter: DeadLetter, key: LetterKey) -> bytes:
    return encode_output(replace(letter, bytes=b64encode(crossed(key.key, key.name, b64decode(letter.bytes))).decode()))
