"""One-time codes with which an attendee proves to own an account: the code stands in a post or profile of the account.

Owns: the table codes; how many may be asked for, and how often may be looked. May never: keep a code in clear, or let
it prove another account or another attendee than it was made for; call an account proved before the log has it.
Theory: a code is public once it is posted, so it proves nothing by being known: only by standing where only the owner
writes, and only for the attendee and account in its row. A code of 40 bits, 5 an hour, is not in a post by chance.
What a code proved is noted in its row in the transaction that uses it up, and stays there until the log has it: so a
crash, or a log that is away, loses no proof, and the same proof again is the same event.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from schemas.names import account as account_form
from schemas.times import HOUR_MS
from services.directory.database import Database
from services.directory.erased_ids import Gone
from services.directory.port import ErasedError, Proof
from services.directory.server_secret import Secret

CODE_HOURS = 1
MOST_CODES_AN_HOUR = 5  # of one attendee
MOST_LOOKS = 10  # for one code: each is a request to somebody else's server
MOST_TEXTS = 50
TEXT_CHARS = 10_000
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs, none of which looks like another
_CODE = re.compile(rf"hallway-([{_ALPHABET}]{{8}})(?![a-z0-9])", re.IGNORECASE | re.ASCII)

Looked = Literal["verified", "not_found", "expired", "too_many"]


class Seen(Struct, frozen=True):
    """What an account shows to everybody: the profile's text, the newest posts of its own; nothing: no such account.

    ``names``: further names of the same account, such as one that stays when the handle is changed.
    """

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Look(Struct, frozen=True):
    """What was found; ``proof``: what the log is to have then."""

    state: Looked
    proof: Proof | None = None


class PostReader(Protocol):
    """Reads what an account shows to everybody; accounts are in their normal form."""

    def refusal(self, account: str) -> str | None:
        """Why this account can never be read, and what to do instead, in sentences for a person; None: it can."""
        ...

    async def read(self, account: str) -> Seen:
        """What it shows now. OSError: that cannot be told now."""
        ...


class StaticReader:
    """A reader of what it was given; for tests and the demo."""

    def __init__(self, texts: dict[str, list[str]] | None = None) -> None:
        self.shown = texts if texts is not None else {}
        self.asked: list[str] = []

    def refusal(self, account: str) -> str | None:
        """Every account can be read."""
        return None

    async def read(self, account: str) -> Seen:
        """What it was given."""
        self.asked.append(account)
        return Seen(tuple(self.shown.get(account, ())))


class Codes:
    """Makes codes and looks for them."""

    def __init__(self, base: Database, secret: Secret, gone: Gone, clock: Callable[[], int]) -> None:
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
            code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
            values = (conference, attendee, account, self._digest(conference, attendee, account, code), now)
            self._base.run(
                "INSERT INTO codes (conference, attendee, account, digest, made, expires, looks, open)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, 1)",
                (*values, now + CODE_HOURS * HOUR_MS),
            )
            return f"hallway-{code}"

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
        found = {code.lower() for text in shown.texts[:MOST_TEXTS] for code in _CODE.findall(text[:TEXT_CHARS])}
        digests = [self._digest(conference, attendee, account, code) for code in sorted(found)]
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
