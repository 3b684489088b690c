"""A journal in memory, for tests: the same guarantees, except that it does not survive the process."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from schemas.position import Position
from schemas.times import DAY_MS
from services.journal.dead_letter_quotas import DeadLetterHead, find_over_quota, parse_head
from services.journal.port import (
    DEAD_LETTER_DAYS,
    RETAINED_SNAPSHOTS,
    Entry,
    JournalFullError,
    OutputLine,
    Row,
    Snapshot,
    StoredDeadLetter,
)


@dataclass(slots=True)
class _Log:
    rows: list[Row] = field(default_factory=list)
    outputs: dict[tuple[int, int], bytes] = field(default_factory=dict)
    decided: int = 0
    snapshots: list[Snapshot] = field(default_factory=list)


class MemoryJournal:
    """``capacity_bytes``: how much it stores before it is full; None: unbounded."""

    def __init__(self, capacity_bytes: int | None = None) -> None:
        self.capacity_bytes = capacity_bytes
        self.notices: list[str] = []
        self.commits = 0
        self._logs: dict[str, _Log] = {}
        self._dead_letters: dict[int, StoredDeadLetter] = {}
        self._last_number = 0
        self._removed: Counter[tuple[str, str, str]] = Counter()  # sender, conference, cause
        self._claims: dict[int, bytes] = {}

    def _use_capacity(self, size: int) -> None:
        self.ensure_capacity(size)
        if self.capacity_bytes is not None:
            self.capacity_bytes -= size
        self.commits += 1

    def ensure_capacity(self, size: int) -> None:
        if self.capacity_bytes is not None and size > self.capacity_bytes:
            raise JournalFullError("The journal is full: its limit is reached.")

    # -- logs ----------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry], recorded_at: int, dead_letters: Sequence[bytes] = ()) -> list[int]:
        for conference, _ in entries:
            rows = self._log(conference).rows
            if rows and rows[-1].recorded_at > recorded_at:
                raise ValueError(f"recorded_at decreases in the log of {conference}")
        self._use_capacity(sum(len(line) for _, line in entries) + sum(map(len, dead_letters)))
        offsets = []
        for conference, line in entries:
            rows = self._logs.setdefault(conference, _Log()).rows
            offsets.append(len(rows))
            rows.append(Row(len(rows), recorded_at, line))
        self._store_dead_letters(dead_letters, recorded_at)
        return offsets

    def read(self, conference: str, from_offset: int = 0, to: int | None = None) -> Iterator[Row]:
        rows = self._log(conference).rows
        yield from islice(rows, from_offset, len(rows) if to is None else min(to, len(rows)))

    def length(self, conference: str) -> int:
        return len(self._log(conference).rows)

    def last_recorded(self) -> int | None:
        return max((log.rows[-1].recorded_at for log in self._logs.values() if log.rows), default=None)

    def conferences(self) -> list[str]:
        return sorted(name for name, log in self._logs.items() if log.rows)

    def _log(self, conference: str) -> _Log:
        return self._logs.get(conference) or _Log()

    # -- outputs -------------------------------------------------------------------------------------------------

    def record(self, conference: str, decided: int, outputs: Sequence[OutputLine]) -> None:
        log = self._log(conference)
        if not log.decided <= decided <= len(log.rows):
            raise ValueError(f"decided {decided} is not in {log.decided}..{len(log.rows)} of {conference}")
        before = next(reversed(log.outputs), (-1, -1))
        for position, _ in outputs:
            if Position.parse(position) <= before:
                raise ValueError(f"the position {position} of {conference} is not after the last one")
            before = Position.parse(position)
        self._use_capacity(sum(len(line) for _, line in outputs))
        log.decided = decided
        log.outputs.update({Position.parse(position): line for position, line in outputs})

    def decided(self, conference: str) -> int:
        return self._log(conference).decided

    def outputs(self, conference: str, from_n: int = 0, after: str | None = None) -> Iterator[OutputLine]:
        start = (from_n, -1) if after is None else Position.parse(after)
        for (n, i), line in list(self._log(conference).outputs.items()):
            if (n, i) > start:
                yield f"{n}-{i}", line

    # -- dead letters, snapshots ---------------------------------------------------------------------------------

    def _store_dead_letters(self, dead_letters: Sequence[bytes], came: int) -> None:
        for line in dead_letters:
            self._last_number += 1
            self._dead_letters[self._last_number] = StoredDeadLetter(self._last_number, line, came)
        self._remove(find_over_quota(self._heads()), "many")

    def _heads(self) -> dict[int, DeadLetterHead]:
        return {number: parse_head(letter.line) for number, letter in self._dead_letters.items()}

    def dead_letters(self, after: int = 0, limit: int = 100) -> list[StoredDeadLetter]:
        return [letter for letter in self._dead_letters.values() if letter.number > after][:limit]

    def dead_letter(self, number: int) -> StoredDeadLetter | None:
        return self._dead_letters.get(number)

    def dead_letter_numbers(self) -> list[int]:
        return list(self._dead_letters)

    def dead_letter_count(self) -> int:
        return len(self._dead_letters)

    def removed_dead_letters(self) -> dict[str, int]:
        return self._count_removed(lambda sender, conference: True)

    def removed_dead_letters_of(self, conferences: Collection[str], sender: str) -> dict[str, int]:
        return self._count_removed(lambda by, of: of in conferences or (not of and by == sender))

    def _count_removed(self, counts: Callable[[str, str], bool]) -> dict[str, int]:
        found: Counter[str] = Counter()
        for (sender, conference, cause), count in self._removed.items():
            if counts(sender, conference):
                found[cause] += count
        return dict(sorted(found.items()))

    def dead_letters_sealed_with(self, seals: Collection[str]) -> list[int]:
        return [number for number, head in self._heads().items() if head.seal in seals]

    def _remove(self, numbers: Collection[int], cause: str) -> int:
        gone = [parse_head(self._dead_letters.pop(number).line) for number in numbers if number in self._dead_letters]
        for head in gone:
            self._removed[head.sender, head.conference, cause] += 1
        return len(gone)

    def erase_dead_letters(self, numbers: Collection[int]) -> int:
        return self._remove(numbers, "erased")

    def expire_dead_letters(self, now: int) -> int:
        self._dead_letters = {n: letter._replace(came=letter.came or now) for n, letter in self._dead_letters.items()}
        old = [n for n, letter in self._dead_letters.items() if letter.came <= now - DEAD_LETTER_DAYS * DAY_MS]
        return self._remove(old, "old")

    def claim_dead_letter(self, number: int, sent_as: bytes) -> bool:
        letter = self._dead_letters.get(number)
        free = letter is not None and letter.sent is None
        return free and self._claims.setdefault(number, sent_as) == sent_as

    def settle_dead_letter(self, number: int, sent: int | None) -> None:
        self._dead_letters[number] = self._dead_letters[number]._replace(sent=sent)
        if sent is None:
            self._claims.pop(number, None)

    def clean(self) -> bool:
        return True

    def save_snapshot(self, conference: str, offset: int, data: bytes) -> None:
        self._use_capacity(len(data))
        log = self._logs.setdefault(conference, _Log())
        kept = [snapshot for snapshot in log.snapshots if snapshot.offset != offset]
        log.snapshots = sorted([*kept, Snapshot(offset, data)])[-RETAINED_SNAPSHOTS:]

    def latest_snapshot(self, conference: str, most: int | None = None) -> Snapshot | None:
        good = [snap for snap in self._log(conference).snapshots if most is None or snap.offset <= most]
        return good[-1] if good else None

    def drop_snapshots(self, conference: str) -> None:
        self._log(conference).snapshots = []

    def forget(self, conference: str) -> None:
        self._logs.pop(conference, None)
        self._removed = Counter({share: count for share, count in self._removed.items() if share[1] != conference})

    def shrink(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing to release."""
