"""Decides which dead letters are dropped when there are too many: those of the sender that sends too many.

Invariants: a sender or a conference over its quota loses its own oldest dead letters. If the total is too high, the
sender with the largest share loses some, so nobody with less than an equal share loses any.
Why: one sender's 500 oversized lines, or a scanner's flood, used to push out what another organizer still had to fix.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from services.journal.port import (
    MAX_DEAD_LETTER_BYTES,
    MAX_DEAD_LETTER_BYTES_PER_CONFERENCE,
    MAX_DEAD_LETTER_BYTES_PER_SENDER,
    MAX_DEAD_LETTERS,
    MAX_DEAD_LETTERS_PER_CONFERENCE,
    MAX_DEAD_LETTERS_PER_SENDER,
)


class DeadLetterHead(NamedTuple):
    """The sender of a dead letter, its conference (empty: none), the key that seals it (empty: none), its bytes."""

    sender: str
    conference: str
    seal: str
    size: int


class _DeadLetterLine(msgspec.Struct):
    source: str = ""
    conference: str | None = None
    sealed: str | None = None


_decode = msgspec.json.Decoder(_DeadLetterLine).decode


def parse_head(line: bytes) -> DeadLetterHead:
    """The head of a dead letter's line; an empty head if the line cannot be parsed."""
    try:
        named = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        named = _DeadLetterLine()
    return DeadLetterHead(named.source, named.conference or "", named.sealed or "", len(line))


def find_over_quota(stored: Mapping[int, DeadLetterHead]) -> list[int]:
    """The numbers of the dead letters to drop. ``stored``: all of them, oldest first."""
    dropped: set[int] = set()
    for owner_of, most, most_bytes in (
        (_sender, MAX_DEAD_LETTERS_PER_SENDER, MAX_DEAD_LETTER_BYTES_PER_SENDER),
        (_conference, MAX_DEAD_LETTERS_PER_CONFERENCE, MAX_DEAD_LETTER_BYTES_PER_CONFERENCE),
    ):
        for numbers in _group(stored, owner_of, dropped).values():
            dropped.update(_pick_over_quota(stored, numbers, most, most_bytes))
    dropped.update(_pick_from_largest(stored, _group(stored, lambda head: head.sender or "?", dropped)))
    return sorted(dropped)


def _sender(head: DeadLetterHead) -> str:
    return head.sender


def _conference(head: DeadLetterHead) -> str:
    return head.conference


def _group(
    stored: Mapping[int, DeadLetterHead], owner_of: Callable[[DeadLetterHead], str], dropped: set[int]
) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number, head in stored.items():
        if number not in dropped and (name := owner_of(head)):
            groups[name].append(number)
    return groups


def _pick_over_quota(
    stored: Mapping[int, DeadLetterHead], numbers: list[int], most: int, most_bytes: int
) -> Iterable[int]:
    count, size = len(numbers), sum(stored[number].size for number in numbers)
    for number in numbers:
        if count <= most and size <= most_bytes:
            return
        yield number
        count, size = count - 1, size - stored[number].size


def _pick_from_largest(stored: Mapping[int, DeadLetterHead], of: dict[str, list[int]]) -> Iterable[int]:
    count = {sender: len(numbers) for sender, numbers in of.items()}
    size = {sender: sum(stored[number].size for number in numbers) for sender, numbers in of.items()}
    oldest = {sender: iter(numbers) for sender, numbers in of.items()}
    while sum(count.values()) > MAX_DEAD_LETTERS or sum(size.values()) > MAX_DEAD_LETTER_BYTES:
        most = max(
            sorted(of), key=lambda sender: count[sender] / MAX_DEAD_LETTERS + size[sender] / MAX_DEAD_LETTER_BYTES
        )
        number = next(oldest[most])
        count[most], size[most] = count[most] - 1, size[most] - stored[number].size
        yield number
