"""Keys of organizers and connectors, magic links, and the sessions that links become.

Owns: the table grants. May never: keep a secret in clear, compare one in any time but constant, or take a link twice.
Theory: ``hw.KIND.ID.SECRET``: the row is found by ID, which is public; of SECRET (256 random bits) there is a keyed
digest. An unknown ID costs a comparison too, so the time says nothing about which ones exist.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from schemas.times import DAY_MS, MINUTE_MS
from services.directory.database import Database, Row
from services.directory.port import Grant, Role
from services.directory.secret import Secret

Kind = Literal["key", "link", "session"]

LINK_DAYS = 14  # mailed with the ticket, opened at the latest at the conference
SESSION_DAYS = 30  # a conference and the days after it
KEY_DAYS = 365
MOST_LINKS = 5  # of one attendee; an older one is dropped for the next
MOST_SESSIONS = 10  # the same: a phone, a laptop, and those that were forgotten
USED_MS = MINUTE_MS  # last_used is that exact; writing at every request would be a write a request
TOKEN_CHARS = 128
_NOBODY = b"\0" * 32
_FIELDS = "id, role, subject, conferences, checkins, expires"


class Keys:
    """Issues, recognises and revokes."""

    def __init__(self, base: Database, secret: Secret, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._clock = base, secret, clock

    def issue_key(
        self,
        role: Role,
        subject: str,
        conferences: Sequence[str] = (),
        *,
        checkins: bool = False,
        days: int = KEY_DAYS,
    ) -> str:
        """A key for an organizer, a connector or an operator, to be shown once."""
        if role == "attendee":
            raise ValueError("attendees get links, not keys")
        return self._issue("key", role, subject, conferences, days, checkins)

    def issue_link(self, conference: str, attendee: str, days: int = LINK_DAYS) -> str:
        """The secret part of a magic link: good once."""
        with self._base.write():
            self._drop_oldest("link", conference, attendee, MOST_LINKS)
            return self._issue("link", "attendee", attendee, [conference], days, False)

    def exchange(self, link: str) -> str | None:
        """A session for a link, which is used up by it; None for one that is not good."""
        with self._base.write():
            grant = self._found(link, "link")
            if grant is None or not self._base.run("DELETE FROM grants WHERE id = ?", (grant.id,)):
                return None
            self._drop_oldest("session", grant.conferences[0], grant.subject, MOST_SESSIONS)
            return self._issue("session", "attendee", grant.subject, grant.conferences, SESSION_DAYS, False)

    def authenticate(self, token: str) -> Grant | None:
        """Who holds this key or session; None for one that is unknown, expired or revoked, and for links."""
        grant = self._found(token, "key", "session")
        if grant is not None:
            now = self._clock()
            sql = "UPDATE grants SET last_used = ? WHERE id = ? AND coalesce(last_used, 0) <= ?"
            if self._last_used(grant.id) <= now - USED_MS:
                self._base.run(sql, (now, grant.id, now - USED_MS))
        return grant

    def revoke(self, grant: str) -> bool:
        """Ends one, by its public id."""
        return self._base.run("UPDATE grants SET revoked = 1 WHERE id = ? AND NOT revoked", (grant,)) == 1

    def revoke_all(self, role: Role, subject: str, conference: str | None = None) -> int:
        """Ends all of somebody, or all that are for this conference."""
        sql = (
            "UPDATE grants SET revoked = 1 WHERE role = ? AND subject = ? AND NOT revoked"
            " AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(conferences) WHERE value = ?))"
        )
        return self._base.run(sql, (role, subject, conference, conference))

    def listed(self, role: Role, subject: str) -> list[tuple[Grant, int | None, bool]]:
        """The grants of somebody, when each was last used, and whether it is revoked; no secrets."""
        sql = f"SELECT {_FIELDS}, last_used, revoked FROM grants WHERE role = ? AND subject = ? ORDER BY made, id"  # noqa: S608
        return [(_grant(row[:6]), row[6], bool(row[7])) for row in self._base.read(sql, (role, subject))]

    def remove(self, conference: str, attendee: str) -> None:
        """Takes all of an attendee out, in the caller's transaction."""
        sql = "DELETE FROM grants WHERE role = 'attendee' AND subject = ? AND conferences = ?"
        self._base.run(sql, (attendee, _json([conference])))

    def expire(self) -> int:
        """Takes out what is past, or was revoked and would be past; returns how many."""
        return self._base.run("DELETE FROM grants WHERE expires <= ?", (self._clock(),))

    def _issue(
        self, kind: Kind, role: Role, subject: str, conferences: Sequence[str], days: int, checkins: bool
    ) -> str:
        name, value, now = secrets.token_hex(8), secrets.token_urlsafe(32), self._clock()
        digest = self._digest(kind, name, value)
        self._base.run(
            "INSERT INTO grants (id, digest, kind, role, subject, conferences, checkins, made, expires)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (name, digest, kind, role, subject, _json(conferences), checkins, now, now + days * DAY_MS),
        )
        return f"hw.{kind}.{name}.{value}"

    def _found(self, token: str, *kinds: Kind) -> Grant | None:
        parts = token.split(".") if len(token) <= TOKEN_CHARS and token.isascii() else []
        kind, name, value = parts[1:] if len(parts) == 4 and parts[0] == "hw" else ("", "", "")
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

    def _drop_oldest(self, kind: Kind, conference: str, attendee: str, most: int) -> None:
        self._base.run(
            "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE kind = ? AND role = 'attendee'"
            " AND subject = ? AND conferences = ? ORDER BY made DESC, id LIMIT -1 OFFSET ?)",
            (kind, attendee, _json([conference]), most - 1),
        )


def _grant(row: Row) -> Grant:
    name, role, subject, conferences, checkins, expires = row
    return Grant(
        id=name,
        role=role,
        subject=subject,
        conferences=tuple(msgspec.json.decode(conferences, type=list[str])),
        checkins=bool(checkins),
        expires=expires,
    )


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
