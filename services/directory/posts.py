"""Post ids and the tokens that stand for them in every log.

Owns: the table posts. May never: have an id in it that can be read without the key in the other file.
Theory: each account has a random key in the other file. A post's row is found by a digest of the id under its author's
key (64 bits: two of 10 million posts meet with a chance of 3 in a million, and count as one), and has the id sealed
with it. So nobody can take the id of somebody else's post, or delete it; and erasing the account, and with it the key,
makes its rows unreadable and unfindable at once, also in stale pages and in copies of this file.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b

import msgspec

from services.directory.accounts import SPARE_DAYS, Account, Accounts
from services.directory.database import Database
from services.directory.port import EVIDENCE_DAYS, PostRef, day
from services.directory.sealing import new_tokens, opened, sealed

MOST_CACHED = 100_000  # posts in memory, about 20 MB: a backfill and a stream that bring the same ones
RECORDED_DAYS = 7  # so long an id is recognised after it was recorded, however old the post
_Row = tuple[int, str, int, int, bytes]
_INSERT = ("posts (digest, token, account, until, sealed)", "ON CONFLICT (digest) DO NOTHING RETURNING digest, token")


class Posts:
    """Post ids <-> tokens."""

    def __init__(
        self,
        base: Database,
        accounts: Accounts,
        clock: Callable[[], int],
        evidence_days: int = EVIDENCE_DAYS,
        most_cached: int = MOST_CACHED,
    ) -> None:
        self._base, self._accounts, self._clock = base, accounts, clock
        self._days, self._most = evidence_days, most_cached
        self._cache: OrderedDict[int, str] = OrderedDict()

    @property
    def cached(self) -> int:
        """How many are in memory."""
        return len(self._cache)

    def post_tokens(self, posts: Sequence[PostRef]) -> list[str]:
        """The token of each post; made where there is none. A deletion names its post with the same author."""
        with self._base.lock:
            owners = self._accounts.rows_for([post.actor for post in posts])
            digests = [_digest(owners[post.actor].seal, post.id) for post in posts]
            found: dict[int, str] = {}
            missing: dict[int, PostRef] = {}
            for digest, post in zip(digests, posts, strict=True):
                token = self._cache.get(digest)
                if token is None:
                    missing[digest] = post
                else:
                    self._cache.move_to_end(digest)
                    found[digest] = token
            if missing:
                found |= self._fetched(missing, owners)
            return [found[digest] for digest in digests]

    def _fetched(self, posts: dict[int, PostRef], owners: dict[str, Account]) -> dict[int, str]:
        with self._base.write():
            rows = [
                self._row(digest, post, token, owners[post.actor])
                for (digest, post), token in zip(posts.items(), new_tokens(len(posts)), strict=True)
            ]
            found: dict[int, str] = dict(self._base.insert(*_INSERT, rows))
            known = [digest for digest in posts if digest not in found]  # no longer in memory, but kept
            if known:
                sql = "SELECT digest, token FROM posts WHERE digest IN (SELECT value FROM json_each(?))"
                found |= dict(self._base.read(sql, (_json(known),)))
        self._cache |= found
        while len(self._cache) > self._most:
            self._cache.popitem(last=False)
        return found

    def _row(self, digest: int, post: PostRef, token: str, owner: Account) -> _Row:
        until = max(day(post.at) + self._days, day(self._clock()) + RECORDED_DAYS) + 1
        return digest, token, owner.number, until, sealed(owner.seal, token, post.id)

    def originals(self, tokens: Collection[str]) -> dict[str, str]:
        """The post ids behind tokens; those erased or expired are not in it."""
        sql = "SELECT token, account, sealed FROM posts WHERE token IN (SELECT value FROM json_each(?))"
        rows = self._base.read(sql, (_json(tokens),))
        seals = self._accounts.seals({row[1] for row in rows})
        return {token: opened(seals[owner], token, data) for token, owner, data in rows if owner in seals}

    def remove(self, numbers: Collection[int]) -> int:
        """Takes the posts of these accounts out; returns how many."""
        sql = "DELETE FROM posts WHERE account IN (SELECT value FROM json_each(?))"
        with self._base.write():
            taken = self._base.run(sql, (_json(numbers),))
        self.forget()
        return taken

    def forget(self) -> None:
        """Empties the memory."""
        with self._base.lock:
            self._cache.clear()

    def expire(self) -> int:
        """Takes out what no longer counts, ``SPARE_DAYS`` before its account may go; returns how many."""
        with self._base.write():
            taken = self._base.run("DELETE FROM posts WHERE until < ?", (day(self._clock()),))
        self.forget()
        return taken


def _digest(seal: bytes, text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, key=seal, digest_size=8).digest(), "big", signed=True)


def _json(values: Collection[str] | Collection[int]) -> str:
    return msgspec.json.encode(list(values)).decode()


assert SPARE_DAYS > RECORDED_DAYS
