"""A journal in memory, for tests: the same promises, but for surviving the process.

Owns: nothing outside of itself. May never: be what a conference runs on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from services.journal.port import (
    SNAPSHOTS_KEPT,
    Entry,
    JournalFullError,
    Letter,
    Row,
    Snapshot,
    Told,
    parts,
)


@dataclass(slots=True)
class _Log:
    rows: list[Row] = field(default_factory=list)
    outputs: dict[tuple[int, int], bytes] = field(default_factory=dict)
    decided: int = 0
    snapshots: list[Snapshot] = field(default_factory=list)


class MemoryJournal:
    """``room_bytes``: how much it takes before it is full; None is without bound."""

    def __init__(self, room_bytes: int | None = None) -> None:
        self.room_bytes = room_bytes
        self.notices: list[str] = []
        self.commits = 0
        self._logs: dict[str, _Log] = {}
        self._letters: list[Letter] = []

    def _take_room(self, size: int) -> None:
        self.ensure_room(size)
        if self.room_bytes is not None:
            self.room_bytes -= size
        self.commits += 1

    def ensure_room(self, size: int) -> None:
        if self.room_bytes is not None and size > self.room_bytes:
            raise JournalFullError("The journal is full: its bound is reached.")

    # -- logs ----------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry], recorded_at: int, letters: Sequence[bytes] = ()) -> list[int]:
        for conference, _ in entries:
            rows = self._log(conference).rows
            if rows and rows[-1].recorded_at > recorded_at:
                raise ValueError(f"recorded_at falls in the log of {conference}")
        self._take_room(sum(len(line) for _, line in entries) + sum(map(len, letters)))
        offsets = []
        for conference, line in entries:
            rows = self._logs.setdefault(conference, _Log()).rows
            offsets.append(len(rows))
            rows.append(Row(len(rows), recorded_at, line))
        self._keep_letters(letters)
        return offsets

    def read(self, conference: str, from_offset: int = 0, to: int | None = None) -> Iterator[Row]:
        rows = self._log(conference).rows
        yield from islice(rows, from_offset, len(rows) if to is None else min(to, len(rows)))

    def length(self, conference: str) -> int:
        return len(self._log(conference).rows)

    def last_recorded(self) -> int | None:
        return max((log.rows[-1].recorded_at for log in self._logs.values() if log.rows), default=None)

    def seek_time(self, conference: str, ms: int) -> int:
        rows = self._log(conference).rows
        return next((row.offset for row in rows if row.recorded_at >= ms), len(rows))

    def conferences(self) -> list[str]:
        return sorted(name for name, log in self._logs.items() if log.rows)

    def _log(self, conference: str) -> _Log:
        return self._logs.get(conference) or _Log()

    # -- outputs -------------------------------------------------------------------------------------------------

    def record(self, conference: str, decided: int, outputs: Sequence[Told]) -> None:
        log = self._log(conference)
        if not log.decided <= decided <= len(log.rows):
            raise ValueError(f"decided {decided} is not in {log.decided}..{len(log.rows)} of {conference}")
        before = next(reversed(log.outputs), (-1, -1))
        for position, _ in outputs:
            if parts(position) <= before:
                raise ValueError(f"the position {position} of {conference} is not after the last one")
            before = parts(position)
        self._take_room(sum(len(line) for _, line in outputs))
        log.decided = decided
        log.outputs.update({parts(position): line for position, line in outputs})

    def decided(self, conference: str) -> int:
        return self._log(conference).decided

    def outputs(self, conference: str, from_n: int = 0, after: str | None = None) -> Iterator[Told]:
        start = (from_n, -1) if after is None else parts(after)
        for (n, i), line in list(self._log(conference).outputs.items()):
            if (n, i) > start:
                yield f"{n}-{i}", line

    # -- dead letters, snapshots ---------------------------------------------------------------------------------

    def append_letters(self, letters: Sequence[bytes]) -> None:
        self._take_room(sum(map(len, letters)))
        self._keep_letters(letters)

    def _keep_letters(self, letters: Sequence[bytes]) -> None:
        self._letters += [Letter(number, line) for number, line in enumerate(letters, len(self._letters) + 1)]

    def letters(self, after: int = 0, limit: int = 100) -> list[Letter]:
        return [letter for letter in self._letters if letter.number > after][:limit]

    def letter_count(self) -> int:
        return len(self._letters)

    def save_snapshot(self, conference: str, offset: int, data: bytes) -> None:
        self._take_room(len(data))
        log = self._logs.setdefault(conference, _Log())
        kept = [snapshot for snapshot in log.snapshots if snapshot.offset != offset]
        log.snapshots = sorted([*kept, Snapshot(offset, data)])[-SNAPSHOTS_KEPT:]

    def latest_snapshot(self, conference: str, most: int | None = None) -> Snapshot | None:
        good = [snap for snap in self._log(conference).snapshots if most is None or snap.offset <= most]
        return good[-1] if good else None

    def close(self) -> None:
        """Nothing is held."""
