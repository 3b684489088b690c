"""The durable log: each conference's events in one order, what was told beside it, dead letters, snapshots."""

from services.journal.memory import MemoryJournal
from services.journal.port import (
    Entry,
    Journal,
    JournalDamagedError,
    JournalError,
    JournalFullError,
    JournalLockedError,
    Letter,
    Row,
    Snapshot,
    Told,
)
from services.journal.replica import Copy, MirrorJournal
from services.journal.sqlite import SqliteJournal

__all__ = [
    "Copy",
    "Entry",
    "Journal",
    "JournalDamagedError",
    "JournalError",
    "JournalFullError",
    "JournalLockedError",
    "Letter",
    "MemoryJournal",
    "MirrorJournal",
    "Row",
    "Snapshot",
    "SqliteJournal",
    "Told",
]
