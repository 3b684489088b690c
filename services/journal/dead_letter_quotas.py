"""Whose dead letters go when there are too many: those of whoever brings too many, never somebody else's.

Responsibility: the decision, over the head of every letter that is stored. Invariants: a sender or a conference over
its quota loses its own oldest; where all together are too many, the sender with the largest share does, so nobody who
has less than an equal share loses one.
Why: one sender's 500 oversized lines, or a scanner's flood, pushed out what another organizer had to mend.
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
    """Who sent a letter, the conference that it is of (empty: none), what it is sealed with (empty: nothing)."""

    sender: str
    conference: str
    seal: str
    size: int


class _Named(msgspec.Struct):
    source: str = ""
    conference: str | None = None
    sealed: str | None = None


_decode = msgspec.json.Decoder(_Named).decode


def parse_head(line: bytes) -> DeadLetterHead:
    """The head of a letter's line; of one that is no dead letter, an empty one."""
    try:
        named = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        named = _Named()
    return DeadLetterHead(named.source, named.conference or "", named.sealed or "", len(line))


def find_over_quota(kept: Mapping[int, DeadLetterHead]) -> list[int]:
    """The numbers of the letters that go. ``kept``: all of them, the oldest first."""
    gone: set[int] = set()
    for whose, most, most_bytes in (
        (_sender, MAX_DEAD_LETTERS_PER_SENDER, MAX_DEAD_LETTER_BYTES_PER_SENDER),
        (_conference, MAX_DEAD_LETTERS_PER_CONFERENCE, MAX_DEAD_LETTER_BYTES_PER_CONFERENCE),
    ):
        for numbers in _grouped(kept, whose, gone).values():
            gone.update(_over(kept, numbers, most, most_bytes))
    gone.update(_unfair(kept, _grouped(kept, lambda head: head.sender or "?", gone)))
    return sorted(gone)


def _sender(head: DeadLetterHead) -> str:
    return head.sender


def _conference(head: DeadLetterHead) -> str:
    return head.conference


def _grouped(
    kept: Mapping[int, DeadLetterHead], whose: Callable[[DeadLetterHead], str], gone: set[int]
) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number, head in kept.items():
        if number not in gone and (name := whose(head)):
            groups[name].append(number)
    return groups


def _over(kept: Mapping[int, DeadLetterHead], numbers: list[int], most: int, most_bytes: int) -> Iterable[int]:
    count, size = len(numbers), sum(kept[number].size for number in numbers)
    for number in numbers:
        if count <= most and size <= most_bytes:
            return
        yield number
        count, size = count - 1, size - kept[number].size


def _unfair(kept: Mapping[int, DeadLetterHead], of: dict[str, list[int]]) -> Iterable[int]:
    count = {sender: len(numbers) for sender, numbers in of.items()}
    size = {sender: sum(kept[number].size for number in numbers) for sender, numbers in of.items()}
    oldest = {sender: iter(numbers) for sender, numbers in of.items()}
    while sum(count.values()) > MAX_DEAD_LETTERS or sum(size.values()) > MAX_DEAD_LETTER_BYTES:
        most = max(
            sorted(of), key=lambda sender: count[sender] / MAX_DEAD_LETTERS + size[sender] / MAX_DEAD_LETTER_BYTES
        )
        number = next(oldest[most])
        count[most], size[most] = count[most] - 1, size[most] - kept[number].size
        yield number
