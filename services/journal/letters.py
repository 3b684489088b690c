"""Dead letters in the journal's file: for a bounded time, in a bounded number, and gone with all their bytes.

Owns: the tables letters and letters_gone. May never: give a number twice, or let a letter go uncounted.
Theory: a letter has the very bytes that somebody sent, which may name a person; so it must go when that person does.
SQLite leaves stale copies of rows where pages are merged, and rewriting the whole file would hold up every append; so
this table alone is copied without what goes, and the old one dropped under ``secure_delete``, which overwrites its
pages. ``clean`` then empties the write-ahead log. Source: sqlite.org/pragma.html#pragma_secure_delete.
"""

import re
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import msgspec

from schemas.times import DAY_MS
from services.journal.port import BATCH_ROWS, LETTER_DAYS, MOST_LETTER_BYTES, MOST_LETTERS, Letter

Gone = Literal["old", "many", "erased"]
_NOW = "number, came, sent, line"
_NAMED = re.compile(r'CREATE TABLE "?letters"?')


class SqliteLetters:
    """The part of the journal that keeps dead letters; as in the port."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[sqlite3.Connection]: ...

    @abstractmethod
    def _rows(self, query: str, arguments: Sequence[Any]) -> list[Any]: ...

    def _find_letters(self, db: sqlite3.Connection) -> None:
        last, count, size = db.execute("SELECT max(number), count(*), sum(length(line)) FROM letters").fetchone()
        gone = db.execute("SELECT max(last) FROM letters_gone").fetchone()[0]
        self._last, self._count, self._size = max(last or 0, gone or 0), count, size or 0

    def _add_letters(self, db: sqlite3.Connection, letters: Sequence[bytes], came: int) -> Callable[[], None]:
        """Within the caller's transaction; what it gives is called when that is done."""
        if not letters:
            return _nothing
        first = self._last + 1
        rows = [(number, line, came) for number, line in enumerate(letters, first)]
        db.executemany("INSERT INTO letters (number, line, came) VALUES (?, ?, ?)", rows)
        count, size = self._count + len(letters), self._size + sum(map(len, letters))
        while count > MOST_LETTERS or size > MOST_LETTER_BYTES:
            many = max(1, count - MOST_LETTERS)
            oldest = db.execute("SELECT number, length(line) FROM letters ORDER BY number LIMIT ?", (many,)).fetchall()
            db.execute("DELETE FROM letters WHERE number <= ?", (oldest[-1][0],))
            self._note(db, "many", len(oldest), first + len(letters) - 1)
            count, size = count - len(oldest), size - sum(length for _, length in oldest)

        def done() -> None:
            self._last, self._count, self._size = first + len(letters) - 1, count, size

        return done

    def letters(self, after: int = 0, limit: int = 100) -> list[Letter]:
        limit = min(limit, BATCH_ROWS)
        sql = f"SELECT {_NOW} FROM letters WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - constant
        return [Letter(number, line, came, sent) for number, came, sent, line in self._rows(sql, (after, limit))]

    def letter(self, number: int) -> Letter | None:
        return next((letter for letter in self.letters(number - 1, 1) if letter.number == number), None)

    def letter_numbers(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT number FROM letters ORDER BY number", ())]

    def letter_count(self) -> int:
        return int(self._rows("SELECT count(*) FROM letters", ())[0][0])

    def letters_gone(self) -> dict[str, int]:
        return dict(self._rows("SELECT cause, count FROM letters_gone ORDER BY cause", ()))

    def drop_letters(self, numbers: Collection[int]) -> int:
        if not numbers:
            return 0
        return self._without("number IN (SELECT value FROM json_each(?))", _json(numbers), "erased")

    def expire_letters(self, now: int) -> int:
        with self._writing() as db:
            db.execute("UPDATE letters SET came = ? WHERE came = 0", (now,))
        return self._without("came <= ?", now - LETTER_DAYS * DAY_MS, "old")

    def _without(self, condition: str, value: object, cause: Gone) -> int:
        """Copies the table without some; how many these were."""
        which = f"SELECT number FROM letters WHERE {condition}"  # noqa: S608 - constants
        if not self._rows(which, (value,)):
            return 0
        with self._writing() as db:
            (form,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'letters'").fetchone()
            db.execute(_NAMED.sub("CREATE TABLE letters_left", form, count=1))
            stays = f"INSERT INTO letters_left SELECT * FROM letters WHERE NOT ({condition}) ORDER BY number"  # noqa: S608
            db.execute(stays, (value,))
            before, last = db.execute("SELECT count(*), max(number) FROM letters").fetchone()
            after, size = db.execute("SELECT count(*), coalesce(sum(length(line)), 0) FROM letters_left").fetchone()
            self._note(db, cause, before - after, max(self._last, last))
            db.execute("DROP TABLE letters")
            db.execute("ALTER TABLE letters_left RENAME TO letters")
        self._count, self._size = after, size
        return int(before - after)

    @staticmethod
    def _note(db: sqlite3.Connection, cause: Gone, count: int, last: int) -> None:
        db.execute(
            "INSERT INTO letters_gone VALUES (?, ?, ?) ON CONFLICT (cause) DO UPDATE SET"
            " count = count + excluded.count, last = max(last, excluded.last)",
            (cause, count, last),
        )

    # -- sending again -------------------------------------------------------------------------------------------

    def claim_letter(self, number: int, sent_as: bytes) -> bool:
        with self._writing() as db:
            sql = "UPDATE letters SET sent_as = ? WHERE number = ? AND sent IS NULL AND coalesce(sent_as, ?) = ?"
            return db.execute(sql, (sent_as, number, sent_as, sent_as)).rowcount == 1

    def settle_letter(self, number: int, sent: int | None) -> None:
        with self._writing() as db:
            sql = "UPDATE letters SET sent = ?, sent_as = CASE WHEN ? THEN sent_as END WHERE number = ?"
            db.execute(sql, (sent, sent is not None, number))


def _nothing() -> None:
    """Where there are no letters."""


def _json(values: Collection[int]) -> str:
    return msgspec.json.encode(sorted(values)).decode()


assert MOST_LETTERS >= BATCH_ROWS
