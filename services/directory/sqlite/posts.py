"""Post ids, and the tokens that stand for them in every log.

Responsibility: the table posts, the index from tokens back to post ids.
Invariants: no post id can be read from it without the key in the other file, and finding a token does not need it.
Why: each account has a random key in the other file. A post's token is a digest of its id under its author's key: the
same post has the same token without reading any file, and nobody can occupy the id of somebody else's post, or delete
it. For the way back, a row has the id, encrypted with that key and the token as nonce. Rows are only appended, at the
end of their day of expiry, so a batch is written to a page or two; an index would touch a page for each row (thirty
times the work). Rare operations scan all rows instead: a data export, an erasure. Erasing the account, and with it the
key, makes its tokens unfindable and its rows unreadable at once, also in stale pages and in copies of this file.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b

import msgspec

from services.directory.port import EVIDENCE_DAYS, Account, NamedPost, PostRef, day
from services.directory.sealing import TOKEN_BYTES, seal, unseal
from services.directory.sqlite.accounts import SPARE_DAYS, SqliteAccounts
from services.directory.sqlite.database import Database
from services.directory.sqlite.legacy_posts import LegacyPosts

MOST_REMEMBERED = 100_000  # posts that have a row, in memory, about 10 MB: a backfill and a stream bring the same ones
RECORDED_DAYS = 7  # so long an id can be read after it was recorded, however old the post
_DAY_BITS = 40  # of a row's number, below its day of expiry
_ASKED_AT_ONCE = 20_000  # tokens; SQLite takes 32,766 values in a statement


class SqlitePosts:
    """Maps post ids to tokens and back."""

    def __init__(
        self,
        base: Database,
        accounts: SqliteAccounts,
        clock: Callable[[], int],
        evidence_days: int = EVIDENCE_DAYS,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        self._base, self._accounts, self._clock = base, accounts, clock
        self._days, self._half = evidence_days, max(1, most_remembered // 2)
        self._legacy = LegacyPosts(base)
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._ends: dict[int, int] = {}  # the next number of each day of expiry

    @property
    def needs_no_file(self) -> bool:
        """Whether tokens can be computed without a file; otherwise legacy posts are looked up."""
        return self._legacy.is_empty

    def tokenize(self, posts: Sequence[PostRef], owners: Mapping[str, Account]) -> list[NamedPost]:
        """Each post with its token. A deletion has the same author as its post."""
        found = [_tokenize(post, owners[post.actor]) for post in posts]
        if self._legacy.is_empty:
            return found
        before = self._legacy.tokens([(owners[post.actor].seal, post.id) for post in posts])
        return [
            named if token is None else msgspec.structs.replace(named, token=token)
            for named, token in zip(found, before, strict=True)
        ]

    def index(self, posts: Sequence[NamedPost]) -> None:
        """Adds these posts to the index from tokens to post ids; durable on return."""
        with self._base.lock:
            new = {post.token: post for post in posts if post.token not in self._young and post.token not in self._old}
            if not new:
                return
            with self._base.write():
                today = day(self._clock())
                rows = [self._row(post, today) for post in new.values()]
                self._base.insert("posts (number, token, account, sealed)", "", rows)
            if len(self._young) >= self._half:
                self._old, self._young = self._young, set()
            self._young.update(new)

    def _row(self, post: NamedPost, today: int) -> tuple[int, bytes, int, bytes]:
        until = max(day(post.at) + self._days, today + RECORDED_DAYS) + 1
        number = self._ends.get(until) or self._end_of(until)
        self._ends[until] = number + 1
        return number, bytes.fromhex(post.token[2:]), post.owner.number, seal(post.owner.seal, post.token, post.id)

    def _end_of(self, until: int) -> int:
        first, after = until << _DAY_BITS, (until + 1) << _DAY_BITS
        last = self._base.read("SELECT max(number) FROM posts WHERE number >= ? AND number < ?", (first, after))[0][0]
        return first if last is None else int(last) + 1

    def originals(self, tokens: Collection[str]) -> dict[str, str]:
        """The post ids behind tokens, without erased and expired ones."""
        rows = self._legacy.rows(tokens)
        asked = [data for token in tokens if (data := _bytes_of(token)) is not None]
        for start in range(0, len(asked), _ASKED_AT_ONCE):
            some = asked[start : start + _ASKED_AT_ONCE]
            sql = f"SELECT token, account, sealed FROM posts WHERE token IN ({', '.join('?' * len(some))})"  # noqa: S608
            rows += [(f"p:{token.hex()}", owner, data) for token, owner, data in self._base.read(sql, some)]
        seals = self._accounts.seals({row[1] for row in rows})
        return {token: unseal(seals[owner], token, data) for token, owner, data in rows if owner in seals}

    def remove(self, numbers: Collection[int]) -> int:
        """Deletes the posts of these accounts; returns how many."""
        if not numbers:
            return 0
        sql = "DELETE FROM posts WHERE account IN (SELECT value FROM json_each(?))"
        with self._base.write():
            taken = self._base.run(sql, (msgspec.json.encode(list(numbers)).decode(),)) + self._legacy.remove(numbers)
        self.forget()
        return taken

    def forget(self) -> None:
        """Empties the cache."""
        with self._base.lock:
            self._young, self._old, self._ends = set(), set(), {}

    def expire(self) -> int:
        """Deletes posts that no longer count, ``SPARE_DAYS`` before their account may be deleted; returns how many."""
        today = day(self._clock())
        with self._base.write():
            taken = self._base.run("DELETE FROM posts WHERE number < ?", (today << _DAY_BITS,))
            taken += self._legacy.expire(today)
        self.forget()
        return taken


def _tokenize(post: PostRef, owner: Account) -> NamedPost:
    data = post.id.encode("utf-8", "surrogatepass")
    token = blake2b(data, key=owner.seal, digest_size=TOKEN_BYTES, person=b"token").hexdigest()
    return NamedPost(f"p:{token}", post.id, post.at, owner)


def _bytes_of(token: str) -> bytes | None:
    try:
        data = bytes.fromhex(token[2:])
    except ValueError:
        return None
    return data if len(data) == TOKEN_BYTES and token.startswith("p:") else None


assert SPARE_DAYS > RECORDED_DAYS
