"""The topics that the gateway writes to and follows.

Owns: which there are for it. May never: make one.
"""

from collections.abc import Iterator

from msgspec import Struct

from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS


class Topics(Struct, frozen=True):
    """Their names."""

    activity: str
    log: str
    letters: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.activity, self.log, self.letters))


def topics(prefix: str = "") -> Topics:
    """The names under a prefix."""
    return Topics(prefix + ACTIVITY, prefix + CONFERENCE_LOG, prefix + DEAD_LETTERS)
