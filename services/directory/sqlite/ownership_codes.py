"""One-time codes with which an attendee proves to own an account: the code stands in a post or profile of the account.

Owns: the table codes; how many may be asked for, and how often may be looked. May never: keep a code in clear, or let
it prove another account or another attendee than it was made for; call an account proved before the log has it.
Theory: a code is public once it is posted, so it proves nothing by being known: only by standing where only the owner
writes, and only for the attendee and account in its row. A code of 40 bits, 5 an hour, is not in a post by chance.
What a code proved is noted in its row in the transaction that uses it up, and stays there until the log has it: so a
crash, or a log that is away, loses no proof, and the same proof again is the same event.
"""

import hmac
import secrets
from collections.abc import Callable, Iterable

import msgspec

from schemas.names import normalize_account as account_form
from schemas.times import HOUR_MS
from services.directory.ownership_codes import codes_in, new_code, text_of
from services.directory.port import (
    CODE_HOURS,
    MOST_CODES_AN_HOUR,
    MOST_LOOKS,
    ErasedError,
    Look,
    Looked,
    PostReader,
    Proof,
    Seen,
)
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database
from services.directory.sqlite.erased_ids import ErasedIds


class SqliteCodes:
    """Makes codes and looks for them."""

    def __init__(self, base: Database, secret: Secret, gone: ErasedIds, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._gone, self._clock = base, secret, gone, clock

    def begin(self, conference: str, attendee: str, account: str) -> str | None:
        """The text to post, shown once; None after too many in the last hour. ValueError for what is no account.

        An earlier code for the same account ends. ErasedError.
        """
        account, now = account_form(account), self._clock()
        with self._base.write():
            if self._gone.has(conference, attendee):
                raise ErasedError
            self._base.run("DELETE FROM codes WHERE made <= ? AND proof = '{}'", (now - HOUR_MS,))
            made = "SELECT count(*) FROM codes WHERE conference = ? AND attendee = ? AND made > ?"
            if self._base.read(made, (conference, attendee, now - HOUR_MS))[0][0] >= MOST_CODES_AN_HOUR:
                return None
            self._end(conference, attendee, account)
            code = new_code()
            values = (conference, attendee, account, self._digest(conference, attendee, account, code), now)
            self._base.run(
                "INSERT INTO codes (conference, attendee, account, digest, made, expires, looks, open)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, 1)",
                (*values, now + CODE_HOURS * HOUR_MS),
            )
            return text_of(code)

    async def look(self, conference: str, attendee: str, account: str, reader: PostReader) -> Look:
        """Whether the code stands there. ``verified`` once; the look counts before anything is fetched."""
        account = account_form(account)
        refused = self._counted(conference, attendee, account)
        if refused is not None:
            return Look(refused)
        shown = await reader.read(account)
        return self._settled(conference, attendee, account, shown)

    def _counted(self, conference: str, attendee: str, account: str) -> Looked | None:
        with self._base.write():
            rows = self._base.read(f"SELECT looks, expires FROM codes {_OPEN}", (conference, attendee, account))  # noqa: S608
            if not rows or rows[0][1] <= self._clock():
                return "expired"
            if rows[0][0] >= MOST_LOOKS:
                return "too_many"
            self._base.run(f"UPDATE codes SET looks = looks + 1 {_OPEN}", (conference, attendee, account))  # noqa: S608
            return None

    def _settled(self, conference: str, attendee: str, account: str, shown: Seen) -> Look:
        digests = [self._digest(conference, attendee, account, code) for code in codes_in(shown)]
        with self._base.write():
            # Asked again: meanwhile it may have expired, been used, or its owner been erased.
            rows = self._base.read(f"SELECT digest, expires FROM codes {_OPEN}", (conference, attendee, account))  # noqa: S608
            if not rows or rows[0][1] <= self._clock():
                return Look("expired")
            same = [hmac.compare_digest(rows[0][0], digest) for digest in digests]
            if not any(same):
                return Look("not_found")
            return Look("verified", self._proved(conference, attendee, account, shown.names))

    # -- proofs that the log is still to have --------------------------------------------------------------------

    def _proved(self, conference: str, attendee: str, account: str, names: Iterable[str]) -> Proof:
        accounts = tuple(dict.fromkeys((account, *names)))
        proof = Proof(f"h-{secrets.token_hex(12)}", conference, attendee, account, accounts, self._clock())
        # An older proof of the same account by somebody else, if the log has it not yet, is not the newest any more.
        self._base.run(
            "UPDATE codes SET proof = '{}' WHERE conference = ? AND EXISTS (SELECT 1 FROM"
            " json_each(proof, '$.accounts') WHERE value IN (SELECT value FROM json_each(?)))",
            (conference, msgspec.json.encode(accounts).decode()),
        )
        told = msgspec.json.encode(proof).decode()
        self._base.run(f"UPDATE codes SET proof = ? {_OPEN}", (told, conference, attendee, account))  # noqa: S608
        self._end(conference, attendee, account)
        return proof

    def unfinished(self, conference: str | None = None, attendee: str | None = None) -> list[Proof]:
        """The proofs that the log is still to have, the oldest first; of one attendee, or of everybody."""
        whose = "(?1 IS NULL OR conference = ?1 AND attendee = ?2)"
        sql = f"SELECT proof FROM codes WHERE proof <> '{{}}' AND {whose} ORDER BY rowid"  # noqa: S608 - constant
        return [msgspec.json.decode(row[0], type=Proof) for row in self._base.read(sql, (conference, attendee))]

    def withdraw(self, conference: str, attendee: str, account: str) -> None:
        """The attendee gives the account up: a proof of it that the log has not is none any more."""
        whose = "conference = ? AND attendee = ? AND account = ?"
        values = (conference, attendee, account_form(account))
        self._base.run(f"UPDATE codes SET proof = '{{}}' WHERE {whose}", values)  # noqa: S608 - constant

    def finish(self, proof: Proof) -> None:
        """The log has it, or will never have it."""
        values = (proof.conference, proof.attendee, proof.id)
        whose = "conference = ? AND attendee = ? AND json_extract(proof, '$.id') = ?"
        self._base.run(f"UPDATE codes SET proof = '{{}}' WHERE {whose}", values)  # noqa: S608 - constant

    def remove(self, conference: str, attendee: str) -> None:
        """Takes all of an attendee out, in the caller's transaction."""
        self._base.run("DELETE FROM codes WHERE conference = ? AND attendee = ?", (conference, attendee))

    def _end(self, conference: str, attendee: str, account: str) -> None:
        # The row stays for an hour: it counts for how many may be asked for.
        self._base.run(f"UPDATE codes SET open = 0 {_OPEN}", (conference, attendee, account))  # noqa: S608 - constant

    def _digest(self, conference: str, attendee: str, account: str, code: str) -> bytes:
        return self._secret.digest("code", f"{conference}/{attendee}/{account}/{code}")


_OPEN = "WHERE conference = ? AND attendee = ? AND account = ? AND open = 1"
