"""Encrypts a text with a key, so that deleting the key makes every copy of the text unreadable.

Invariants: one key and nonce are never used for two different texts (the caller's duty).
Why: SHAKE-256 of key and nonce is a stream that looks random without the key, and the text is XORed with it. There is
no authentication: whoever can change the file can do worse.
"""

import hashlib
import secrets

SEAL_BYTES, TOKEN_BYTES = 16, 12


def new_keys(count: int) -> list[bytes]:
    """``count`` random keys."""
    data = secrets.token_bytes(SEAL_BYTES * count)
    return [data[at : at + SEAL_BYTES] for at in range(0, len(data), SEAL_BYTES)]


def new_tokens(count: int) -> list[str]:
    """``count`` random tokens of 96 bits, written like accounts."""
    data = secrets.token_hex(TOKEN_BYTES * count)
    return [f"p:{data[at : at + 24]}" for at in range(0, len(data), 24)]


def seal(key: bytes, nonce: str, text: str) -> bytes:
    """The text, encrypted with key and nonce."""
    return _xor(key, nonce, text.encode("utf-8", "surrogatepass"))


def unseal(key: bytes, nonce: str, data: bytes) -> str:
    """The text that ``seal`` encrypted."""
    return _xor(key, nonce, data).decode("utf-8", "surrogatepass")


def _xor(key: bytes, nonce: str, data: bytes) -> bytes:
    assert len(key) == SEAL_BYTES
    stream = hashlib.shake_256(key + nonce.encode()).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")
