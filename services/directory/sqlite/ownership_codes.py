"""One-time codes with which an attendee proves an account: the code appears in a post or profile of the account.

Responsibility: the table codes, how many codes an attendee may request, and how often they may be checked.
Invariants: no code is stored in clear. A code proves only the account and attendee that it was made for. An account
does not count as proved before the log has the proof.
Why: a code is public once it is posted, so knowing it proves nothing; only its place does, where only the account's
owner can write, and only for the attendee and account in its row. A code of 40 bits, at most 5 an hour, does not appear
in a post by chance. The proof is noted in the code's row in the transaction that uses the code up, until the log has
it: so neither a crash nor an unavailable log loses a proof, and repeating a proof gives the same event.
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
    CheckState,
    CodeCheck,
    ErasedError,
    PostReader,
    Proof,
    PublicProfile,
)
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database
from services.directory.sqlite.erased_ids import ErasedIds


class SqliteCodes:
    """Makes codes and checks them."""

    def __init__(self, base: Database, secret: Secret, erased_ids: ErasedIds, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._erased_ids, self._clock = base, secret, erased_ids, clock

    def begin(self, conference: str, attendee: str, account: str) -> str | None:
        """The text to post, shown once; None after too many in the last hour. ValueError for an invalid account.

        An earlier code for the same account ends. ErasedError.
        """
        account, now = account_form(account), self._clock()
        with self._base.write():
            if self._erased_ids.has(conference, attendee):
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

    async def check(self, conference: str, attendee: str, account: str, reader: PostReader) -> CodeCheck:
        """Checks whether the account shows the code. ``verified`` only once; a check counts before anything is read."""
        account = account_form(account)
        refused = self._counted(conference, attendee, account)
        if refused is not None:
            return CodeCheck(refused)
        shown = await reader.read(account)
        return self._settled(conference, attendee, account, shown)

    def _counted(self, conference: str, attendee: str, account: str) -> CheckState | None:
        with self._base.write():
            rows = self._base.read(f"SELECT looks, expires FROM codes {_OPEN}", (conference, attendee, account))  # noqa: S608
            if not rows or rows[0][1] <= self._clock():
                return "expired"
            if rows[0][0] >= MOST_LOOKS:
                return "too_many"
            self._base.run(f"UPDATE codes SET looks = looks + 1 {_OPEN}", (conference, attendee, account))  # noqa: S608
            return None

    def _settled(self, conference: str, attendee: str, account: str, shown: PublicProfile) -> CodeCheck:
        digests = [self._digest(conference, attendee, account, code) for code in codes_in(shown)]
        with self._base.write():
            # Read again: meanwhile it may have expired or been used, or its owner may have been erased.
            rows = self._base.read(f"SELECT digest, expires FROM codes {_OPEN}", (conference, attendee, account))  # noqa: S608
            if not rows or rows[0][1] <= self._clock():
                return CodeCheck("expired")
            same = [hmac.compare_digest(rows[0][0], digest) for digest in digests]
            if not any(same):
                return CodeCheck("not_found")
            return CodeCheck("verified", self._proved(conference, attendee, account, shown.names))

    # -- proofs that the log does not have yet -------------------------------------------------------------------

    def _proved(self, conference: str, attendee: str, account: str, names: Iterable[str]) -> Proof:
        accounts = tuple(dict.fromkeys((account, *names)))
        proof = Proof(f"h-{secrets.token_hex(12)}", conference, attendee, account, accounts, self._clock())
        # A pending older proof of the same account by somebody else is no longer the newest.
        self._base.run(
            "UPDATE codes SET proof = '{}' WHERE conference = ? AND EXISTS (SELECT 1 FROM"
            " json_each(proof, '$.accounts') WHERE value IN (SELECT value FROM json_each(?)))",
            (conference, msgspec.json.encode(accounts).decode()),
        )
        encoded = msgspec.json.encode(proof).decode()
        self._base.run(f"UPDATE codes SET proof = ? {_OPEN}", (encoded, conference, attendee, account))  # noqa: S608
        self._end(conference, attendee, account)
        return proof

    def pending(self, conference: str | None = None, attendee: str | None = None) -> list[Proof]:
        """The proofs that the log does not have yet, oldest first; of one attendee, or of everybody."""
        whose = "(?1 IS NULL OR conference = ?1 AND attendee = ?2)"
        sql = f"SELECT proof FROM codes WHERE proof <> '{{}}' AND {whose} ORDER BY rowid"  # noqa: S608 - constant
        return [msgspec.json.decode(row[0], type=Proof) for row in self._base.read(sql, (conference, attendee))]

    def withdraw(self, conference: str, attendee: str, account: str) -> None:
        """Deletes the attendee's pending proof of an account that they give up."""
        whose = "conference = ? AND attendee = ? AND account = ?"
        values = (conference, attendee, account_form(account))
        self._base.run(f"UPDATE codes SET proof = '{{}}' WHERE {whose}", values)  # noqa: S608 - constant

    def finish(self, proof: Proof) -> None:
        """Deletes a proof that the log has, or will never have."""
        values = (proof.conference, proof.attendee, proof.id)
        whose = "conference = ? AND attendee = ? AND json_extract(proof, '$.id') = ?"
        self._base.run(f"UPDATE codes SET proof = '{{}}' WHERE {whose}", values)  # noqa: S608 - constant

    def remove(self, conference: str, attendee: str) -> None:
        """Deletes everything of an attendee, in the caller's transaction."""
        self._base.run("DELETE FROM codes WHERE conference = ? AND attendee = ?", (conference, attendee))

    def _end(self, conference: str, attendee: str, account: str) -> None:
        # The row stays for an hour, because it counts towards the number of codes.
        self._base.run(f"UPDATE codes SET open = 0 {_OPEN}", (conference, attendee, account))  # noqa: S608 - constant

    def _digest(self, conference: str, attendee: str, account: str, code: str) -> bytes:
        return self._secret.digest("code", f"{conference}/{attendee}/{account}/{code}")


_OPEN = "WHERE conference = ? AND attendee = ? AND account = ? AND open = 1"
