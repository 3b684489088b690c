"""The keys of dead letters, one for each conference and day, and what is sealed with them.

Responsibility: the table letter_keys; sealing and opening. Invariants: what a letter quotes of its line (its bytes, and
the reason, which may name a value) is nowhere readable without its key; whoever loses the key loses the letters,
wherever copies of them lie: in the journal's file, in its backups, in a topic, whose records cannot be taken out. A
letter of no conference has a key of its sender's.
Why: nobody can say how bytes that could not be read spell a name (in a URL, with ``%40``, in base64), so an erasure
takes keys, not words. XSalsa20-Poly1305 of libsodium. The nonce is a keyed digest of what is sealed, so the same letter
again is the same bytes, and a doubled one is recognised; two different ones never share a nonce. See ADR 17.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from schemas.codec import encode_output
from schemas.outputs import DeadLetter
from services.directory.database import Database
from services.directory.port import day

KEY_DAYS = 14  # as long as a letter is kept
KEY_BYTES, _NAME_BYTES, _NONCE_BYTES = 32, 8, SecretBox.NONCE_SIZE
REASON = "It is sealed. The gateway that took it shows why: `hallway dead-letters` with --url."


class LetterKey(NamedTuple):
    """``name``: stands in the letters. ``conference`` is empty where they are of none, else ``sender`` is."""

    name: str
    conference: str
    sender: str
    day: int


class _Quoted(msgspec.Struct, frozen=True):
    reason: str
    line: bytes


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Quoted).decode


class LetterKeys:
    """Keys, and letters under them."""

    def __init__(self, base: Database, clock: Callable[[], int]) -> None:
        self._base, self._clock = base, clock

    def seal(self, letters: Sequence[DeadLetter]) -> list[bytes]:
        """The letters as lines, sealed; their keys are on the disk. In a thread."""
        with self._base.write():
            return [encode_output(self._sealed(letter)) for letter in letters]

    def opened(self, letter: DeadLetter) -> DeadLetter | None:
        """The letter as it was; None: its key is gone. What was never sealed is as it is."""
        if letter.sealed is None:
            return letter
        key = self._key(letter.sealed)
        if key is None:
            return None
        try:
            quoted = _decode(SecretBox(_part(key, b"letter box")).decrypt(b64decode(letter.bytes)))
        except (CryptoError, ValueError):
            return None  # somebody else wrote it
        return replace(letter, reason=quoted.reason, bytes=b64encode(quoted.line).decode(), sealed=None)

    def has(self, name: str) -> bool:
        """Whether letters under this key can be opened."""
        return self._key(name) is not None

    def listed(self) -> list[LetterKey]:
        """All keys."""
        rows = self._base.read("SELECT name, conference, sender, day FROM letter_keys ORDER BY day, name")
        return [LetterKey(name.hex(), *rest) for name, *rest in rows]

    def take_out(self, names: Collection[str]) -> None:
        """What is sealed with these cannot be read any more; their bytes go with the next cleaning."""
        self._base.run_all("DELETE FROM letter_keys WHERE name = ?", [(bytes.fromhex(name),) for name in names])

    def expire(self) -> None:
        """Takes out those whose letters are too old."""
        self._base.run("DELETE FROM letter_keys WHERE day < ?", (day(self._clock()) - KEY_DAYS,))

    def _sealed(self, letter: DeadLetter) -> DeadLetter:
        name, key = self._of(letter.conference or "", "" if letter.conference else letter.source)
        data = _encode(_Quoted(letter.reason, b64decode(letter.bytes)))
        nonce = blake2b(data, key=_part(key, b"letter nonce"), digest_size=_NONCE_BYTES).digest()
        box = SecretBox(_part(key, b"letter box")).encrypt(data, nonce)
        return replace(letter, reason=REASON, bytes=b64encode(box).decode(), sealed=name)

    def _of(self, conference: str, sender: str) -> tuple[str, bytes]:
        """Today's key; made where there is none."""
        whose = (conference, sender, day(self._clock()))
        sql = "SELECT name, key FROM letter_keys WHERE conference = ? AND sender = ? AND day = ?"
        found = self._base.read(sql, whose)
        if not found:
            found = [(secrets.token_bytes(_NAME_BYTES), secrets.token_bytes(KEY_BYTES))]
            self._base.run("INSERT INTO letter_keys VALUES (?, ?, ?, ?, ?)", (*found[0], *whose))
        return found[0][0].hex(), found[0][1]

    def _key(self, name: str) -> bytes | None:
        try:
            found = self._base.read("SELECT key FROM letter_keys WHERE name = ?", (bytes.fromhex(name),))
        except ValueError:
            return None
        return bytes(found[0][0]) if found else None


def _part(key: bytes, purpose: bytes) -> bytes:
    return blake2b(key=key, person=purpose, digest_size=KEY_BYTES).digest()
