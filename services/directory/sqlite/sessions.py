"""Attendees' sign-in links, the sessions that they become, and the sign-ins that a session has not dismissed.

Responsibility: the table ``sign_ins``, and the rows of ``grants`` with the role attendee.

Invariants:
- An organizer's link is only for somebody who has never signed in. The first sign-in ends all other links of that
  person, so nobody can keep one back and act as that person later.
- A link is used up when its session is first used. Until then, for example when the response was lost, it can be
  opened again, which ends the unused session. A link never has more than one session.
- After the first sign-in only a live session makes a link (``device_link``): one at a time, valid for ten minutes,
  ended with its session; or the link goes to the registered address by mail (``recovery_link``), to nobody else.
- Where a mailed link signs in one device too many, the one that was unused for longest is signed out.
- A session is notified of each sign-in after its own until it dismisses it. Another session cannot dismiss it for this
  one, and ending the new session does not remove the notice.
"""

from collections.abc import Callable, Collection
from contextlib import suppress

import msgspec

from schemas.times import DAY_MS, HOUR_MS
from services.directory.port import (
    DEVICE_LINK_MS,
    LINK_DAYS,
    MOST_LINKS,
    MOST_SESSIONS,
    MOST_SIGN_INS,
    RECOVERY_LINK_HOURS,
    SESSION_DAYS,
    ErasedError,
    Grant,
    NewSession,
    NoLink,
    SessionRow,
    SignIn,
)
from services.directory.sqlite.api_keys import SqliteKeys
from services.directory.sqlite.database import Database


