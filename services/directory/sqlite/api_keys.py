"""Keys of organizers and connectors with their sessions, and how every secret is made and recognised.

Responsibility: the table grants; ``sessions`` makes and ends the rows of attendees.
Invariants: no secret is stored in clear, and secrets are compared in constant time. An attendee's link or session is
made in the transaction that checks whether they were erased, and an erasure deletes all of them in its own transaction,
so neither order leaves one.
Why: a token is ``hw.KIND.ID.SECRET``. ID is public and finds the row; of SECRET (256 random bits) only a keyed digest
is stored. An unknown ID costs a comparison too, so timing reveals nothing about which ids exist.
"""

import hmac
import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import msgspec

from schemas.times import DAY_MS
from services.directory.credentials import Kind, check_key, parts_of, token_of
from services.directory.port import (
    KEY_DAYS,
    MOST_KEY_SESSIONS,
    MOST_KEYS,
    MOST_SCANNERS,
    USED_MS,
    DirectoryError,
    ErasedError,
    Grant,
    KeyRow,
    Role,
)
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database, Row
from services.directory.sqlite.erased_ids import ErasedIds

_NOBODY = b"\0" * 32
_FIELDS = "id, role, subject, conferences, checkins, only_checkins, expires"
_GRANT = 7  # so many columns
_GOOD = "kind = 'key' AND NOT revoked AND expires > ?"
_LISTED = f"SELECT {_FIELDS}, made, last_used, revoked FROM grants WHERE kind = 'key'"  # noqa: S608 - constant


