"""Filters out bad lines that are already stored as dead letters: same bytes, same sender, not resent yet.

Responsibility: an index of the stored dead letters, loaded when the first bad line arrives. It holds digests, no bytes.
Why: a sender that got no answer sends the same lines again. Valid events have an id for that; an unreadable line has
none, so its bytes identify it. A dead letter that was resent or removed does not suppress a new one.
"""

from base64 import b64decode
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from schemas.outputs import DeadLetter
from services.journal import Journal
from services.journal.port import MAX_DEAD_LETTERS

_AT_ONCE = 100  # of at most 90 kB each
_LETTER = msgspec.json.Decoder(DeadLetter)
_DIGEST_BYTES = 16


class KnownDeadLetters:
    """Not thread-safe."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._numbers: dict[bytes, int] = {}  # digest -> number of the dead letter, oldest first
        self._read_to = 0

    def filter_new(self, letters: Sequence[bytes]) -> list[bytes]:
        """The dead letters that are not stored yet, each once. JournalError."""
        if not letters:
            return []
        self._catch_up()
        found = {_digest(line): line for line in reversed(letters)}
        return [line for digest, line in reversed(found.items()) if not self._is_stored(digest)]

    def _is_stored(self, digest: bytes) -> bool:
        number = self._numbers.get(digest)
        letter = None if number is None else self._journal.dead_letter(number)
        return letter is not None and letter.sent is None

    def _catch_up(self) -> None:
        while page := self._journal.dead_letters(self._read_to, _AT_ONCE):
            for letter in page:
                digest = _digest(letter.line)
                self._numbers.pop(digest, None)
                self._numbers[digest] = letter.number
            self._read_to = page[-1].number
        while len(self._numbers) > MAX_DEAD_LETTERS:
            del self._numbers[next(iter(self._numbers))]


def _digest(line: bytes) -> bytes:
    try:
        letter = _LETTER.decode(line)
    except msgspec.MsgspecError:
        return b""  # an older format: matches nothing
    return blake2b(letter.source.encode() + b"\n" + b64decode(letter.bytes), digest_size=_DIGEST_BYTES).digest()
