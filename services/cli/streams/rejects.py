"""Lines that could not be read: writes their dead letters, and counts the reasons for the summary."""

import re
from base64 import b64encode
from dataclasses import dataclass

from schemas.codec import EVENT_BYTES, Reject, encode_output
from schemas.outputs import DeadLetter
from schemas.times import format_time
from services.cli.streams.line_blocks import LongLine
from services.cli.streams.output_files import Write

_MOST_GROUPS = 100  # of reasons; what is beyond is counted together
# What differs between two lines with the same fault: numbers and what was quoted.
_PARTICULARS = re.compile(r"'[^']*'|`[^`]*`|\"[^\"]*\"|\d[\d,]*")

_NUMBERS = re.compile(r"\[\d+\]")  # of a list's element in a field's path


@dataclass(slots=True)
class Group:
    """Lines with the same fault; the first of them as an example."""

    reason: str
    source: str
    line: int
    count: int = 0


class Rejects:
    """Takes what could not be read."""

    def __init__(self, write: Write) -> None:
        self.total = 0
        self.groups: dict[tuple[str | None, str], Group] = {}
        self._write = write

    def take(self, reject: Reject, source: str, line: int, now: int | None) -> None:
        """A line that is no event; ``now`` is the last good one (ms)."""
        letter = DeadLetter(
            reason=reject.reason,
            field=reject.field,
            source=source,
            position=line,
            bytes=b64encode(reject.line).decode(),
            at=None if now is None else format_time(now),
        )
        self._write(encode_output(letter) + b"\n")
        self.total += 1
        key = (reject.field and _NUMBERS.sub("[…]", reject.field), _PARTICULARS.sub("…", reject.reason))
        if key not in self.groups and len(self.groups) >= _MOST_GROUPS:
            key = (None, "")
        group = self.groups.setdefault(key, Group(reject.reason if key[1] else "other reasons", source, line))
        group.count += 1

    def take_long(self, long: LongLine, source: str, now: int | None) -> None:
        """A line that is too long to be kept whole."""
        kept = "" if long.size == len(long.head) else f" Its first {len(long.head):,} bytes are kept here."
        reason = f"The event has {long.size:,} bytes; at most {EVENT_BYTES:,} are accepted.{kept}"
        self.take(Reject(reason, None, long.head), source, long.line, now)
