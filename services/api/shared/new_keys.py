"""The response for a newly made key."""

from msgspec import Struct


class KeyMade(Struct, frozen=True, kw_only=True):
    """``secret`` is what the holder sends as the token; it is shown here and never again."""

    key: str
    secret: str


def key_made(secret: str) -> KeyMade:
    """The response for a new key, whose secret contains its public id."""
    return KeyMade(key=secret.split(".")[2], secret=secret)
