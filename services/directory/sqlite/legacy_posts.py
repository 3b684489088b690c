"""Posts from before tokens were digests: their tokens were random, so only a row maps a post to its token.

Responsibility: the table earlier_posts, which only shrinks; in a new folder it is empty.
Why: a log keeps such tokens, so the same post again, and its deletion, must find them as long as the post counts. A row
is found by a digest of the id under its author's key. After 400 days the last one has expired.
"""

from collections.abc import Collection, Sequence
from hashlib import blake2b

import msgspec

from services.directory.sqlite.database import Database, Row


class LegacyPosts:
    """Found under keys, as they were written."""

    def __init__(self, base: Database) -> None:
        self._base = base
        self.is_empty = self._look()

    def _look(self) -> bool:
        return not self._base.read("SELECT 1 FROM earlier_posts LIMIT 1")

    def tokens(self, posts: Sequence[tuple[bytes, str]]) -> list[str | None]:
        """Of each post (its author's key, its id) the token that it had; None where it had none."""
        digests = [digest_of(seal, text) for seal, text in posts]
        sql = "SELECT digest, token FROM earlier_posts WHERE digest IN (SELECT value FROM json_each(?))"
        found: dict[int, str] = dict(self._base.read(sql, (_json(digests),)))
        return [found.get(digest) for digest in digests]

    def rows(self, tokens: Collection[str]) -> list[Row]:
        """(token, account, sealed id) of those that are here."""
        if self.is_empty:
            return []
        sql = "SELECT token, account, sealed FROM earlier_posts WHERE token IN (SELECT value FROM json_each(?))"
        return self._base.read(sql, (_json(tokens),))

    def remove(self, numbers: Collection[int]) -> int:
        """Takes the posts of these accounts out; returns how many."""
        return self._base.run(
            "DELETE FROM earlier_posts WHERE account IN (SELECT value FROM json_each(?))", (_json(numbers),)
        )

    def expire(self, today: int) -> int:
        """Takes out what no longer counts; returns how many."""
        taken = self._base.run("DELETE FROM earlier_posts WHERE until < ?", (today,))
        self.is_empty = self._look()
        return taken


def digest_of(seal: bytes, text: str) -> int:
    """64 bits: two of 10 million posts meet with a chance of 3 in a million, and count as one."""
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, key=seal, digest_size=8).digest(), "big", signed=True)


def _json(values: Collection[str] | Collection[int]) -> str:
    return msgspec.json.encode(list(values)).decode()
