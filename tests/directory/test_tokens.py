"""Tokens: the same for the same, random, bounded in memory, and back again."""

import re

from schemas.times import DAY_MS
from services.directory.port import PostRef
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite.accounts import SqliteAccounts
from services.directory.sqlite.posts import SqlitePosts
from tests.contract.directory.steps import kept_posts, tokens_for
from tests.directory.conftest import Clock

TOKEN = re.compile(r"p:[0-9a-f]{24}")


def test_memory_is_bounded_and_changes_nothing(directory: SqliteDirectory, clock: Clock) -> None:
    small = SqliteAccounts(directory._base, directory._erased_ids, clock, most_cached=10)
    posts = SqlitePosts(directory._posts_base, small, clock, most_remembered=10)
    accounts = [f"x:{n}" for n in range(50)]
    refs = [PostRef(f"x:{n}", f"x:{n}", clock.now) for n in range(50)]
    tokens, of_posts = tokens_for(small, accounts), posts.tokenize(refs, small.rows_for(accounts))
    for start in range(0, 50, 5):
        posts.index(of_posts[start : start + 5])
    assert (sum(map(len, small._cache)), len(posts._young | posts._old)) == (10, 10)
    assert tokens_for(small, accounts) == tokens
    assert posts.tokenize(refs, small.rows_for(accounts)) == of_posts


def test_tokens_are_found_again_in_the_file(directory: SqliteDirectory) -> None:
    first = tokens_for(directory, ["x:ada", "x:bob", "x:ada"])
    directory.accounts.forget()
    assert tokens_for(directory, ["x:bob", "x:ada"]) == first


def test_a_post_can_be_read_as_long_as_it_is_kept(directory: SqliteDirectory, clock: Clock) -> None:
    """The seal is in the account's row: it must not go first, also for posts 10 minutes ahead."""
    token = kept_posts(directory, [PostRef("x:1", "x:ada", clock.now + 600_000)])
    for days in [50] * 7 + [1] * 60:
        clock.now += days * DAY_MS
        directory.purge_expired()
        kept = directory._posts_base.read("SELECT count(*) FROM posts")[0][0]
        assert len(directory.originals(token)) == kept
    assert kept == 0
