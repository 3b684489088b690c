"""The port of the durable log: what every journal guarantees.

Responsibility: the guarantees, the shapes, the errors. It does not say where bytes are stored.
A *log* holds a conference's events, numbered from 0 without gaps (*offset*). *Outputs* are stored beside it:
``decided`` counts the offsets whose outputs are recorded, and moves in the same transaction.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

Entry = tuple[str, bytes]  # conference, line (no newline)
OutputLine = tuple[str, bytes]  # position "n-i", line

BATCH_ROWS = 1_000  # per read: bounds memory, and how long a reader delays a checkpoint
RETAINED_SNAPSHOTS = 2  # the newest, and one more in case that is damaged


# Dead letters: two weeks to fix them, and few enough to search them all when a person is erased. A sender with more
# than 1,000 is not sending events.
DEAD_LETTER_DAYS = 14
MAX_DEAD_LETTERS, MAX_DEAD_LETTER_BYTES = 10_000, 64 << 20
MAX_DEAD_LETTERS_PER_SENDER, MAX_DEAD_LETTER_BYTES_PER_SENDER = 1_000, 8 << 20
MAX_DEAD_LETTERS_PER_CONFERENCE, MAX_DEAD_LETTER_BYTES_PER_CONFERENCE = 2_000, 16 << 20
MAX_LOSS_COUNTERS = 10_000  # senders and conferences whose removed dead letters are counted


class JournalError(Exception):
    """The journal cannot do what was requested; the text is for a person."""


class JournalFullError(JournalError):
    """No space left: nothing was stored. Retry when there is space."""


class JournalLockedError(JournalError):
    """Another process holds the data folder."""


class JournalDamagedError(JournalError):
    """Something that was stored cannot be read."""


class Row(NamedTuple):
    """One record of a log."""

    offset: int
    recorded_at: int
    line: bytes


class StoredDeadLetter(NamedTuple):
    """A dead letter and its number, from 1. ``came``: when it was stored; ``sent``: when it was resent (None:
    never).
    """

    number: int
    line: bytes
    came: int = 0
    sent: int | None = None


class Snapshot(NamedTuple):
    """A packed state, and how many records of the log it covers."""

    offset: int
    data: bytes


class ReplicatedRow(NamedTuple):
    """A record of a log stored elsewhere; ``came``: when it was appended there, in ms since 1970."""

    conference: str
    came: int
    line: bytes


class Journal(Protocol):
    """Synchronous; every method may be called from any thread. Times are ms since 1970."""

    @property
    def notices(self) -> list[str]:
        """What was found damaged and how it was repaired, in plain words, oldest first."""

    def append(self, entries: Sequence[Entry], recorded_at: int, dead_letters: Sequence[bytes] = ()) -> list[int]:
        """Appends entries and dead letters durably, all or nothing; returns each entry's offset.

        ValueError: ``recorded_at`` is less than the last one of a log.
        """

    def read(self, conference: str, from_offset: int = 0, to: int | None = None) -> Iterator[Row]:
        """The records [from_offset, to) that exist when it starts. JournalDamagedError names a damaged one."""

    def length(self, conference: str) -> int:
        """How many records a log has; 0 if there is no log."""

    def last_recorded(self) -> int | None:
        """The latest ``recorded_at`` of all logs."""

    def conferences(self) -> list[str]:
        """The names of all logs, sorted."""

    def record(self, conference: str, decided: int, outputs: Sequence[OutputLine]) -> None:
        """Records outputs, and sets ``decided``: the outputs of all offsets below it are recorded. Both or neither.

        ValueError: ``decided`` decreases or is beyond the log, or a position is not after the last one.
        """

    def decided(self, conference: str) -> int:
        """How many offsets have their outputs recorded."""

    def outputs(self, conference: str, from_n: int = 0, after: str | None = None) -> Iterator[OutputLine]:
        """The outputs in the order of their positions, from ``from_n`` on, or after a position."""

    # Dead letters: limited in total, per sender and per conference (see ``dead_letter_quotas``). Numbers are unique.

    def dead_letters(self, after: int = 0, limit: int = 100) -> list[StoredDeadLetter]:
        """A page of dead letters with numbers above ``after``, oldest first."""

    def dead_letter(self, number: int) -> StoredDeadLetter | None:
        """One dead letter; None if it was removed."""

    def dead_letter_numbers(self) -> list[int]:
        """The numbers of all stored dead letters."""

    def dead_letter_count(self) -> int:
        """How many dead letters are stored."""

    def removed_dead_letters(self) -> dict[str, int]:
        """How many were removed, by cause: ``old``, too ``many``, ``erased``."""

    def removed_dead_letters_of(self, conferences: Collection[str], sender: str) -> dict[str, int]:
        """How many were removed of these conferences, and of those without a conference from this sender, by cause."""

    def dead_letters_sealed_with(self, seals: Collection[str]) -> list[int]:
        """The numbers of those sealed with any of these keys; ``""``: not sealed."""

    def erase_dead_letters(self, numbers: Collection[int]) -> int:
        """Erases dead letters; returns how many existed. Their bytes are in no file once ``clean`` returns True."""

    def expire_dead_letters(self, now: int) -> int:
        """Removes those older than DEAD_LETTER_DAYS; returns how many. ``now``: ms since 1970."""

    def claim_dead_letter(self, number: int, sent_as: bytes) -> bool:
        """Claims a dead letter for resending as one event; ``sent_as`` is a digest of the event's id. Durable.

        False: it was resent, or is claimed for another event.
        """

    def settle_dead_letter(self, number: int, sent: int | None) -> None:
        """Ends a claim. ``sent``: when it was resent, which happens once; None: it was not accepted and may be
        claimed.
        """

    def clean(self) -> bool:
        """Removes leftovers of erased bytes from all files; False: another process is reading, try again."""

    def save_snapshot(self, conference: str, offset: int, data: bytes) -> None:
        """Saves a snapshot, all or nothing, and removes all but the newest two."""

    def latest_snapshot(self, conference: str, most: int | None = None) -> Snapshot | None:
        """The newest intact snapshot with ``offset <= most``; a damaged one is skipped and reported in ``notices``."""

    def drop_snapshots(self, conference: str) -> None:
        """Removes every snapshot of a log."""

    def forget(self, conference: str) -> None:
        """Removes a log, its outputs and its snapshots for ever. The name is free at once; ``shrink`` removes
        the rows.
        """

    def shrink(self) -> bool:
        """Removes some rows of forgotten logs; returns whether there are more. It continues after a restart."""

    def ensure_capacity(self, size: int) -> None:
        """Raises JournalFullError if ``size`` bytes could not be appended now."""

    def close(self) -> None:
        """Releases everything. Idempotent."""


class ReadReplica(Journal, Protocol):
    """A journal that copies logs stored elsewhere, and the next offset to read of each of their partitions."""

    def next_offsets(self) -> Mapping[str, int]:
        """The next offset to read, by partition."""

    def erased(self) -> frozenset[str]:
        """The conferences that were erased: rows of theirs are never stored again."""

    def replicate(
        self,
        rows: Sequence[ReplicatedRow],
        dead_letters: Sequence[tuple[int, bytes]],
        places: Mapping[str, int],
        erased: Collection[str] = (),
    ) -> list[tuple[int, int]]:
        """Stores rows, dead letters (when they came, line) and the next offsets, and removes the logs of ``erased``,
        all or nothing. Nobody may be using these logs.

        Returns each row's offset here and its ``recorded_at``, which never decreases within a log.
        """
