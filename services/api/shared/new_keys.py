"""The response for a newly made key."""

from msgspec import Struct


class KeyMade(Struct, frozen=True, kw_only=True):
    """``secret`` is what its holder sends; it is shown here and nowhere else."""

    key: str
    secret: str


def key_made(secret: str) -> KeyMade:
    """The answer for a new key; its public id is in its secret."""
    return KeyMade(key=secret.split(".")[2], secret=secret)
