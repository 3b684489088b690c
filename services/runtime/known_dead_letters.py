"""Which unreadable lines are among the dead letters already: the same bytes of the same sender, not sent again yet.

Owns: an index of the letters that are kept, read when the first bad line comes. May never: hold a line's bytes.
Theory: a sender that got no answer sends the same again. An event has an id for that; what cannot be read has none, so
its bytes stand for it. A letter that was sent again or is gone is no reason to leave a new one out.
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


class Lettered:
    """Used by one thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._numbers: dict[bytes, int] = {}  # digest -> number of the letter, the oldest first
        self._read_to = 0

    def new(self, letters: Sequence[bytes]) -> list[bytes]:
        """Those that are not kept already, each once. JournalError."""
        if not letters:
            return []
        self._read_on()
        found = {_digest(line): line for line in reversed(letters)}
        return [line for digest, line in reversed(found.items()) if not self._is_kept(digest)]

    def _is_kept(self, digest: bytes) -> bool:
        number = self._numbers.get(digest)
        letter = None if number is None else self._journal.dead_letter(number)
        return letter is not None and letter.sent is None

    def _read_on(self) -> None:
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
        return b""  # of an older form: like no other
    return blake2b(letter.source.encode() + b"\n" + b64decode(letter.bytes), digest_size=_DIGEST_BYTES).digest()
