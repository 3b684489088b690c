"""Validates submitted events against the clock, and stamps each with its sender.

Responsibility: the decision on each line, and the dead letter of a rejected one. It does not know the logs, or who may
send what (admission does).
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from schemas import names
from schemas.codec import EVENT_BYTES, Codec, Record, Reject, encode, encode_output
from schemas.events import KINDS, ActivityPosted, ClockTicked, Input
from schemas.events.fields import is_short
from schemas.outputs import DeadLetter
from schemas.times import format_time, is_written
from services.runtime.limits import Limits
from services.runtime.results import EMPTY, Answer, Rejected, StoppedError
from streams.runtime.ticks import TICK_PREFIX

Seal = Callable[[Sequence[DeadLetter]], list[bytes]]  # dead letters as lines, encrypted for storage
Item = Record | Reject | None  # a valid event, why one is invalid, or an empty line


_STAMP_BYTES = 512  # conference, source and recorded_at, which a line has in the log
_TOO_LONG_BYTES = 1_024  # stored of a line that is too long to be an event: enough to recognise it
_FEW_NAMES = 32  # of at most 256 characters, of at most 6 bytes
_SHORT = frozenset(kind for kind in KINDS if is_short(kind))


def encode_unsealed(letters: Sequence[DeadLetter]) -> list[bytes]:
    """Encodes dead letters without encryption, for storage that nobody else can read."""
    return [encode_output(letter) for letter in letters]


class EventValidator:
    """Use it on the event loop only. ``clock`` returns ms since 1970; ``seal`` is called in another thread."""

    def __init__(self, clock: Callable[[], int], limits: Limits, seal: Seal = encode_unsealed) -> None:
        self._codec, self._seal = Codec(from_outside=True), seal
        self._clock = clock
        self._limits = limits

    def check_size(self, count: int, *, running: bool) -> None:
        """Checks the number of events of one submission. StoppedError; ValueError: too many."""
        if not running:
            raise StoppedError("Hallway is not running.")
        if count > self._limits.submission_lines:
            raise ValueError(f"{count:,} events at once; at most {self._limits.submission_lines:,} are taken.")

    async def decode(self, lines: Sequence[bytes]) -> list[Item]:
        """Decodes each line to its event, or to why it is invalid; an empty line to None."""
        found: list[Item] = []
        for start in range(0, len(lines), self._limits.part_lines):
            part = lines[start : start + self._limits.part_lines]
            full = iter(self._codec.decode_each([line for line in part if line.strip()]))
            found += [next(full) if line.strip() else None for line in part]
            await asyncio.sleep(0)
        return found

    async def validate(
        self, items: Sequence[Item], sender: str, first: int
    ) -> tuple[list[Record], list[bytes], list[Answer | None]]:
        """Splits items into valid events and dead letters; the third list has each item's answer, None if it is valid.

        ``first``: the first item's line number. Yields to the event loop between parts. ValueError: ``sender`` is
        not a valid source.
        """
        names.validate_source(sender)
        found: list[Record] = []
        letters: list[DeadLetter] = []
        answers: list[Answer | None] = []
        latest = self._clock() + self._limits.ahead_ms
        last_good: int | None = None
        for number, item in enumerate(items):
            checked = item if item is None or isinstance(item, Reject) else self._check(item, sender, latest)
            if checked is None:
                answers.append(EMPTY)
            elif isinstance(checked, Reject):
                letters.append(self.make_dead_letter(checked, sender, first + number, last_good))
                answers.append(Rejected(checked.reason, checked.field))
            else:
                found.append(checked)
                last_good = checked.at
                answers.append(None)
            if number % self._limits.part_lines == self._limits.part_lines - 1:
                await asyncio.sleep(0)
        return found, await asyncio.to_thread(self._seal, letters) if letters else [], answers

    def _check(self, record: Record, sender: str, latest: int) -> Record | Reject:
        event = record.event
        if record.at > latest:
            minutes = self._limits.ahead_ms // 60_000
            return Reject(
                f"at is more than {minutes} minutes ahead of the clock here.", "at", encode(event), event.conference
            )
        if type(event) is ClockTicked:
            return Reject(
                "clock.ticked is appended by the owner of the log only.", "type", encode(event), event.conference
            )
        if event.id.startswith(TICK_PREFIX):
            return Reject(
                f"An id that starts with {TICK_PREFIX} is the log's own.", "id", encode(event), event.conference
            )
        if not _fits(event):
            return Reject(
                f"The event has over {EVENT_BYTES - _STAMP_BYTES:,} bytes as the log keeps it.",
                None,
                encode(event),
                event.conference,
            )
        if event.source == sender and is_written(event.at):
            return record
        return Record(replace(event, source=sender, at=format_time(record.at)), record.at, record.recorded)

    def make_dead_letter(self, reject: Reject, sender: str, position: int, last_good: int | None = None) -> DeadLetter:
        """The dead letter of a rejected line; a line that is too long is cut.

        ``last_good``: the ``at`` (ms) of the last valid event in the same submission. Never of another submission: it
        would reveal to readers of the dead letter when someone else posted.
        """
        line = reject.line if len(reject.line) <= EVENT_BYTES else reject.line[:_TOO_LONG_BYTES]
        return DeadLetter(
            reason=reject.reason,
            field=reject.field,
            source=sender,
            position=position,
            bytes=b64encode(line).decode(),
            at=None if last_good is None else format_time(last_good),
            conference=reject.conference,
        )


def _fits(event: Input) -> bool:
    """Whether the event still fits the size limit once stamped. Short events always do, so only others are measured."""
    if isinstance(event, ActivityPosted) and len(event.hashtags) + len(event.mentions) <= _FEW_NAMES:
        return True
    return type(event) in _SHORT or len(encode(event)) <= EVENT_BYTES - _STAMP_BYTES
