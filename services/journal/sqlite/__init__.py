"""The journal in one SQLite file with snapshots as files beside it, and the read replica of a log in Kafka."""

from services.journal.sqlite.journal import FILE, SqliteJournal
from services.journal.sqlite.replica import SqliteReadReplica

__all__ = ["FILE", "SqliteJournal", "SqliteReadReplica"]
