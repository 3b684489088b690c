"""Tokens: the same for the same, random, bounded in memory, and back again."""

import re

from schemas import names
from schemas.times import DAY_MS
from services.directory.port import Held, PostRef
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite.accounts import SqliteAccounts
from services.directory.sqlite.posts import SqlitePosts
from tests.directory.conftest import Clock, kept_posts

TOKEN = re.compile(r"p:[0-9a-f]{24}")


class TestTokens:
    def test_an_account_keeps_its_token_and_two_accounts_have_two(self, directory: SqliteDirectory) -> None:
        first = directory.tokens_for(["x:ada", "x:bob", "x:ada"])
        directory.accounts.forget()
        assert directory.tokens_for(["x:bob", "x:ada"]) == first
        assert len(set(first.values())) == 2
        assert directory.accounts.accounts_of(list(first.values())) == {token: name for name, token in first.items()}

    def test_tokens_survive_the_codecs_normal_form(self, directory: SqliteDirectory) -> None:
        for token in directory.tokens_for(f"x:{n}" for n in range(100)).values():
            assert TOKEN.fullmatch(token)
            assert names.account(token) == token

    def test_a_text_that_looks_like_a_token_is_an_account_like_any_other(self, directory: SqliteDirectory) -> None:
        token = directory.tokens_for(["x:ada"])["x:ada"]
        assert directory.tokens_for([token])[token] != token

    def test_no_account_is_no_question(self, directory: SqliteDirectory) -> None:
        assert directory.tokens_for([]) == {}
        assert kept_posts(directory, []) == []
        assert directory.originals([]) == {}

    def test_memory_is_bounded_and_changes_nothing(self, directory: SqliteDirectory, clock: Clock) -> None:
        small = SqliteAccounts(directory._base, directory._gone, clock, most_cached=10)
        posts = SqlitePosts(directory._posts_base, small, clock, most_remembered=10)
        accounts = [f"x:{n}" for n in range(50)]
        refs = [PostRef(f"x:{n}", f"x:{n}", clock.now) for n in range(50)]
        tokens, of_posts = small.tokens_for(accounts), posts.named(refs, small.rows_for(accounts))
        for start in range(0, 50, 5):
            posts.keep(of_posts[start : start + 5])
        assert (small.cached, posts.remembered) == (10, 10)
        assert small.tokens_for(accounts) == tokens
        assert posts.named(refs, small.rows_for(accounts)) == of_posts

    def test_a_post_has_the_same_token_for_400_days(self, directory: SqliteDirectory, clock: Clock) -> None:
        ref = PostRef("x:1", "x:ada", clock.now)
        token = kept_posts(directory, [ref])
        for days in (1, 200, 199):
            clock.now += days * DAY_MS
            directory.tidy()
            assert kept_posts(directory, [ref]) == token
            assert directory.originals(token) == {token[0]: "x:1"}
        clock.now += 9 * DAY_MS  # it came once more on the last day, and is read for 7 days from then
        directory.tidy()
        assert directory.originals(token) == {}

    def test_an_old_post_is_recognised_for_7_days(self, directory: SqliteDirectory, clock: Clock) -> None:
        ref = PostRef("x:1", "x:ada", clock.now - 4_000 * DAY_MS)
        token = kept_posts(directory, [ref])
        clock.now += 7 * DAY_MS
        directory.tidy()
        assert kept_posts(directory, [ref]) == token
        assert directory.originals(token) == {token[0]: "x:1"}
        clock.now += 9 * DAY_MS  # it came once more
        directory.tidy()
        assert directory.originals(token) == {}

    def test_a_deletion_before_its_post_names_the_same(self, directory: SqliteDirectory, clock: Clock) -> None:
        deletion = kept_posts(directory, [PostRef("x:1", "x:ada", clock.now)])
        assert kept_posts(directory, [PostRef("x:1", "x:ada", clock.now - 5)]) == deletion

    def test_nobody_can_take_or_name_the_id_of_somebody_elses_post(
        self, directory: SqliteDirectory, clock: Clock
    ) -> None:
        mine, theirs = kept_posts(
            directory, [PostRef("x:1", "x:mallory", clock.now), PostRef("x:1", "x:ada", clock.now)]
        )
        assert mine != theirs

    def test_accounts_of_nobody_go_after_their_posts(self, directory: SqliteDirectory, clock: Clock) -> None:
        tokens = directory.tokens_for(["x:ada", "x:bob"])
        directory.hold([Held("hims", "a1", tokens["x:ada"], "verified")])
        clock.now += 412 * DAY_MS
        directory.tidy()
        assert directory.accounts.accounts_of(list(tokens.values())) == {tokens["x:ada"]: "x:ada"}

    def test_a_post_can_be_read_as_long_as_it_is_kept(self, directory: SqliteDirectory, clock: Clock) -> None:
        """The seal is in the account's row: it must not go first, also for posts 10 minutes ahead."""
        token = kept_posts(directory, [PostRef("x:1", "x:ada", clock.now + 600_000)])
        for days in [50] * 7 + [1] * 60:
            clock.now += days * DAY_MS
            directory.tidy()
            kept = directory._posts_base.read("SELECT count(*) FROM posts")[0][0]
            assert len(directory.originals(token)) == kept
        assert kept == 0

    def test_any_text_is_a_post_id(self, directory: SqliteDirectory, clock: Clock) -> None:
        ids = ["x", "at://did:plc:ü/😀", "x" * 512, "\ud800", "a\nb", "'; DROP TABLE posts"]
        tokens = kept_posts(directory, [PostRef(text, "x:ada", clock.now) for text in ids])
        assert directory.originals(tokens) == dict(zip(tokens, ids, strict=True))

    def test_the_same_trace_for_the_same_text(self, directory: SqliteDirectory) -> None:
        assert directory.trace("a") == directory.trace("a") != directory.trace("b")


class TestHoldings:
    def test_a_registration_never_touches_what_is_verified(self, directory: SqliteDirectory) -> None:
        for how in ("claimed", "verified", "claimed"):
            directory.hold([Held("hims", "a1", "p:1", how)])  # type: ignore[arg-type]
        assert directory.accounts.held_by("hims", "a1") == {"p:1": "verified"}
        directory.hold([Held("hims", "a1", "p:1", "released")])
        assert directory.accounts.held_by("hims", "a1") == {"p:1": "released"}
