"""What may enter: decoded, checked against the clock, stamped with who brought it.

Owns: the decision for each line. May never: know what is in a log, or who may say what (the gateway does).
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence

from msgspec.structs import force_setattr

from schemas.codec import Codec, Record, Reject, encode_output
from schemas.events import ClockTicked
from schemas.outputs import DeadLetter
from schemas.times import is_written, written
from services.embedded.answers import EMPTY, Answer, Rejected
from services.embedded.limits import Limits

TICK_PREFIX = "clock.ticked:"  # ids of the log's owner; another's would keep a tick from counting


class Door:
    """Used by the event loop's thread only. ``clock`` gives ms since 1970."""

    def __init__(self, clock: Callable[[], int], limits: Limits) -> None:
        self._codec = Codec()
        self._clock = clock
        self._limits = limits
        self._last_good: int | None = None

    def check(self, lines: Sequence[bytes], sender: str) -> list[Record | Reject]:
        """The events, brought by ``sender``, or why one cannot be taken; lines that are not empty."""
        found = self._codec.decode_each(lines)
        latest = self._clock() + self._limits.ahead_ms
        return [self._checked(*pair, sender, latest) for pair in zip(found, lines, strict=True)]

    async def sorted(
        self, lines: Sequence[bytes], sender: str, first: int
    ) -> tuple[list[Record], list[bytes], list[Answer | None]]:
        """The good events, the dead letters, and for each line its answer if it has one already.

        ``first``: the first line's number. Looks at the rest of the event loop between two parts.
        """
        found: list[Record] = []
        letters: list[bytes] = []
        given: list[Answer | None] = [None if line.strip() else EMPTY for line in lines]
        full = [number for number, answer in enumerate(given) if answer is None]
        for start in range(0, len(full), self._limits.part_lines):
            part = full[start : start + self._limits.part_lines]
            for number, record in zip(part, self.check([lines[n] for n in part], sender), strict=True):
                if isinstance(record, Reject):
                    letters.append(self.letter(record, sender, first + number))
                    given[number] = Rejected(record.reason, record.field)
                else:
                    found.append(record)
            await asyncio.sleep(0)
        return found, letters, given

    def _checked(self, record: Record | Reject, line: bytes, sender: str, latest: int) -> Record | Reject:
        if isinstance(record, Reject):
            return record
        event = record.event
        if record.at > latest:
            minutes = self._limits.ahead_ms // 60_000
            return Reject(f"at is more than {minutes} minutes ahead of the clock here.", "at", line)
        if type(event) is ClockTicked:
            return Reject("clock.ticked is appended by the owner of the log only.", "type", line)
        if event.id.startswith(TICK_PREFIX):
            return Reject(f"An id that starts with {TICK_PREFIX} is the log's own.", "id", line)
        # The event is still ours alone.
        force_setattr(event, "source", sender)
        if not is_written(event.at):
            force_setattr(event, "at", written(record.at))
        self._last_good = record.at
        return record

    def letter(self, reject: Reject, sender: str, position: int) -> bytes:
        """The dead letter of a line that cannot be taken."""
        letter = DeadLetter(
            reason=reject.reason,
            field=reject.field,
            source=sender,
            position=position,
            bytes=b64encode(reject.line).decode(),
            at=None if self._last_good is None else written(self._last_good),
        )
        return encode_output(letter)
