"""The fields of a dead letter as the API and the command line show it in full."""

from typing import Generic, Self, TypeVar

from msgspec import Struct

from schemas.outputs import DeadLetter
from schemas.times import format_time

N = TypeVar("N")


class DeadLetterView(Struct, Generic[N], frozen=True):
    """``number``: the id to request it by. ``bytes``: as they came, in base64. ``sent_at``: when it was resent."""

    number: N
    reason: str
    field: str | None
    source: str
    position: int
    at: str | None
    bytes: str
    sent_at: str | None = None

    @classmethod
    def of(cls, number: N, letter: DeadLetter, sent: int | None) -> Self:
        """The view of a letter. ``sent``: when it was resent, in ms since 1970."""
        sent_at = None if sent is None else format_time(sent)
        return cls(
            number, letter.reason, letter.field, letter.source, letter.position, letter.at, letter.bytes, sent_at
        )
