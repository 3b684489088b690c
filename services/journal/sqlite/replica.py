"""A journal that copies logs stored elsewhere, with the next offset to read of each partition.

Invariants: the next offsets are stored in the same transaction as the rows they follow from. The replica never has the
only copy of a row: if it is damaged, it is deleted and read again.
Why: offsets without their rows would lose rows, and rows without their offsets would be duplicated. The table also
stores how many rows it led to; a file that was repaired after damage has another number, and is rebuilt.
"""

import shutil
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from services.journal.port import ReplicatedRow
from services.journal.sqlite.deletion import hide
from services.journal.sqlite.journal import FILE, SqliteJournal, insert
from services.journal.sqlite.log_ends import LogEnd
from services.journal.sqlite.rows import checksum, key_of

_TABLES = """
CREATE TABLE IF NOT EXISTS places (part TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS erased (conference TEXT PRIMARY KEY) STRICT;
"""
_ROWS = ""  # the key under which the number of rows is stored


class SqliteReadReplica(SqliteJournal):
    """A read replica in ``folder``; rebuilt if it is damaged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._prepare()
        rows = sum(self.length(conference) for conference in self._ends)
        if self._places.get(_ROWS, 0) != rows or self.notices:
            self._rebuild(folder)

    def _prepare(self) -> None:
        self._db.executescript(_TABLES)
        self._places: dict[str, int] = dict(self._rows("SELECT part, next FROM places", ()))
        self._erased = {str(row[0]) for row in self._rows("SELECT conference FROM erased", ())}
        for conference in self._erased:
            self._snapshots.drop(conference)  # left by a crash

    def _rebuild(self, folder: Path) -> None:
        notices = list(self.notices)
        self._db.close()
        self._reader.close()
        for path in folder.glob(f"{FILE}*"):
            path.unlink()
        shutil.rmtree(folder / "snapshots", ignore_errors=True)
        self.notices.clear()
        self._open(0.0)
        self.notices += [*notices, "The read replica was damaged and is rebuilt from the log."]
        self._prepare()

    def next_offsets(self) -> dict[str, int]:
        """The next offset to read, by partition."""
        return {part: place for part, place in self._places.items() if part != _ROWS}

    def erased(self) -> frozenset[str]:
        """The conferences that were erased: rows of theirs are never stored again."""
        return frozenset(self._erased)

    def replicate(
        self,
        rows: Sequence[ReplicatedRow],
        dead_letters: Sequence[tuple[int, bytes]],
        places: Mapping[str, int],
        erased: Collection[str] = (),
    ) -> list[tuple[int, int]]:
        """As in the port."""
        ends: dict[str, LogEnd] = {}
        stored: list[tuple[int, int]] = []
        values: list[object] = []
        with self._lock:
            removed = [self._ends[conference] for conference in erased if conference in self._ends]
            count = self._places.get(_ROWS, 0) + len(rows) - sum(end.length for end in removed)
            moved = {**self._places, **places, _ROWS: count}
            with self._writing() as db:
                for conference, came, line in rows:
                    end = ends.get(conference) or self._end_to_replicate(db, conference)
                    ends[conference] = end
                    end.recorded_at = max(end.recorded_at, came)
                    key = key_of(end.no, end.length)
                    values += (key, end.recorded_at, checksum(key, end.recorded_at, line), line)
                    stored.append((end.length, end.recorded_at))
                    end.length += 1
                insert(db, "log", 4, values)
                first = min(
                    (came for came, _ in dead_letters), default=0
                )  # the earliest, so that none is stored too long
                added = self._insert_dead_letters(db, [line for _, line in dead_letters], first)
                db.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", list(moved.items()))
                db.executemany("INSERT OR IGNORE INTO erased VALUES (?)", [(conference,) for conference in erased])
                for end in removed:
                    hide(db, end.no)
                for conference in erased:
                    self._forget_removal_counts(db, conference)
            self._ends.update(ends)
            added()
            self._places = moved
            self._erased.update(erased)
            for conference in erased:
                self._ends.pop(conference, None)
                self._snapshots.drop(conference)
        return stored

    def _end_to_replicate(self, db: sqlite3.Connection, conference: str) -> LogEnd:
        known = self._ends.get(conference)
        return self._end_to_append(db, conference, 0) if known is None else replace(known)
