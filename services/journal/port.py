"""The port of the durable log: what a journal promises, whatever keeps it.

Owns: the promises, the shapes, the errors. May never: know where bytes lie.
A *log* is a conference's events, numbered from 0 without gaps (*offset*). *Outputs* lie beside it: ``decided`` counts
the offsets whose outputs are recorded, and moves in the same transaction as they do. A position "n-i" is not an
offset: n counts what was applied, doubles left out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

Entry = tuple[str, bytes]  # conference, line (no newline)
OutputLine = tuple[str, bytes]  # position "n-i", line

BATCH_ROWS = 1_000  # read at once: bounds memory, and how long a reader holds what a checkpoint waits for
RETAINED_SNAPSHOTS = 2  # the newest, and one more in case it is damaged


# Dead letters: a fortnight to mend them; and so few that one who is erased is looked for in all of them at once. A
# sender who needs more than 1,000 sends something else than events.
DEAD_LETTER_DAYS = 14
MAX_DEAD_LETTERS, MAX_DEAD_LETTER_BYTES = 10_000, 64 << 20
MAX_DEAD_LETTERS_PER_SENDER, MAX_DEAD_LETTER_BYTES_PER_SENDER = 1_000, 8 << 20
MAX_DEAD_LETTERS_PER_CONFERENCE, MAX_DEAD_LETTER_BYTES_PER_CONFERENCE = 2_000, 16 << 20
MAX_LOSS_COUNTERS = 10_000  # of senders and conferences whose lost letters are counted


class JournalError(Exception):
    """The journal cannot be used as asked; the text is for a person."""


class JournalFullError(JournalError):
    """No room: nothing of what was asked is kept. May be asked again when there is room."""


class JournalLockedError(JournalError):
    """Another process has the data folder."""


class JournalDamagedError(JournalError):
    """Something that was kept cannot be read."""


class Row(NamedTuple):
    """One record of a log."""

    offset: int
    recorded_at: int
    line: bytes


class StoredDeadLetter(NamedTuple):
    """A dead letter and its number, from 1; when it came, and when it was sent again (None: it was not)."""

    number: int
    line: bytes
    came: int = 0
    sent: int | None = None


class Snapshot(NamedTuple):
    """A state, and how many records of the log it holds."""

    offset: int
    data: bytes


class ReplicatedRow(NamedTuple):
    """A record of a log that is kept elsewhere; ``came``: when it came there, in ms since 1970."""

    conference: str
    came: int
    line: bytes


class Journal(Protocol):
    """Synchronous; every method may be called from any thread. Times are ms since 1970."""

    @property
    def notices(self) -> list[str]:
        """What was found damaged and what became of it, in plain words, oldest first."""

    def append(self, entries: Sequence[Entry], recorded_at: int, letters: Sequence[bytes] = ()) -> list[int]:
        """Keeps all or nothing, durably; gives each entry's offset. ValueError when ``recorded_at`` falls in a log."""

    def read(self, conference: str, from_offset: int = 0, to: int | None = None) -> Iterator[Row]:
        """The records [from_offset, to), those there are when it begins. JournalDamagedError names a damaged one."""

    def length(self, conference: str) -> int:
        """How many records a log has; 0 where there is none."""

    def last_recorded(self) -> int | None:
        """The latest ``recorded_at`` of all logs."""

    def conferences(self) -> list[str]:
        """The names of all logs, sorted."""

    def record(self, conference: str, decided: int, outputs: Sequence[OutputLine]) -> None:
        """Keeps outputs, and that those of all offsets below ``decided`` are now recorded: both or neither.

        ValueError when ``decided`` falls or is beyond the log, or when a position is not after the last one.
        """

    def decided(self, conference: str) -> int:
        """How many offsets have their outputs recorded."""

    def outputs(self, conference: str, from_n: int = 0, after: str | None = None) -> Iterator[OutputLine]:
        """The outputs in the order of their positions, from n on, or after a position."""

    # Dead letters: bounded in all, of a sender and of a conference (see ``dead_letter_quotas``); no number ever twice.

    def dead_letters(self, after: int = 0, limit: int = 100) -> list[StoredDeadLetter]:
        """A page of dead letters, oldest first, with numbers over ``after``."""

    def dead_letter(self, number: int) -> StoredDeadLetter | None:
        """One dead letter, if it is still there."""

    def dead_letter_numbers(self) -> list[int]:
        """The numbers of all that are still there."""

    def dead_letter_count(self) -> int:
        """How many dead letters there are."""

    def removed_dead_letters(self) -> dict[str, int]:
        """How many there were that are no more: ``old``, too ``many``, ``erased``."""

    def removed_dead_letters_of(self, conferences: Collection[str], sender: str) -> dict[str, int]:
        """The same, of these conferences, and of this sender those that were of none."""

    def dead_letters_sealed_with(self, seals: Collection[str]) -> list[int]:
        """The numbers of those that are sealed with any of these; ``""``: with nothing."""

    def erase_dead_letters(self, numbers: Collection[int]) -> int:
        """Erases dead letters; how many there were. Their bytes are in no file any more once ``clean`` says so."""

    def expire_dead_letters(self, now: int) -> int:
        """Takes out those older than LETTER_DAYS; how many."""

    def claim_dead_letter(self, number: int, sent_as: bytes) -> bool:
        """Whether this letter may be sent again as this event (a digest of its id), durably: for one event only."""

    def settle_dead_letter(self, number: int, sent: int | None) -> None:
        """It was sent again then, and never is again; None: what was claimed was not taken, and is free."""

    def clean(self) -> bool:
        """Whether what was erased is in no file any more; False: somebody else reads the file, ask again."""

    def save_snapshot(self, conference: str, offset: int, data: bytes) -> None:
        """Keeps a snapshot, whole or not at all; older ones than the newest two go."""

    def latest_snapshot(self, conference: str, most: int | None = None) -> Snapshot | None:
        """The newest good one with ``offset <= most``; a damaged one is passed over, and told in ``notices``."""

    def drop_snapshots(self, conference: str) -> None:
        """Removes every snapshot of this name."""

    def forget(self, conference: str) -> None:
        """Removes a log, its outputs and its snapshots, under its name at once and for ever. ``shrink`` does the rest.
        The name may begin anew."""

    def shrink(self) -> bool:
        """Removes some of what was forgotten; whether there is more. May be called again after a restart."""

    def ensure_capacity(self, size: int) -> None:
        """Raises JournalFullError where so many bytes could not be appended now."""

    def close(self) -> None:
        """Lets go of everything; a second time changes nothing."""


class ReadReplica(Journal, Protocol):
    """A journal of logs that are kept elsewhere, and how far it has come with each of their parts."""

    def next_offsets(self) -> Mapping[str, int]:
        """By part, where to go on."""

    def erased(self) -> frozenset[str]:
        """The conferences that were erased for ever: no row of theirs may come."""

    def replicate(
        self,
        rows: Sequence[ReplicatedRow],
        letters: Sequence[tuple[int, bytes]],
        places: Mapping[str, int],
        erased: Collection[str] = (),
    ) -> list[tuple[int, int]]:
        """Keeps rows, dead letters (when they came, line) and how far these lead, and forgets the logs of ``erased``:
        all or nothing. Nobody may use these logs any more.

        Gives each row's offset and the time that it is kept under: the latest of its log.
        """


def parse_position(position: str) -> tuple[int, int]:
    """(n, i) of a position."""
    n, _, i = position.partition("-")
    return int(n), int(i)
