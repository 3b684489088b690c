"""The durable log: each conference's events in order, the outputs, dead letters and snapshots."""

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
