"""The outbox: mails with sign-in links that wait, are being sent, or were sent.

Responsibility: the table mails. Of an address it has a keyed digest, of a link its id.

Why a claim is durable before the mail is handed over: see the port. A crash in between leaves a mail as ``sending``,
which the next start calls unclear: it is not sent again by itself.
"""

from collections.abc import Callable, Sequence

import msgspec

from schemas.times import DAY_MS, HOUR_MS
from services.directory.credentials import parts_of
from services.directory.person_fields import email_form
from services.directory.port import (
    FIRST_MAIL_HOURS,
    LINK_DAYS,
    LOST_MAIL_HOURS,
    MOST_LOST_MAILS,
    MOST_MAILED_LINKS,
    MOST_MAILS_WAITING,
    RECOVERY_LINK_HOURS,
    Delivery,
    Mail,
    MailCounts,
    MailedLink,
    MailKind,
    MailRecord,
    NoLink,
    OutboxFullError,
)
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database
from services.directory.sqlite.sessions import SqliteSessions

_ADDRESS_BYTES = 16
_NEEDLESS_AT_ONCE = 200  # skipped in one transaction, which blocks other writes for that long
_TRY_MS: dict[MailKind, int] = {"first": FIRST_MAIL_HOURS * HOUR_MS, "lost": LOST_MAIL_HOURS * HOUR_MS}
_SHOWN = 100
_NEVER_SIGNED_IN = (
    "SELECT attendee, email FROM people AS p WHERE conference = ? AND email <> '' AND NOT EXISTS"
    " (SELECT 1 FROM sign_ins AS s WHERE s.conference = p.conference AND s.attendee = p.attendee) ORDER BY attendee"
)
_OF_ADDRESS = (
    "SELECT conference, attendee, name, recovers, count(*) OVER (PARTITION BY conference) FROM people"
    " WHERE email <> '' AND email = ? ORDER BY since DESC, conference, attendee LIMIT ?"
)
_ADD = "INSERT INTO mails (kind, conference, attendee, address, state, made, due) VALUES (?, ?, ?, ?, 'waiting', ?, ?)"


