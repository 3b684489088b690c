"""The server's secret: 32 random bytes in a file that only its owner can read, used for keyed digests.

Invariants: the secret is never shown.
Why: keyed BLAKE2b with a purpose for each use, so that a digest of one table reveals nothing about another.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Literal

from services.usage_errors import UnusableError

SECRET_BYTES = 32
Purpose = Literal["key", "code", "gone", "trace", "rough", "tombstone", "bar", "connector", "hook", "mail"]


class Secret:
    """The secret, used for keyed digests."""

    def __init__(self, value: bytes) -> None:
        assert len(value) == SECRET_BYTES
        self._value = value

    def digest(self, purpose: Purpose, text: str, size: int = 32) -> bytes:
        """``size`` bytes that only the holder of the secret can compute."""
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self._value, person=purpose.encode(), digest_size=size).digest()


def new_secret() -> Secret:
    """A new random secret that is not stored."""
    return Secret(secrets.token_bytes(SECRET_BYTES))


def load_secret(path: Path) -> Secret:
    """The secret in the file, which is created where it is missing. UnusableError where others can read the file."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return _read(path)


def _read(path: Path) -> Secret:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnusableError(f"{path} can be read by others. Run: chmod 600 {path}")
    value = path.read_bytes()
    if len(value) != SECRET_BYTES:
        raise UnusableError(f"{path} is damaged: it has {len(value)} bytes instead of {SECRET_BYTES}. Restore it.")
    return Secret(value)
