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
    MOST_LETTER_BYTES,
    MOST_LETTER_BYTES_A_CONFERENCE,
    MOST_LETTER_BYTES_A_SENDER,
    MOST_LETTERS,
    MOST_LETTERS_A_CONFERENCE,
    MOST_LETTERS_A_SENDER,
)


class Head(NamedTuple):
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


def head_of(line: bytes) -> Head:
    """The head of a letter's line; of one that is no dead letter, an empty one."""
    try:
        named = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        named = _Named()
    return Head(named.source, named.conference or "", named.sealed or "", len(line))


def too_many(kept: Mapping[int, Head]) -> list[int]:
    """The numbers of the letters that go. ``kept``: all of them, the oldest first."""
    gone: set[int] = set()
    for whose, most, most_bytes in (
        (_sender, MOST_LETTERS_A_SENDER, MOST_LETTER_BYTES_A_SENDER),
        (_conference, MOST_LETTERS_A_CONFERENCE, MOST_LETTER_BYTES_A_CONFERENCE),
    ):
        for numbers in _grouped(kept, whose, gone).values():
            gone.update(_over(kept, numbers, most, most_bytes))
    gone.update(_unfair(kept, _grouped(kept, lambda head: head.sender or "?", gone)))
    return sorted(gone)


def _sender(head: Head) -> str:
    return head.sender


def _conference(head: Head) -> str:
    return head.conference


def _grouped(kept: Mapping[int, Head], whose: Callable[[Head], str], gone: set[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number, head in kept.items():
        if number not in gone and (name := whose(head)):
            groups[name].append(number)
    return groups


def _over(kept: Mapping[int, Head], numbers: list[int], most: int, most_bytes: int) -> Iterable[int]:
    count, size = len(numbers), sum(kept[number].size for number in numbers)
    for number in numbers:
        if count <= most and size <= most_bytes:
            return
        yield number
        count, size = count - 1, size - kept[number].size


def _unfair(kept: Mapping[int, Head], of: dict[str, list[int]]) -> Iterable[int]:
    count = {sender: len(numbers) for sender, numbers in of.items()}
    size = {sender: sum(kept[number].size for number in numbers) for sender, numbers in of.items()}
    oldest = {sender: iter(numbers) for sender, numbers in of.items()}
    while sum(count.values()) > MOST_LETTERS or sum(size.values()) > MOST_LETTER_BYTES:
        most = max(sorted(of), key=lambda sender: count[sender] / MOST_LETTERS + size[sender] / MOST_LETTER_BYTES)
        number = next(oldest[most])
        count[most], size[most] = count[most] - 1, size[most] - kept[number].size
        yield number
