"""Accounts, the tokens that stand for them in every log, and which attendee holds which account.

Responsibility: the tables accounts and holdings, and a memory cache of recently used accounts.
Invariants: a text that looks like a token is not passed through (``p:…`` from outside is an account like any other). An
erased account does not stay in the cache.
Why: one query and one write for each batch. ``seen`` is a day, so an account in daily use is written once a day, and a
batch of such accounts needs neither the file nor its lock (``cached_rows``): the event loop pseudonymizes it itself.
The cache has two generations; the older is dropped when the younger is full.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

import msgspec

from services.directory.port import EVIDENCE_DAYS, Account, Claims, Held, Holding, day
from services.directory.sealing import new_keys, new_tokens
from services.directory.sqlite.database import Database
from services.directory.sqlite.erased_ids import ErasedIds

MOST_CACHED = 200_000  # accounts in memory, about 60 MB; 10,000 people and all whom they mention
SPARE_DAYS = 10  # an account outlives its posts: their seal is here


_FIELDS = "account, number, token, seal, seen"
_INSERT = (
    "accounts (account, token, seal, seen)",
    f"ON CONFLICT (account) DO UPDATE SET seen = excluded.seen WHERE seen < excluded.seen RETURNING {_FIELDS}",
)


class _Cache(NamedTuple):
    """Changed under the lock of the file, read without it: so an erasure replaces it as one."""

    young: dict[str, Account]
    old: dict[str, Account]


class SqliteAccounts:
    """Maps accounts to tokens and back."""

    def __init__(
        self, base: Database, erased_ids: ErasedIds, clock: Callable[[], int], most_cached: int = MOST_CACHED
    ) -> None:
        self._base, self._erased_ids, self._clock = base, erased_ids, clock
        self._half = max(1, most_cached // 2)
        self._cache = _Cache({}, {})

    def cached_rows(self, accounts: Iterable[str]) -> dict[str, Account] | None:
        """The row of each account from memory, without blocking; None where one is missing."""
        (young, old), today = self._cache, day(self._clock())
        found: dict[str, Account] = {}
        for account in accounts:
            row = young.get(account) or old.get(account)
            if row is None or row.seen < today:
                return None
            found[account] = row
        return found

    def count_unknown(self, accounts: Collection[str]) -> int:
        """How many of these accounts have no token yet."""
        sql = "SELECT count(*) FROM accounts WHERE account IN (SELECT value FROM json_each(?))"
        names = set(accounts)
        return len(names) - int(self._base.read(sql, (_json(names),))[0][0])

    def held_accounts(self, conference: str, attendee: str) -> dict[str, str]:
        """All accounts that an attendee verified, claims or gave up, by token."""
        return self.accounts_of(self.held_by(conference, attendee))

    def rows_for(self, accounts: Iterable[str]) -> dict[str, Account]:
        """The row of each account; created where it is missing."""
        names = dict.fromkeys(accounts)
        found = self.cached_rows(names)
        if found is not None:
            return found
        with self._base.lock:
            (young, old), today = self._cache, day(self._clock())
            rows = {account: young.get(account) or old.get(account) for account in names}
            found = {account: row for account, row in rows.items() if row is not None and row.seen >= today}
            fetched = self._fetched([account for account in names if account not in found], today)
            for account, row in fetched.items():
                if len(self._cache.young) >= self._half:
                    self._cache = _Cache({}, self._cache.young)
                self._cache.young[account] = row
            return found | fetched

    def _fetched(self, accounts: list[str], today: int) -> dict[str, Account]:
        with self._base.write():
            made = zip(accounts, new_tokens(len(accounts)), new_keys(len(accounts)), strict=True)
            found = {row[0]: Account(*row[1:]) for row in self._base.insert(*_INSERT, [(*row, today) for row in made])}
            known = [account for account in accounts if account not in found]  # seen today, but no longer in memory
            if known:
                sql = f"SELECT {_FIELDS} FROM accounts WHERE account IN (SELECT value FROM json_each(?))"  # noqa: S608
                found |= {row[0]: Account(*row[1:]) for row in self._base.read(sql, (_json(known),))}
            return found

    def accounts_of(self, tokens: Collection[str]) -> dict[str, str]:
        """The accounts behind tokens, without erased ones; for their owners' own pages only."""
        sql = "SELECT token, account FROM accounts WHERE token IN (SELECT value FROM json_each(?))"
        return dict(self._base.read(sql, (_json(tokens),)))

    def seals(self, numbers: Collection[int]) -> dict[int, bytes]:
        """The keys that encrypt the posts of these accounts."""
        sql = "SELECT number, seal FROM accounts WHERE number IN (SELECT value FROM json_each(?))"
        return dict(self._base.read(sql, (_json(numbers),)))

    # -- holdings ------------------------------------------------------------------------------------------------

    def hold(self, held: Sequence[Held]) -> None:
        """Records who holds or held these accounts; nothing for erased attendees."""
        with self._base.write():
            rows = [
                (item.conference, item.attendee, item.token, item.how, item.how == "verified")
                for item in held
                if not self._erased_ids.has(item.conference, item.attendee)
            ]
            # The newest proof wins: whoever verified the account before has lost it.
            lost = [row[:3] for row in rows if row[3] == "verified"]
            self._base.run_all(
                "UPDATE holdings SET how = 'lost' WHERE conference = ?1 AND attendee <> ?2 AND token = ?3"
                " AND how = 'verified'",
                lost,
            )
            # A registration never changes a verified holding.
            self._base.run_all(
                "INSERT INTO holdings VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " how = CASE WHEN excluded.how = 'claimed' AND how = 'verified' THEN how ELSE excluded.how END,"
                " ever_verified = max(ever_verified, excluded.ever_verified)",
                rows,
            )

    def replace_claims(self, claims: Sequence[Claims]) -> None:
        """Replaces the claims of registered attendees; earlier claims are given up, but an erasure still finds them."""
        sql = (
            "UPDATE holdings SET how = 'released' WHERE conference = ? AND attendee = ? AND how = 'claimed'"
            " AND token NOT IN (SELECT value FROM json_each(?))"
        )
        with self._base.write():
            self._base.run_all(sql, [(each.conference, each.attendee, _json(each.tokens)) for each in claims])

    def held_by(self, conference: str, attendee: str) -> dict[str, Holding]:
        """An attendee's tokens, each claimed, verified, lost (somebody else verified it later) or released."""
        sql = "SELECT token, how FROM holdings WHERE conference = ? AND attendee = ? ORDER BY token"
        return dict(self._base.read(sql, (conference, attendee)))

    def needed_by_others(self, conference: str, attendee: str) -> list[str]:
        """The attendee's tokens that an erasure must leave: of accounts that somebody else has verified, or that this
        attendee never verified and somebody else claims. A mere claim never prevents erasing a verified owner.
        """
        sql = (
            "SELECT DISTINCT mine.token FROM holdings AS mine JOIN holdings AS other ON other.token = mine.token"
            " AND (other.conference, other.attendee) <> (mine.conference, mine.attendee)"
            " WHERE mine.conference = ? AND mine.attendee = ?"
            " AND (other.how = 'verified' OR (other.how = 'claimed' AND NOT mine.ever_verified)) ORDER BY mine.token"
        )
        return [row[0] for row in self._base.read(sql, (conference, attendee))]

    def ever_had(self, conference: str, attendee: str) -> dict[str, bool]:
        """An attendee's accounts, proved ones first, each with whether it was proved; without claims given up."""
        sql = (
            "SELECT account, ever_verified FROM holdings JOIN accounts USING (token) WHERE conference = ?"
            " AND attendee = ? AND (ever_verified OR how <> 'released') ORDER BY ever_verified DESC, account"
        )
        return {account: bool(proved) for account, proved in self._base.read(sql, (conference, attendee))}

    def proved_before(self, conference: str, attendee: str, accounts: Collection[str]) -> list[str]:
        """The other attendees of a conference who have ever proved one of these accounts; sorted."""
        sql = (
            "SELECT DISTINCT attendee FROM holdings JOIN accounts USING (token) WHERE conference = ? AND attendee <> ?"
            " AND ever_verified AND account IN (SELECT value FROM json_each(?)) ORDER BY attendee"
        )
        return [row[0] for row in self._base.read(sql, (conference, attendee, _json(accounts)))]

    # -- erasure and expiry --------------------------------------------------------------------------------------

    def remove(self, tokens: Collection[str]) -> list[int]:
        """Deletes accounts in the caller's transaction and returns their numbers. Call ``forget`` afterwards."""
        asked = (_json(tokens),)
        sql = "SELECT number FROM accounts WHERE token IN (SELECT value FROM json_each(?))"
        numbers = [row[0] for row in self._base.read(sql, asked)]
        self._base.run("DELETE FROM accounts WHERE token IN (SELECT value FROM json_each(?))", asked)
        self._base.run("DELETE FROM holdings WHERE token IN (SELECT value FROM json_each(?))", asked)
        return numbers

    def forget(self) -> None:
        """Empties the cache."""
        with self._base.lock:
            self._cache = _Cache({}, {})

    def expire(self, evidence_days: int = EVIDENCE_DAYS) -> int:
        """Deletes accounts that nobody holds and that are too old for any evidence; returns how many."""
        oldest = day(self._clock()) - evidence_days - SPARE_DAYS
        with self._base.write():
            taken = self._base.run(
                "DELETE FROM accounts WHERE seen < ? AND token NOT IN (SELECT token FROM holdings)", (oldest,)
            )
        self.forget()
        return taken


def _json(values: Collection[str] | Collection[int]) -> str:
    return msgspec.json.encode(list(values)).decode()