class SqliteKeys:
    """Issues, recognizes and revokes keys."""

    def __init__(self, base: Database, secret: Secret, erased_ids: ErasedIds, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._erased_ids, self._clock = base, secret, erased_ids, clock

    def issue_key(
        self,
        role: Role,
        subject: str,
        conferences: Sequence[str] = (),
        *,
        checkins: bool = False,
        only_checkins: bool = False,
        days: int = KEY_DAYS,
    ) -> str:
        """A key for an organizer, a connector or an operator, to be shown once.

        ValueError with a sentence for a person: a reserved name, a bad number of days, too many keys.
        """
        check_key(role, subject, conferences, checkins, days)
        with self._base.write():
            most = MOST_SCANNERS if only_checkins else MOST_KEYS
            good = f"SELECT count(*) FROM grants WHERE {_GOOD} AND only_checkins = ?"  # noqa: S608 - constant
            if self._base.read(good, (self._clock(), only_checkins))[0][0] >= most:
                raise ValueError(f"There are {most:,} keys. Revoke those that nobody needs.")
            return self.issue("key", role, subject, conferences, days * DAY_MS, (checkins, only_checkins))

    def session_of(self, grant: Grant, days: int) -> str:
        """A session of a key's holder; it ends with the key at the latest. A session's session belongs to the key."""
        with self._base.write():
            root = self._base.read("SELECT parent FROM grants WHERE id = ?", (grant.id,))[0][0] or grant.id
            self._base.run(
                "DELETE FROM grants WHERE id IN"
                " (SELECT id FROM grants WHERE parent = ? ORDER BY made DESC, id LIMIT -1 OFFSET ?)",
                (root, MOST_KEY_SESSIONS - 1),
            )
            span_ms = min(days * DAY_MS, max(0, grant.expires - self._clock()))
            return self.issue("session", grant.role, grant.subject, grant.conferences, span_ms, parent=root)

    def authenticate(self, token: str) -> Grant | None:
        """The holder of this key or session; None if it is unknown, expired or revoked, and for links."""
        grant = self.find_grant(token, "key", "session")
        if grant is not None:
            now = self._clock()
            sql = "UPDATE grants SET last_used = ? WHERE id = ? AND coalesce(last_used, 0) <= ?"
            if self._last_used(grant.id) <= now - USED_MS:
                with suppress(DirectoryError):  # the caller is authenticated even if a full disk prevents the update
                    self._base.run(sql, (now, grant.id, now - USED_MS))
        return grant

    def active(self, grants: Collection[str]) -> set[str]:
        """The ids among these that are neither expired nor revoked."""
        sql = "SELECT id FROM grants WHERE id IN (SELECT value FROM json_each(?)) AND NOT revoked AND expires > ?"
        return {row[0] for row in self._base.read(sql, (_json(sorted(grants)), self._clock()))}

    def revoke(self, grant: str) -> bool:
        """Revokes a key or session by its public id, with the sessions that came from it; False if it is unknown."""
        with self._base.write():
            self._base.run("UPDATE grants SET revoked = 1 WHERE parent = ? AND NOT revoked", (grant,))
            return self._base.run("UPDATE grants SET revoked = 1 WHERE id = ? AND NOT revoked", (grant,)) == 1

    def sessions_of(self, key: str) -> list[str]:
        """The ids of the sessions that came from a key."""
        return [row[0] for row in self._base.read("SELECT id FROM grants WHERE parent = ? ORDER BY id", (key,))]

    def page(self, after: str = "", most: int = 100) -> list[KeyRow]:
        """A page of all keys, including expired and revoked ones, sorted by id."""
        return [_listed(row) for row in self._base.read(f"{_LISTED} AND id > ? ORDER BY id LIMIT ?", (after, most))]

    def checkin_keys(self, conference: str, most: int = MOST_KEYS) -> list[KeyRow]:
        """The active keys of connectors that may send check-ins of a conference, newest first."""
        sql = (
            f"{_LISTED} AND role = 'connector' AND checkins AND NOT revoked AND expires > ?"  # noqa: S608 - constant
            " AND EXISTS (SELECT 1 FROM json_each(conferences) WHERE value = ?) ORDER BY made DESC, id LIMIT ?"
        )
        return [_listed(row) for row in self._base.read(sql, (self._clock(), conference, most))]

    def count_scanners(self, conferences: Collection[str]) -> int:
        """How many active scanner keys organizers have made for these conferences."""
        sql = (
            f"SELECT count(*) FROM grants WHERE {_GOOD} AND only_checkins"  # noqa: S608 - constant
            " AND json_extract(conferences, '$[0]') IN (SELECT value FROM json_each(?))"
        )
        return int(self._base.read(sql, (self._clock(), _json(sorted(conferences))))[0][0])

    def is_organizer(self, subject: str, conference: str | None = None) -> bool:
        """Whether somebody has an active organizer's key or session (``conference``: one that names it)."""
        sql = (
            "SELECT 1 FROM grants WHERE role = 'organizer' AND subject = ? AND NOT revoked AND expires > ?"
            " AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(conferences) WHERE value = ?)) LIMIT 1"
        )
        return bool(self._base.read(sql, (subject, self._clock(), conference, conference)))

    def grants_of(self, role: Role, subject: str) -> list[tuple[Grant, int | None, bool]]:
        """Somebody's grants, when each was last used, and whether it is revoked; no secrets."""
        sql = f"SELECT {_FIELDS}, last_used, revoked FROM grants WHERE role = ? AND subject = ? ORDER BY made, id"  # noqa: S608
        return [
            (_grant(row[:_GRANT]), row[_GRANT], bool(row[_GRANT + 1])) for row in self._base.read(sql, (role, subject))
        ]

    def remove(self, conference: str, attendee: str) -> None:
        """Deletes everything of an attendee, in the caller's transaction."""
        sql = "DELETE FROM grants WHERE role = 'attendee' AND subject = ? AND conferences = ?"
        self._base.run(sql, (attendee, _json([conference])))

    def forget(self, conference: str) -> None:
        """Removes a conference from all grants, in the caller's transaction; keys only for its check-ins end."""
        self._base.run("DELETE FROM grants WHERE role = 'attendee' AND conferences = ?", (_json([conference]),))
        sql = "SELECT id, conferences FROM grants WHERE EXISTS (SELECT 1 FROM json_each(conferences) WHERE value = ?)"
        for grant, named in self._base.read(sql, (conference,)):
            left = [name for name in msgspec.json.decode(named, type=list[str]) if name != conference]
            sql = "UPDATE grants SET conferences = ?, revoked = revoked OR (checkins AND ?) WHERE id = ?"
            self._base.run(sql, (_json(left), not left, grant))

    def expire(self) -> int:
        """Deletes expired grants, revoked ones only once they have expired too; returns how many."""
        return self._base.run("DELETE FROM grants WHERE expires <= ?", (self._clock(),))

    def issue(
        self,
        kind: Kind,
        role: Role,
        subject: str,
        conferences: Sequence[str],
        span_ms: int,
        may: tuple[bool, bool] = (False, False),
        parent: str = "",
    ) -> str:
        """A new secret, valid for ``span_ms``. ``may``: (checkins, only_checkins). ``parent``: the grant it ends with.

        In the caller's transaction. ErasedError: this attendee was erased.
        """
        if role == "attendee" and self._erased_ids.has(conferences[0], subject):
            raise ErasedError
        name, value, now = secrets.token_hex(8), secrets.token_urlsafe(32), self._clock()
        digest = self._digest(kind, name, value)
        self._base.run(
            "INSERT INTO grants (id, digest, kind, role, subject, conferences, checkins, only_checkins, made, expires,"
            " parent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (name, digest, kind, role, subject, _json(conferences), *may, now, now + span_ms, parent),
        )
        return token_of(kind, name, value)

    def find_grant(self, token: str, *kinds: Kind) -> Grant | None:
        """The grant of a secret of these kinds; None if it is unknown, expired or revoked."""
        kind, name, value = parts_of(token)
        sql = f"SELECT digest, kind, revoked, {_FIELDS} FROM grants WHERE id = ?"  # noqa: S608 - constant
        rows = self._base.read(sql, (name,))
        digest, kept_kind, revoked, *rest = rows[0] if rows else (_NOBODY, "", 1)
        same = hmac.compare_digest(digest, self._digest(kind, name, value))
        if not same or revoked or kept_kind not in kinds:
            return None
        grant = _grant(tuple(rest))
        return grant if self._clock() < grant.expires else None

    def _digest(self, kind: str, name: str, value: str) -> bytes:
        return self._secret.digest("key", f"{kind}.{name}.{value}")

    def _last_used(self, name: str) -> int:
        rows = self._base.read("SELECT last_used FROM grants WHERE id = ?", (name,))
        return (rows[0][0] or 0) if rows else 0


def _grant(row: Row) -> Grant:
    name, role, subject, conferences, checkins, only_checkins, expires = row
    return Grant(
        id=name,
        role=role,
        subject=subject,
        conferences=tuple(msgspec.json.decode(conferences, type=list[str])),
        checkins=bool(checkins),
        only_checkins=bool(only_checkins),
        expires=expires,
    )


def _listed(row: Row) -> KeyRow:
    made, last_used, revoked = row[_GRANT:]
    return KeyRow(grant=_grant(row[:_GRANT]), made=made, last_used=last_used, revoked=bool(revoked))


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