class SqliteOutbox:
    """The mails. Times are milliseconds since 1970."""

    def __init__(self, base: Database, secret: Secret, sessions: SqliteSessions, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._sessions, self._clock = base, secret, sessions, clock

    # -- what is to be sent --------------------------------------------------------------------------------------

    def request_links(self, email: str) -> bool:
        """Queues a mail with new links for whoever is registered under the address; False if nobody is, if such a mail
        waits already, or after too many in a day."""
        address, now = email_form(email), self._clock()
        with self._base.write():
            people = self._base.read(_OF_ADDRESS, (address, 1))
            digest = self._digest(address)
            sql = "SELECT count(*), sum(state = 'waiting') FROM mails WHERE kind = 'lost' AND address = ? AND made > ?"
            count, waiting = self._base.read(sql, (digest, now - DAY_MS))[0]
            if not people or waiting or count >= MOST_LOST_MAILS or self.count_waiting() >= MOST_MAILS_WAITING:
                return False
            conference, attendee, *_ = people[0]
            self._base.run(_ADD, ("lost", conference, attendee, digest, now, now))
            return True

    def queue_first_links(self, conference: str) -> int:
        """Queues a mail for everybody who would be counted as ``unmailed``; returns how many. OutboxFullError: too
        many wait already; none was queued."""
        now = self._clock()
        with self._base.write():
            unmailed = self._unmailed(conference)
            if self.count_waiting() + len(unmailed) > MOST_MAILS_WAITING:
                raise OutboxFullError
            # What is left of them was refused, under an address that was corrected since, or was late.
            old = "DELETE FROM mails WHERE kind = 'first' AND conference = ? AND attendee = ?"
            self._base.run_all(old, [(conference, attendee) for attendee, _ in unmailed])
            self._base.run_all(_ADD, [("first", conference, who, digest, now, now) for who, digest in unmailed])
            return len(unmailed)

    def _unmailed(self, conference: str) -> list[tuple[str, bytes]]:
        """The ids, and digests of the addresses, of those whom an organizer's mail would be sent to."""
        sql = "SELECT attendee, address, state FROM mails WHERE kind = 'first' AND conference = ?"
        known = {attendee: (address, state) for attendee, address, state in self._base.read(sql, (conference,))}
        people = [(who, self._digest(email)) for who, email in self._base.read(_NEVER_SIGNED_IN, (conference,))]
        return [(who, digest) for who, digest in people if who not in known or _may_repeat(*known[who], digest)]

    def _digest(self, email: str) -> bytes:
        return self._secret.digest("mail", email, _ADDRESS_BYTES)

    # -- sending -------------------------------------------------------------------------------------------------

    def claim(self) -> Mail | None:
        """The next mail that is due, with new links; None if none is, or if those that were are needless by now."""
        sql = (
            "SELECT number, kind, conference, attendee, made, tries FROM mails WHERE state = 'waiting' AND due <= ?"
            " ORDER BY kind DESC, due, number LIMIT ?"
        )
        now = self._clock()
        with self._base.write():
            for number, kind, conference, attendee, made, tries in self._base.read(sql, (now, _NEEDLESS_AT_ONCE)):
                if made + _TRY_MS[kind] <= now:
                    self._set(number, "late", now)
                    continue
                email = self._email(conference, attendee)
                links = self._first(conference, attendee) if kind == "first" else self._lost(email)
                if not email or not links:
                    self._base.run("DELETE FROM mails WHERE number = ?", (number,))
                    continue
                names = [parts_of(link.secret)[1] for link in links]
                update = "UPDATE mails SET state = 'sending', tries = tries + 1, links = ? WHERE number = ?"
                self._base.run(update, (_json(names), number))
                return Mail(number, kind, email, links, tries + 1)
        return None

    def _email(self, conference: str, attendee: str) -> str:
        rows = self._base.read("SELECT email FROM people WHERE conference = ? AND attendee = ?", (conference, attendee))
        return str(rows[0][0]) if rows else ""

    def _first(self, conference: str, attendee: str) -> tuple[MailedLink, ...]:
        secret = self._sessions.first_link(conference, attendee)
        if isinstance(secret, NoLink):
            return ()
        sql = (
            "SELECT name FROM people AS p WHERE conference = ? AND attendee = ? AND EXISTS (SELECT 1 FROM people AS o"
            " WHERE o.conference = p.conference AND o.email = p.email AND o.attendee <> p.attendee)"
        )
        names = self._base.read(sql, (conference, attendee))
        expires = self._clock() + LINK_DAYS * DAY_MS
        return (MailedLink(conference, names[0][0] if names else "", secret, expires),)

    def _lost(self, email: str) -> tuple[MailedLink, ...]:
        """Links for everybody registered under the address. Where several share it, for those alone who have never
        signed in: whoever reads the mail of a group's order is not each of the group. Nor for somebody whose address
        was changed after their first sign-in, for example by a ticket shop: it is not theirs for certain."""
        found = []
        for conference, attendee, name, recovers, sharing in self._base.read(_OF_ADDRESS, (email, MOST_MAILED_LINKS)):
            is_known = self._sessions.has_signed_in(conference, attendee)
            if is_known and (sharing > 1 or not recovers):
                continue
            secret = self._sessions.recovery_link(conference, attendee)
            if isinstance(secret, str):
                span_ms = RECOVERY_LINK_HOURS * HOUR_MS if is_known else LINK_DAYS * DAY_MS
                found.append(MailedLink(conference, name if sharing > 1 else "", secret, self._clock() + span_ms))
        return tuple(found)

    def settle(self, number: int, delivery: Delivery, wait_ms: int = 0) -> None:
        """Records what became of a claimed mail. ``delayed``: its links end, and it is due again after ``wait_ms``;
        0: at once, because it was not tried."""
        now = self._clock()
        with self._base.write():
            if delivery in ("delayed", "refused"):
                rows = self._base.read("SELECT links FROM mails WHERE number = ?", (number,))
                self._sessions.withdraw_links(msgspec.json.decode(rows[0][0], type=list[str]) if rows else [])
            if delivery == "delayed":
                self._set(number, "waiting", now + wait_ms)
                if not wait_ms:  # it was not tried
                    self._base.run("UPDATE mails SET tries = tries - 1 WHERE number = ?", (number,))
            else:
                self._set(number, delivery, now)

    def _set(self, number: int, state: str, due: int) -> None:
        self._base.run("UPDATE mails SET state = ?, due = ?, links = '[]' WHERE number = ?", (state, due, number))

    def next_due(self) -> int | None:
        """When the next mail is due, in ms since 1970; None if none waits."""
        found: int | None = self._base.read("SELECT min(due) FROM mails WHERE state = 'waiting'")[0][0]
        return found

    def settle_interrupted(self) -> int:
        """Marks mails that a crash interrupted as unclear; returns how many. Call it before the first ``claim``."""
        sql = "UPDATE mails SET state = 'unclear', due = ?, links = '[]' WHERE state = 'sending'"
        return self._base.run(sql, (self._clock(),))

    # -- counts and expiry ---------------------------------------------------------------------------------------

    def counts(self, conference: str) -> MailCounts:
        """What became of the conference's first mails."""
        sql = "SELECT state, count(*) FROM mails WHERE kind = 'first' AND conference = ? GROUP BY state"
        by_state: dict[str, int] = dict(self._base.read(sql, (conference,)))
        sql = (
            "SELECT attendee FROM mails WHERE kind = 'first' AND conference = ? AND state = 'refused'"
            " ORDER BY attendee LIMIT ?"
        )
        return MailCounts(
            unmailed=len(self._unmailed(conference)),
            waiting=by_state.get("waiting", 0) + by_state.get("sending", 0),
            accepted=by_state.get("accepted", 0),
            refused=by_state.get("refused", 0),
            late=by_state.get("late", 0),
            unclear=by_state.get("unclear", 0),
            refused_attendees=tuple(row[0] for row in self._base.read(sql, (conference, _SHOWN))),
        )

    def mails_of(self, conference: str, attendee: str) -> list[MailRecord]:
        """What is stored of an attendee's mails, oldest first."""
        sql = "SELECT kind, state, made FROM mails WHERE conference = ? AND attendee = ? ORDER BY number"
        return [MailRecord(*row) for row in self._base.read(sql, (conference, attendee))]

    def count_waiting(self) -> int:
        """How many mails of the whole server wait."""
        return int(self._base.read("SELECT count(*) FROM mails WHERE state = 'waiting'")[0][0])

    def expire(self) -> None:
        """Deletes what nobody needs: mails that were asked for after a day, an organizer's when their links have
        expired, so that the people can be mailed again."""
        now = self._clock()
        sql = "DELETE FROM mails WHERE kind = ? AND made < ? AND due < ? AND state NOT IN ('waiting', 'sending')"
        self._base.run(sql, ("lost", now - DAY_MS, now))
        self._base.run(sql, ("first", now, now - LINK_DAYS * DAY_MS))


def _may_repeat(before: bytes, state: str, address: bytes) -> bool:
    """Whether somebody who has a first mail may get another one, now that their address has this digest."""
    return state == "late" or (state == "refused" and before != address)


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
