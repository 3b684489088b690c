"""The directory in three SQLite files, or in SQLite's memory."""

from services.directory.sqlite.directory import SqliteDirectory

__all__ = ["SqliteDirectory"]
