"""Tombstones of erased people: keyed digests of their e-mail address and accounts; and who must wait because of them.

Responsibility: the tables tombstones, bars, leaving and waiting. A tombstone is the digest of an address or account of
somebody who was erased. A bar is the digest of an attendee who had blocked or declined them. A random number connects
the bars of one person; it is neither derived from the erased id nor stored elsewhere.
Invariants: no name, address, account or id of an erased attendee can be read from these tables, nor who had blocked
them. Whoever has the server's secret can test a guess, which is what they are for. A tombstone is stored as long as its
conference lasts, then for 400 days. Somebody who has one and returns enters no log before they confirm it.
Why: importing the same file once more must not undo an erasure, and an erasure must not undo what others decided. An
unproved claim to an account makes the next person who claims it wait, for that costs only a tap. It restores blocks for
them only where the conference counts claims; otherwise one could pin one's own blocks on somebody else.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from services.directory.port import MOST_BARS, MOST_CLAIMS, TOMBSTONE_DAYS, day
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database

_BYTES = 16


class Identifiers(NamedTuple):
    """What somebody may be recognized by. ``proved``: accounts that they proved; ``claimed``: their other accounts."""

    email: str = ""
    proved: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()


class SqliteTombstones:
    """Each method is one transaction, or part of the caller's."""

    def __init__(self, base: Database, secret: Secret, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._clock = base, secret, clock

    # -- an erasure ----------------------------------------------------------------------------------------------

    def prepare_all(self, conference: str, barred_by: Mapping[str, Collection[str]], claims_bind: bool) -> None:
        """Calls ``prepare`` for each attendee, in one transaction, because everybody else waits for it."""
        with self._base.write():
            for attendee, others in barred_by.items():
                self.prepare(conference, attendee, others, claims_bind)

    def prepare(self, conference: str, attendee: str, barred_by: Collection[str], claims_bind: bool) -> None:
        """Records who had blocked an attendee, before the log has the erasure and nobody knows it any more.

        Repeating it is harmless. ``claims_bind``: the conference counts claimed accounts.
        """
        with self._base.write():
            person = self._leaving(conference, attendee)[0] or self._known_as(conference, attendee)
            person = person or secrets.token_bytes(_BYTES)
            row = (conference, attendee, person, claims_bind)
            self._base.run("INSERT OR REPLACE INTO leaving VALUES (?, ?, ?, ?)", row)
            stored = "SELECT count(*) FROM bars WHERE person = ?"
            free = MOST_BARS - self._base.read(stored, (person,))[0][0]
            bars = [(person, self._bar(person, other)) for other in sorted(barred_by)[: max(0, free)]]
            self._base.run_all("INSERT OR IGNORE INTO bars VALUES (?, ?)", bars)

    def add(self, conference: str, attendee: str, identifiers: Identifiers) -> None:
        """Adds the tombstones of an attendee, in the transaction that deletes them."""
        person, claims_bind = self._leaving(conference, attendee)
        person = person or secrets.token_bytes(_BYTES)
        self._base.run("DELETE FROM leaving WHERE conference = ? AND attendee = ?", (conference, attendee))
        waiting = self.waiting_accounts(conference, attendee) or ()
        self.end_waiting(conference, [attendee])
        texts = [(text, True) for text in (identifiers.email, *identifiers.proved) if text]
        texts += [(text, claims_bind) for text in (*identifiers.claimed, *waiting)[:MOST_CLAIMS]]
        today, whose = day(self._clock()), self._conference(conference)
        rows = [(self._digest(conference, text), person, binds, whose, today) for text, binds in texts]
        sql = (
            "INSERT INTO tombstones VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " binds = max(binds, excluded.binds), day = excluded.day"
        )
        self._base.run_all(sql, rows)

    def _known_as(self, conference: str, attendee: str) -> bytes | None:
        """The random number of somebody who was erased before and returned with the same address."""
        sql = "SELECT email FROM people WHERE conference = ? AND attendee = ? AND email <> ''"
        rows = self._base.read(sql, (conference, attendee))
        found = sorted(self._persons(conference, [rows[0][0]])) if rows else []
        return found[0] if found else None

    def _leaving(self, conference: str, attendee: str) -> tuple[bytes | None, bool]:
        sql = "SELECT person, binds FROM leaving WHERE conference = ? AND attendee = ?"
        rows = self._base.read(sql, (conference, attendee))
        return (rows[0][0], bool(rows[0][1])) if rows else (None, False)

    # -- recognizing people who return ---------------------------------------------------------------------------

    def find(self, conference: str, texts: Iterable[str]) -> set[str]:
        """The addresses and accounts among these that an erased person of this conference had."""
        of = {self._digest(conference, text): text for text in texts if text}
        sql = "SELECT DISTINCT digest FROM tombstones WHERE digest IN "
        return {of[digest] for (digest,) in self._among(sql, list(of))}

    def find_blockers(self, conference: str, texts: Iterable[str], others: Iterable[str]) -> list[str]:
        """The ids among ``others`` who had blocked an erased person with one of these addresses or accounts; sorted."""
        found: set[str] = set()
        others = list(others)
        for person in self._persons(conference, texts):
            kept = {row[0] for row in self._base.read("SELECT bar FROM bars WHERE person = ?", (person,))}
            found.update(other for other in others if kept and self._bar(person, other) in kept)
        return sorted(found)

    def _persons(self, conference: str, texts: Iterable[str]) -> set[bytes]:
        digests = [self._digest(conference, text) for text in texts if text]
        return {row[0] for row in self._among("SELECT person FROM tombstones WHERE binds AND digest IN ", digests)}

    def _among(self, sql: str, digests: list[bytes]) -> list[tuple[bytes]]:
        if not digests:
            return []
        return [(row[0],) for row in self._base.read(f"{sql}({', '.join('?' * len(digests))})", digests)]

    # -- waiting for confirmation --------------------------------------------------------------------------------

    def wait(self, conference: str, attendee: str, accounts: Collection[str]) -> None:
        """Makes an attendee wait until they confirm. ``accounts``: those that the organizer entered."""
        values = (conference, attendee, msgspec.json.encode(list(accounts)).decode())
        self._base.run("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)", values)

    def waiting_accounts(self, conference: str, attendee: str) -> tuple[str, ...] | None:
        """The accounts of an attendee who has not confirmed yet; None for any other."""
        sql = "SELECT accounts FROM waiting WHERE conference = ? AND attendee = ?"
        rows = self._base.read(sql, (conference, attendee))
        return tuple(msgspec.json.decode(rows[0][0], type=list[str])) if rows else None

    def end_waiting(self, conference: str, attendees: Collection[str]) -> None:
        """Ends the waiting of attendees who are in the log now, or were removed."""
        rows = [(conference, attendee) for attendee in attendees]
        self._base.run_all("DELETE FROM waiting WHERE conference = ? AND attendee = ?", rows)

    # -- expiry --------------------------------------------------------------------------------------------------

    def forget(self, conference: str) -> None:
        """Deletes a conference's waiting attendees and bars, in the caller's transaction. Its tombstones stay, for a
        later conference with the same id."""
        for table in ("leaving", "waiting"):
            self._base.run(f"DELETE FROM {table} WHERE conference = ?", (conference,))  # noqa: S608 - constants
        sql = "DELETE FROM bars WHERE person IN (SELECT person FROM tombstones WHERE conference = ?)"
        self._base.run(sql, (self._conference(conference),))

    def expire(self, ongoing: Collection[str]) -> None:
        """Deletes expired tombstones. For ongoing conferences the days count from now."""
        today = day(self._clock())
        whose = [(today, self._conference(conference)) for conference in ongoing]
        with self._base.write():
            self._base.run_all("UPDATE tombstones SET day = ? WHERE conference = ?", whose)
            self._base.run("DELETE FROM tombstones WHERE day < ?", (today - TOMBSTONE_DAYS,))
            self._base.run(
                "DELETE FROM bars WHERE person NOT IN (SELECT person FROM tombstones UNION SELECT person FROM leaving)"
            )

    def _digest(self, conference: str, text: str) -> bytes:
        return self._secret.digest("tombstone", f"{conference} {text}", _BYTES)

    def _bar(self, person: bytes, other: str) -> bytes:
        return self._secret.digest("bar", f"{person.hex()} {other}", _BYTES)

    def _conference(self, conference: str) -> bytes:
        return self._secret.digest("tombstone", conference, _BYTES)
