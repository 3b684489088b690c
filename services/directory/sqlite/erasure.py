"""Erases people: their rows, the way back from their tokens, and the bytes of both.

Responsibility: the table erasures, and the order of the steps.
Invariants: nothing is reported as done that a crash can undo.
Why: one transaction deletes the person and notes the erasure. The note (ids and tokens, unreadable by then) stays until
journal views, Redis and state have erased the person too: ``pending`` lists it, ``confirm`` ends it, deletes the posts
and cleans both files. Cleaning rewrites the file of people, so it happens once, after the notes are deleted. Until it
is complete a mark stands in their place, so the next start finishes what was interrupted.
"""

from collections.abc import Sequence

import msgspec

from services.directory.port import Erased
from services.directory.sqlite.accounts import SqliteAccounts
from services.directory.sqlite.api_keys import SqliteKeys
from services.directory.sqlite.database import Database
from services.directory.sqlite.erased_ids import ErasedIds
from services.directory.sqlite.ownership_codes import SqliteCodes
from services.directory.sqlite.posts import SqlitePosts
from services.directory.sqlite.tombstones import Identifiers, SqliteTombstones

_TABLES = ("people", "contacts", "preferences", "holdings", "sign_ins", "connector_tickets")
_UNCLEAN = "conference = ''"  # the mark among the notes: a file may hold bytes of somebody whose note is deleted
_WHOLE = "WHERE conference = ? AND attendee = ''"
_OF_NO_OTHER = (
    "SELECT DISTINCT token FROM holdings AS mine WHERE conference = ? AND NOT EXISTS (SELECT 1 FROM holdings AS other"
    " WHERE other.token = mine.token AND other.conference <> ? AND other.how <> 'released') ORDER BY token"
)


class SqliteErasure:
    """Erases people."""

    def __init__(
        self,
        bases: tuple[Database, Database],
        accounts: SqliteAccounts,
        posts: SqlitePosts,
        keys: SqliteKeys,
        codes: SqliteCodes,
        erased_ids: ErasedIds,
        tombstones: SqliteTombstones,
    ) -> None:
        self._people, self._posts_base = bases
        self._tombstones = tombstones
        self._accounts, self._posts, self._keys, self._codes, self._erased_ids = (
            accounts,
            posts,
            keys,
            codes,
            erased_ids,
        )

    def erase(self, conference: str, attendees: Sequence[str]) -> list[Erased]:
        """Deletes these people's rows; repeating it is harmless. ``finish`` or ``confirm`` removes their bytes."""
        with self._people.lock:
            with self._people.write():
                for attendee in attendees:
                    self._delete(conference, attendee)
            erased = {item.attendee: item for item in self.pending() if item.conference == conference}
        return [erased[attendee] for attendee in dict.fromkeys(attendees)]

    def _delete(self, conference: str, attendee: str) -> None:
        self._tombstones.add(conference, attendee, self._identifiers(conference, attendee))
        kept = self._accounts.needed_by_others(conference, attendee)
        taken = [token for token in self._accounts.held_by(conference, attendee) if token not in kept]
        numbers = self._accounts.remove(taken)
        self._accounts.forget()
        for table in _TABLES:
            sql = f"DELETE FROM {table} WHERE conference = ? AND attendee = ?"  # noqa: S608 - a constant
            self._people.run(sql, (conference, attendee))
        self._keys.remove(conference, attendee)
        self._codes.remove(conference, attendee)
        self._erased_ids.add(conference, attendee)
        # Erased again before it was confirmed: the first note still applies.
        self._people.run(
            "INSERT INTO erasures VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (conference, attendee, _json(taken), _json(kept), _json(numbers)),
        )

    def _identifiers(self, conference: str, attendee: str) -> Identifiers:
        sql = "SELECT email FROM people WHERE conference = ? AND attendee = ?"
        email = self._people.read(sql, (conference, attendee))
        had = self._accounts.ever_had(conference, attendee)
        proved = tuple(account for account, is_proved in had.items() if is_proved)
        return Identifiers(email[0][0] if email else "", proved, tuple(set(had) - set(proved)))

    def erase_conference(self, conference: str) -> None:
        """Erases everybody of a conference after the event: all rows, and accounts that no other conference needs.

        Noted under the attendee ``""`` until it is confirmed. DirectoryBusyError: the rows are deleted, but a reader
        keeps old bytes in the file; call ``finish`` again.
        """
        with self._people.lock:
            with self._people.write():
                tokens = [row[0] for row in self._people.read(_OF_NO_OTHER, (conference, conference))]
                numbers = self._accounts.remove(tokens)
                self._accounts.forget()
                for table in (*_TABLES, "codes", "connectors", "connector_hints"):
                    self._people.run(f"DELETE FROM {table} WHERE conference = ?", (conference,))  # noqa: S608 - a constant
                self._keys.forget(conference)
                self._tombstones.forget(conference)
                noted = self._people.read(f"SELECT accounts, numbers FROM erasures {_WHOLE}", (conference,))  # noqa: S608
                before = [msgspec.json.decode(column) for column in noted[0]] if noted else ([], [])
                note = (conference, _json([*before[0], *tokens]), _json([*before[1], *numbers]))
                self._people.run("INSERT OR REPLACE INTO erasures VALUES (?1, '', ?2, '[]', ?3)", note)
            self.finish()

    def finish(self) -> None:
        """Deletes the posts of all noted people, and cleans both files. DirectoryBusyError: call it again."""
        with self._people.lock:
            self._remove_posts()
            self._clean()

    def is_finished(self) -> bool:
        """Whether there is nothing to finish: no note, and no byte of anybody whose note was deleted."""
        return not self._people.read("SELECT 1 FROM erasures LIMIT 1")

    def _remove_posts(self) -> None:
        rows = self._people.read("SELECT numbers FROM erasures")
        self._posts.remove([number for row in rows for number in msgspec.json.decode(row[0], type=list[int])])
        self._accounts.forget()

    def _clean(self) -> None:
        self._posts_base.clean(whole=False)
        self._people.clean(whole=True)
        self._people.run(f"DELETE FROM erasures WHERE {_UNCLEAN}")  # noqa: S608 - a constant

    def pending(self) -> list[Erased]:
        """The erasures that are not confirmed yet, to be repeated everywhere else after a crash."""
        sql = f"SELECT conference, attendee, accounts, kept FROM erasures WHERE NOT {_UNCLEAN} ORDER BY 1, 2"  # noqa: S608
        rows = self._people.read(sql)
        return [
            Erased(conference, attendee, tuple(msgspec.json.decode(taken)), tuple(msgspec.json.decode(kept)))
            for conference, attendee, taken, kept in rows
        ]

    def confirm(self, conference: str, *attendees: str) -> None:
        """Deletes the notes of erasures that are complete everywhere, and the bytes of these people.

        DirectoryBusyError: a reader keeps old bytes in the file; call ``finish``.
        """
        notes = [(conference, attendee) for attendee in attendees]
        with self._people.lock:
            self._remove_posts()
            with self._people.write():
                self._people.run_all("DELETE FROM erasures WHERE conference = ? AND attendee = ?", notes)
                self._people.run("INSERT OR IGNORE INTO erasures VALUES ('', '', '[]', '[]', '[]')")
            self._clean()


def _json(values: Sequence[str] | Sequence[int]) -> str:
    return msgspec.json.encode(list(values)).decode()
