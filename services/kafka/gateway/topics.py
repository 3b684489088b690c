"""The names of the topics that the gateway writes and reads. They are created elsewhere."""

from collections.abc import Iterator

from msgspec import Struct

from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS


class Topics(Struct, frozen=True):
    """The topics' names."""

    activity: str
    log: str
    dead_letters: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.activity, self.log, self.dead_letters))


def topic_names(prefix: str = "") -> Topics:
    """The topics' names with a prefix."""
    return Topics(prefix + ACTIVITY, prefix + CONFERENCE_LOG, prefix + DEAD_LETTERS)
