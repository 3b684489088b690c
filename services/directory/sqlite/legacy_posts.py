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
    """Posts by a digest under their author's key."""

    def __init__(self, base: Database) -> None:
        self._base = base
        self.is_empty = self._look()

    def _look(self) -> bool:
        return not self._base.read("SELECT 1 FROM earlier_posts LIMIT 1")

    def tokens(self, posts: Sequence[tuple[bytes, str]]) -> list[str | None]:
        """For each post (author's key, id) its random token; None where it has none."""
        digests = [digest_of(seal, text) for seal, text in posts]
        sql = "SELECT digest, token FROM earlier_posts WHERE digest IN (SELECT value FROM json_each(?))"
        found: dict[int, str] = dict(self._base.read(sql, (_json(digests),)))
        return [found.get(digest) for digest in digests]

    def rows(self, tokens: Collection[str]) -> list[Row]:
        """(token, account, sealed id) of the tokens that are in this table."""
        if self.is_empty:
            return []
        sql = "SELECT token, account, sealed FROM earlier_posts WHERE token IN (SELECT value FROM json_each(?))"
        return self._base.read(sql, (_json(tokens),))

    def remove(self, numbers: Collection[int]) -> int:
        """Deletes the posts of these accounts; returns how many."""
        return self._base.run(
            "DELETE FROM earlier_posts WHERE account IN (SELECT value FROM json_each(?))", (_json(numbers),)
        )

    def expire(self, today: int) -> int:
        """Deletes posts that no longer count; returns how many."""
        taken = self._base.run("DELETE FROM earlier_posts WHERE until < ?", (today,))
        self.is_empty = self._look()
        return taken


def digest_of(seal: bytes, text: str) -> int:
    """A digest of 64 bits: among 10 million posts two collide, and count as one, with a chance of 3 in a million."""
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, key=seal, digest_size=8).digest(), "big", signed=True)


def _json(values: Collection[str] | Collection[int]) -> str:
    return msgspec.json.encode(list(values)).decode()
