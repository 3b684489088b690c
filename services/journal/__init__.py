"""The durable log: each conference's events in one order, what was told beside it, dead letters, snapshots."""

from services.journal.port import (
    Entry,
    Journal,
    JournalDamagedError,
    JournalError,
    JournalFullError,
    JournalLockedError,
    OutputLine,
    ReadReplica,
    ReplicatedRow,
    Row,
    Snapshot,
    StoredDeadLetter,
)

__all__ = [
    "Entry",
    "Journal",
    "JournalDamagedError",
    "JournalError",
    "JournalFullError",
    "JournalLockedError",
    "OutputLine",
    "ReadReplica",
    "ReplicatedRow",
    "Row",
    "Snapshot",
    "StoredDeadLetter",
]
