"""Dead letters in the journal's file: stored for a limited time, in limited number, and removed with all their bytes.

Responsibility: the tables ``dead_letters``, ``letters_gone`` and ``letters_lost``.
Invariants: no number is used twice; every removal is counted.
Why: a dead letter holds the exact bytes that someone sent, which may name a person, so it must disappear when that
person is erased. SQLite leaves stale copies of rows when it merges pages, and rewriting the whole file would block
appends. So only this table is copied without the removed rows, and the old one is dropped under ``secure_delete``,
which overwrites its pages. ``clean`` then empties the write-ahead log. Source:
sqlite.org/pragma.html#pragma_secure_delete.
"""

import re
import sqlite3
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import msgspec

from schemas.times import DAY_MS
from services.journal.dead_letter_quotas import DeadLetterHead, find_over_quota, parse_head
from services.journal.port import BATCH_ROWS, DEAD_LETTER_DAYS, MAX_DEAD_LETTERS, MAX_LOSS_COUNTERS, StoredDeadLetter

RemovalCause = Literal["old", "many", "erased"]
_COLUMNS = "number, came, sent, line"
_HEAD = "number, sender, conference, seal, length(line)"
_TABLE_NAME = re.compile(r'CREATE TABLE "?letters"?')


class SqliteDeadLetters:
    """The journal's dead letters, as in the port."""

    _lock: AbstractContextManager[bool]  # held during every change, so that the heads match the file
    _heads: dict[int, DeadLetterHead]

    @abstractmethod
    def _writing(self) -> AbstractContextManager[sqlite3.Connection]: ...

    @abstractmethod
    def _rows(self, query: str, arguments: Sequence[Any]) -> list[Any]: ...

    def _load_dead_letter_heads(self, db: sqlite3.Connection) -> None:
        rows = db.execute(f"SELECT {_HEAD} FROM letters ORDER BY number")  # noqa: S608 - constant
        self._heads = {row[0]: DeadLetterHead(*row[1:]) for row in rows}
        gone = db.execute("SELECT max(last) FROM letters_gone").fetchone()[0]
        self._last = max([*self._heads, gone or 0, 0])

    def _insert_dead_letters(
        self, db: sqlite3.Connection, dead_letters: Sequence[bytes], came: int
    ) -> Callable[[], None]:
        """Inserts within the caller's transaction; call the result after the commit."""
        if not dead_letters:
            return _nothing
        first, last = self._last + 1, self._last + len(dead_letters)
        heads = self._heads | {number: parse_head(line) for number, line in enumerate(dead_letters, first)}
        rows = [(number, line, came, *heads[number][:3]) for number, line in enumerate(dead_letters, first)]
        sql = "INSERT INTO letters (number, line, came, sender, conference, seal) VALUES (?, ?, ?, ?, ?, ?)"
        db.executemany(sql, rows)
        many = find_over_quota(heads)
        if many:
            db.execute("DELETE FROM letters WHERE number IN (SELECT value FROM json_each(?))", (_json(many),))
            self._count_removal(db, "many", [heads.pop(number) for number in many], last)

        def done() -> None:
            self._last, self._heads = last, heads

        return done

    def dead_letters(self, after: int = 0, limit: int = 100) -> list[StoredDeadLetter]:
        limit = min(limit, BATCH_ROWS)
        sql = f"SELECT {_COLUMNS} FROM letters WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - constant
        return [
            StoredDeadLetter(number, line, came, sent) for number, came, sent, line in self._rows(sql, (after, limit))
        ]

    def dead_letter(self, number: int) -> StoredDeadLetter | None:
        return next((letter for letter in self.dead_letters(number - 1, 1) if letter.number == number), None)

    def dead_letter_numbers(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT number FROM letters ORDER BY number", ())]

    def dead_letter_count(self) -> int:
        return int(self._rows("SELECT count(*) FROM letters", ())[0][0])

    def removed_dead_letters(self) -> dict[str, int]:
        return dict(self._rows("SELECT cause, count FROM letters_gone ORDER BY cause", ()))

    def removed_dead_letters_of(self, conferences: Collection[str], sender: str) -> dict[str, int]:
        sql = (
            "SELECT cause, sum(count) FROM letters_lost WHERE conference IN (SELECT value FROM json_each(?))"
            " OR (conference = '' AND sender = ?) GROUP BY cause ORDER BY cause"
        )
        return dict(self._rows(sql, (msgspec.json.encode(sorted(conferences)).decode(), sender)))

    def dead_letters_sealed_with(self, seals: Collection[str]) -> list[int]:
        return [number for number, head in list(self._heads.items()) if head.seal in seals]

    def erase_dead_letters(self, numbers: Collection[int]) -> int:
        if not numbers:
            return 0
        return self._remove_where("number IN (SELECT value FROM json_each(?))", _json(numbers), "erased")

    def expire_dead_letters(self, now: int) -> int:
        with self._writing() as db:
            db.execute("UPDATE letters SET came = ? WHERE came = 0", (now,))
        return self._remove_where("came <= ?", now - DEAD_LETTER_DAYS * DAY_MS, "old")

    def _remove_where(self, condition: str, value: object, cause: RemovalCause) -> int:
        """Copies the table without the rows that match ``condition``; returns how many were removed."""
        which = f"SELECT number FROM letters WHERE {condition}"  # noqa: S608 - constants
        gone = {row[0] for row in self._rows(which, (value,))}
        if not gone:
            return 0
        with self._lock:
            with self._writing() as db:
                (form,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'letters'").fetchone()
                db.execute(_TABLE_NAME.sub("CREATE TABLE letters_left", form, count=1))
                stays = f"INSERT INTO letters_left SELECT * FROM letters WHERE NOT ({condition}) ORDER BY number"  # noqa: S608
                db.execute(stays, (value,))
                gone = self._heads.keys() - {row[0] for row in db.execute("SELECT number FROM letters_left")}
                self._count_removal(db, cause, [self._heads[number] for number in sorted(gone)], self._last)
                db.execute("DROP TABLE letters")
                db.execute("ALTER TABLE letters_left RENAME TO letters")
            self._heads = {number: head for number, head in self._heads.items() if number not in gone}
        return len(gone)

    @staticmethod
    def _forget_removal_counts(db: sqlite3.Connection, conference: str) -> None:
        """Forgets the counts of a conference's removed dead letters too."""
        db.execute("DELETE FROM letters_lost WHERE conference = ?", (conference,))

    @staticmethod
    def _count_removal(db: sqlite3.Connection, cause: RemovalCause, heads: Sequence[DeadLetterHead], last: int) -> None:
        db.execute(
            "INSERT INTO letters_gone VALUES (?, ?, ?) ON CONFLICT (cause) DO UPDATE SET"
            " count = count + excluded.count, last = max(last, excluded.last)",
            (cause, len(heads), last),
        )
        lost = Counter((head.sender, head.conference) for head in heads)
        db.executemany(
            "INSERT INTO letters_lost VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " count = count + excluded.count, last = excluded.last",
            [(*share, cause, count, last) for share, count in lost.items()],
        )
        db.execute(
            "DELETE FROM letters_lost WHERE (sender, conference, cause) IN"
            " (SELECT sender, conference, cause FROM letters_lost ORDER BY last DESC LIMIT -1 OFFSET ?)",
            (MAX_LOSS_COUNTERS,),
        )

    # -- resending ----------------------------------------------------------------------------------------

    def claim_dead_letter(self, number: int, sent_as: bytes) -> bool:
        with self._writing() as db:
            sql = "UPDATE letters SET sent_as = ? WHERE number = ? AND sent IS NULL AND coalesce(sent_as, ?) = ?"
            return db.execute(sql, (sent_as, number, sent_as, sent_as)).rowcount == 1

    def settle_dead_letter(self, number: int, sent: int | None) -> None:
        with self._writing() as db:
            sql = "UPDATE letters SET sent = ?, sent_as = CASE WHEN ? THEN sent_as END WHERE number = ?"
            db.execute(sql, (sent, sent is not None, number))


def _nothing() -> None:
    """Called after a commit without dead letters."""


def _json(values: Collection[int]) -> str:
    return msgspec.json.encode(sorted(values)).decode()


assert MAX_DEAD_LETTERS >= BATCH_ROWS
