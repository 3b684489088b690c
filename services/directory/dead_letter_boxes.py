"""Encrypts what a dead letter quotes of its line (its bytes and the reason), so that it is unreadable without the key.

Why: XSalsa20-Poly1305 of libsodium. The nonce is a keyed digest of the plaintext: the same letter always gives the same
bytes, so that a duplicate is recognized, and two different letters never share a nonce. See ADR 17.
"""

from base64 import b64decode, b64encode
from hashlib import blake2b

import msgspec
from msgspec.structs import replace
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from schemas.outputs import DeadLetter

KEY_BYTES, NAME_BYTES, _NONCE_BYTES = 32, 8, SecretBox.NONCE_SIZE
REASON = "It is sealed. The gateway that received it shows why: `hallway dead-letters` with --url."


class _Quoted(msgspec.Struct, frozen=True):
    reason: str
    line: bytes


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Quoted).decode


def seal_letter(letter: DeadLetter, name: str, key: bytes) -> DeadLetter:
    """The letter, encrypted with the key of this name."""
    data = _encode(_Quoted(letter.reason, b64decode(letter.bytes)))
    nonce = blake2b(data, key=_part(key, b"letter nonce"), digest_size=_NONCE_BYTES).digest()
    box = SecretBox(_part(key, b"letter box")).encrypt(data, nonce)
    return replace(letter, reason=REASON, bytes=b64encode(box).decode(), sealed=name)


def unseal_letter(letter: DeadLetter, key: bytes) -> DeadLetter | None:
    """The letter as it was; None where it was not encrypted with this key."""
    try:
        quoted = _decode(SecretBox(_part(key, b"letter box")).decrypt(b64decode(letter.bytes)))
    except (CryptoError, ValueError):
        return None  # not written by this directory
    return replace(letter, reason=quoted.reason, bytes=b64encode(quoted.line).decode(), sealed=None)


def _part(key: bytes, purpose: bytes) -> bytes:
    return blake2b(key=key, person=purpose, digest_size=KEY_BYTES).digest()