class SqliteSessions:
    """Attendees' sessions. Times are milliseconds since 1970."""

    def __init__(self, base: Database, keys: SqliteKeys, clock: Callable[[], int]) -> None:
        self._base, self._keys, self._clock = base, keys, clock

    # -- links ---------------------------------------------------------------------------------------------------

    def has_signed_in(self, conference: str, attendee: str) -> bool:
        """Whether this person has ever signed in."""
        sql = "SELECT 1 FROM sign_ins WHERE conference = ? AND attendee = ? LIMIT 1"
        return bool(self._base.read(sql, (conference, attendee)))

    def first_link(self, conference: str, attendee: str) -> str | NoLink:
        """The secret of a link, valid once, for somebody registered who has never signed in; or why there is none."""
        with suppress(ErasedError), self._base.write():
            known = "SELECT 1 FROM people WHERE conference = ? AND attendee = ?"
            if not self._base.read(known, (conference, attendee)):
                return NoLink.UNKNOWN  # as when somebody is being erased at this moment
            if self.has_signed_in(conference, attendee):
                return NoLink.SIGNED_IN
            return self._link(conference, attendee, LINK_DAYS * DAY_MS)
        return NoLink.UNKNOWN

    def recovery_link(self, conference: str, attendee: str) -> str | NoLink:
        """The secret of a link for anybody registered, to be sent to their registered address and shown to nobody."""
        with suppress(ErasedError), self._base.write():
            if self.has_signed_in(conference, attendee):
                return self._link(conference, attendee, RECOVERY_LINK_HOURS * HOUR_MS)
            return self.first_link(conference, attendee)
        return NoLink.UNKNOWN

    def withdraw_links(self, links: Collection[str]) -> None:
        """Ends links that were not sent, by their ids."""
        sql = "DELETE FROM grants WHERE kind = 'link' AND id IN (SELECT value FROM json_each(?))"
        self._base.run(sql, (_json(links),))

    def _link(self, conference: str, attendee: str, span_ms: int) -> str:
        old = (
            "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE kind = 'link' AND role = 'attendee'"
            " AND subject = ? AND conferences = ? ORDER BY made DESC, id LIMIT -1 OFFSET ?)"
        )
        self._base.run(old, (attendee, _json([conference]), MOST_LINKS - 1))
        return self._keys.issue("link", "attendee", attendee, [conference], span_ms)

    def device_link(self, session: Grant) -> str | NoLink:
        """The secret of a link for another device of this attendee, or why there is none. Ends the previous link."""
        conference, attendee = session.conferences[0], session.subject
        with suppress(ErasedError), self._base.write():
            living = self.active(conference, attendee)
            if all(each.id != session.id for each in living):
                return NoLink.ENDED
            if len(living) >= MOST_SESSIONS:
                return NoLink.FULL
            self._drop_links(conference, attendee)
            return self._keys.issue("link", "attendee", attendee, [conference], DEVICE_LINK_MS, parent=session.id)
        return NoLink.ENDED

    def sign_in(self, link: str, device: str) -> NewSession | None:
        """A session for a link, which ends all other links of its person; None for an invalid link."""
        with suppress(ErasedError), self._base.write():
            grant = self._keys.find_grant(link, "link")
            if grant is None or not self._is_unused(grant.id):
                return None
            conference, attendee = grant.conferences[0], grant.subject
            self._drop_links(conference, attendee, grant.id)
            token = self._keys.issue("session", "attendee", attendee, [conference], SESSION_DAYS * DAY_MS)
            session = self._keys.find_grant(token, "session")
            assert session is not None
            number = self._note(conference, attendee, session.id, device)
            self._base.run("UPDATE grants SET device = ?, seen = ? WHERE id = ?", (device, number, session.id))
            self._base.run("UPDATE grants SET became = ? WHERE id = ?", (session.id, grant.id))
            self._end_unused(conference, attendee)
            return NewSession(token, session)
        return None

    def _is_unused(self, link: str) -> bool:
        """Whether this link's session was never used; such a session is deleted to make way for the next."""
        became = self._base.read("SELECT became FROM grants WHERE id = ?", (link,))[0][0]
        lost = "DELETE FROM grants WHERE id = ? AND kind = 'session' AND last_used IS NULL"
        return not became or bool(self._base.run(lost, (became,)))

    def _end_unused(self, conference: str, attendee: str) -> None:
        """Ends the sessions that are too many, those unused for longest first; never the newest."""
        sql = (
            "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE kind = 'session' AND role = 'attendee'"
            " AND subject = ? AND conferences = ? AND NOT revoked AND expires > ?"
            " ORDER BY max(coalesce(last_used, 0), made) DESC, seen DESC LIMIT -1 OFFSET ?)"
        )
        self._base.run(sql, (attendee, _json([conference]), self._clock(), MOST_SESSIONS))

    def _drop_links(self, conference: str, attendee: str, but: str = "") -> None:
        of_attendee = "kind = 'link' AND role = 'attendee' AND subject = ? AND conferences = ?"
        sql = f"DELETE FROM grants WHERE {of_attendee} AND id <> ?"  # noqa: S608 - constant
        self._base.run(sql, (attendee, _json([conference]), but))

    def _note(self, conference: str, attendee: str, session: str, device: str) -> int:
        newest = "SELECT coalesce(max(number), 0) + 1 FROM sign_ins WHERE conference = ? AND attendee = ?"
        number: int = self._base.read(newest, (conference, attendee))[0][0]
        values = (conference, attendee, number, session, device, self._clock())
        self._base.run("INSERT INTO sign_ins VALUES (?, ?, ?, ?, ?, ?)", values)
        old = "DELETE FROM sign_ins WHERE conference = ? AND attendee = ? AND number <= ?"
        self._base.run(old, (conference, attendee, number - MOST_SIGN_INS))
        return number

    # -- sessions ------------------------------------------------------------------------------------------------

    def active(self, conference: str, attendee: str) -> list[SessionRow]:
        """The live sessions of an attendee, oldest first."""
        sql = (
            "SELECT id, device, made, last_used, expires FROM grants WHERE kind = 'session' AND role = 'attendee'"
            " AND subject = ? AND conferences = ? AND NOT revoked AND expires > ? ORDER BY made, id"
        )
        return [SessionRow(*row) for row in self._base.read(sql, (attendee, _json([conference]), self._clock()))]

    def end(self, conference: str, attendee: str, session: str) -> bool:
        """Ends one of this attendee's sessions, with the links that it made; False if there is none."""
        return bool(self._end(conference, attendee, "id = ?", session))

    def end_others(self, session: Grant) -> list[str]:
        """Ends all other sessions of this session's attendee, and unused links. Returns the ids of the sessions."""
        with self._base.write():
            self._drop_links(session.conferences[0], session.subject)
            return self._end(session.conferences[0], session.subject, "id <> ?", session.id)

    def _end(self, conference: str, attendee: str, which: str, session: str) -> list[str]:
        with self._base.write():
            sql = (
                f"DELETE FROM grants WHERE kind = 'session' AND role = 'attendee' AND subject = ? AND conferences = ?"  # noqa: S608 - constant
                f" AND NOT revoked AND {which} RETURNING id"
            )
            ended = [row[0] for row in self._base.read(sql, (attendee, _json([conference]), session))]
            links = "DELETE FROM grants WHERE kind = 'link' AND parent IN (SELECT value FROM json_each(?))"
            self._base.run(links, (_json(ended),))
            return ended

    # -- notices of sign-ins -------------------------------------------------------------------------------------

    def sign_ins(self, conference: str, attendee: str) -> list[SignIn]:
        """The last sign-ins of an attendee, oldest first."""
        sql = "SELECT number, device, made, session FROM sign_ins WHERE conference = ? AND attendee = ? ORDER BY number"
        return [SignIn(*row) for row in self._base.read(sql, (conference, attendee))]

    def unseen(self, conference: str, attendee: str, sessions: Collection[str]) -> dict[str, list[SignIn]]:
        """For each of these sessions of an attendee, the sign-ins after its own that it has not dismissed."""
        sql = "SELECT id, seen FROM grants WHERE id IN (SELECT value FROM json_each(?))"
        seen: dict[str, int] = dict(self._base.read(sql, (_json(sessions),)))
        known = self.sign_ins(conference, attendee)
        return {session: [each for each in known if each.number > last] for session, last in seen.items()}

    def dismiss(self, session: Grant, number: int) -> None:
        """Dismisses the sign-ins up to this number for this session; never future ones."""
        last = self.sign_ins(session.conferences[0], session.subject)[-1:]
        upto = min(number, last[0].number) if last else 0
        self._base.run("UPDATE grants SET seen = max(seen, ?) WHERE id = ?", (upto, session.id))


def _json(values: Collection[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
