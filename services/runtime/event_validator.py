"""What may enter: checked against the clock, stamped with who brought it.

Owns: the decision for each line, and the letter of a bad one. May never: know what is in a log, or who may
say what (the gateway does).
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence

from msgspec.structs import force_setattr

from schemas import names
from schemas.codec import EVENT_BYTES, Codec, Record, Reject, encode, encode_output
from schemas.events import KINDS, ActivityPosted, ClockTicked, Input
from schemas.events.fields import is_short
from schemas.outputs import DeadLetter
from schemas.times import is_written, written
from services.runtime.limits import Limits
from services.runtime.results import EMPTY, Answer, Rejected, StoppedError

Seal = Callable[[Sequence[DeadLetter]], list[bytes]]  # letters as lines that are fit to be stored
Item = Record | Reject | None  # a good event, what is wrong with one, or nothing to be taken in its place

TICK_PREFIX = "clock.ticked:"  # ids of the log's owner; another's would keep a tick from counting

_STAMP_BYTES = 512  # conference, source and recorded_at, which a line has in the log
_TOO_LONG_BYTES = 1_024  # kept of what no mending makes an event: enough to see what it was
_FEW_NAMES = 32  # of at most 256 characters, of at most 6 bytes
_SHORT = frozenset(kind for kind in KINDS if is_short(kind))


def unsealed(letters: Sequence[DeadLetter]) -> list[bytes]:
    """As they are: for who stores them where nobody else reads."""
    return [encode_output(letter) for letter in letters]


class Door:
    """Used by the event loop's thread only. ``clock`` gives ms since 1970; ``seal`` is called in another thread."""

    def __init__(self, clock: Callable[[], int], limits: Limits, seal: Seal = unsealed) -> None:
        self._codec, self._seal = Codec(from_outside=True), seal
        self._clock = clock
        self._limits = limits

    def check(self, count: int, *, running: bool) -> None:
        """Whether so many may come at once. StoppedError; ValueError: too many."""
        if not running:
            raise StoppedError("Hallway is not running.")
        if count > self._limits.submission_lines:
            raise ValueError(f"{count:,} events at once; at most {self._limits.submission_lines:,} are taken.")

    async def read(self, lines: Sequence[bytes]) -> list[Item]:
        """Of each line its event, or what is wrong with it; None of an empty one."""
        found: list[Item] = []
        for start in range(0, len(lines), self._limits.part_lines):
            part = lines[start : start + self._limits.part_lines]
            full = iter(self._codec.decode_each([line for line in part if line.strip()]))
            found += [next(full) if line.strip() else None for line in part]
            await asyncio.sleep(0)
        return found

    async def sorted(
        self, items: Sequence[Item], sender: str, first: int
    ) -> tuple[list[Record], list[bytes], list[Answer | None]]:
        """The good events, the dead letters, and for each item its answer if it has one already.

        ``first``: the first one's line number. Looks at the rest of the event loop between two parts. ValueError:
        ``sender`` is no source.
        """
        names.validate_source(sender)
        found: list[Record] = []
        letters: list[DeadLetter] = []
        given: list[Answer | None] = []
        latest = self._clock() + self._limits.ahead_ms
        last_good: int | None = None
        for number, item in enumerate(items):
            checked = item if item is None or isinstance(item, Reject) else self._checked(item, sender, latest)
            if checked is None:
                given.append(EMPTY)
            elif isinstance(checked, Reject):
                letters.append(self.letter(checked, sender, first + number, last_good))
                given.append(Rejected(checked.reason, checked.field))
            else:
                found.append(checked)
                last_good = checked.at
                given.append(None)
            if number % self._limits.part_lines == self._limits.part_lines - 1:
                await asyncio.sleep(0)
        return found, await asyncio.to_thread(self._seal, letters) if letters else [], given

    def _checked(self, record: Record, sender: str, latest: int) -> Record | Reject:
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
        # The event is still ours alone.
        force_setattr(event, "source", sender)
        if not is_written(event.at):
            force_setattr(event, "at", written(record.at))
        return record

    def letter(self, reject: Reject, sender: str, position: int, last_good: int | None = None) -> DeadLetter:
        """The dead letter of a line that cannot be taken; of one that is too long, its beginning.

        ``last_good``: the ``at`` (ms) of the last good event of the same submission. Not of any other: it would tell
        whoever reads the letter when somebody else said something."""
        line = reject.line if len(reject.line) <= EVENT_BYTES else reject.line[:_TOO_LONG_BYTES]
        return DeadLetter(
            reason=reject.reason,
            field=reject.field,
            source=sender,
            position=position,
            bytes=b64encode(line).decode(),
            at=None if last_good is None else written(last_good),
            conference=reject.conference,
        )


def _fits(event: Input) -> bool:
    """Whether a log's reader takes it again. Texts of short events are bounded, so only the others are measured."""
    if isinstance(event, ActivityPosted) and len(event.hashtags) + len(event.mentions) <= _FEW_NAMES:
        return True
    return type(event) in _SHORT or len(encode(event)) <= EVENT_BYTES - _STAMP_BYTES
