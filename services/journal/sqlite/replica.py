"""A journal that mirrors logs kept elsewhere, and how far it has come with each of their parts.

Owns: the places, kept in the same transaction as the rows that led there. May never: be the only one that has a row:
what is not whole any more is thrown away and mirrored anew.
Theory: a place without its rows would lose some, rows without their place would double some. Beside the places stands
how many rows they led to; a file that was mended after damage has another number, and is begun anew.
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
_ROWS = ""  # the part under which the number of rows stands


class SqliteReadReplica(SqliteJournal):
    """A journal in ``folder``; begun anew where it is not whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._prepare()
        rows = sum(self.length(conference) for conference in self._ends)
        if self._places.get(_ROWS, 0) != rows or self.notices:
            self._begin_anew(folder)

    def _prepare(self) -> None:
        self._db.executescript(_TABLES)
        self._places: dict[str, int] = dict(self._rows("SELECT part, next FROM places", ()))
        self._erased = {str(row[0]) for row in self._rows("SELECT conference FROM erased", ())}
        for conference in self._erased:
            self._snapshots.drop(conference)  # a crash may have come before

    def _begin_anew(self, folder: Path) -> None:
        told = list(self.notices)
        self._db.close()
        self._reader.close()
        for path in folder.glob(f"{FILE}*"):
            path.unlink()
        shutil.rmtree(folder / "snapshots", ignore_errors=True)
        self.notices.clear()
        self._open(0.0)
        self.notices += [*told, "The copy of the log was not whole and is made anew."]
        self._prepare()

    def next_offsets(self) -> dict[str, int]:
        """By part, where to go on."""
        return {part: place for part, place in self._places.items() if part != _ROWS}

    def erased(self) -> frozenset[str]:
        """The conferences that were erased for ever: no row of theirs may come."""
        return frozenset(self._erased)

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
        ends: dict[str, LogEnd] = {}
        kept: list[tuple[int, int]] = []
        values: list[object] = []
        with self._lock:
            gone = [self._ends[conference] for conference in erased if conference in self._ends]
            count = self._places.get(_ROWS, 0) + len(rows) - sum(end.length for end in gone)
            moved = {**self._places, **places, _ROWS: count}
            with self._writing() as db:
                for conference, came, line in rows:
                    end = ends.get(conference) or self._end_of_copy(db, conference)
                    ends[conference] = end
                    end.recorded_at = max(end.recorded_at, came)
                    key = key_of(end.no, end.length)
                    values += (key, end.recorded_at, checksum(key, end.recorded_at, line), line)
                    kept.append((end.length, end.recorded_at))
                    end.length += 1
                insert(db, "log", 4, values)
                first = min((came for came, _ in letters), default=0)  # none stays longer than it may
                added = self._add_letters(db, [line for _, line in letters], first)
                db.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", list(moved.items()))
                db.executemany("INSERT OR IGNORE INTO erased VALUES (?)", [(conference,) for conference in erased])
                for end in gone:
                    hide(db, end.no)
                for conference in erased:
                    self._forget_letters(db, conference)
            self._ends.update(ends)
            added()
            self._places = moved
            self._erased.update(erased)
            for conference in erased:
                self._ends.pop(conference, None)
                self._snapshots.drop(conference)
        return kept

    def _end_of_copy(self, db: sqlite3.Connection, conference: str) -> LogEnd:
        known = self._ends.get(conference)
        return self._end_to_append(db, conference, 0) if known is None else replace(known)
