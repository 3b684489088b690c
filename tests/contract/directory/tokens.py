"""Tokens: the same for the same, random, and back again."""

import re

from schemas import names
from schemas.times import DAY_MS
from services.directory.port import Directory, Held, PostRef
from tests.contract.directory.steps import kept_posts, tokens_for
from tests.directory.conftest import Clock

TOKEN = re.compile(r"p:[0-9a-f]{24}")


class Tokens:
    """Accounts and posts, and what stands for them."""

    def test_an_account_keeps_its_token_and_two_accounts_have_two(self, directory: Directory) -> None:
        first = tokens_for(directory, ["x:ada", "x:bob", "x:ada"])
        assert tokens_for(directory, ["x:bob", "x:ada"]) == first
        assert len(set(first.values())) == 2
        assert directory.accounts.accounts_of(list(first.values())) == {token: name for name, token in first.items()}

    def test_tokens_survive_the_codecs_normal_form(self, directory: Directory) -> None:
        for token in tokens_for(directory, (f"x:{n}" for n in range(100))).values():
            assert TOKEN.fullmatch(token)
            assert names.normalize_account(token) == token

    def test_a_text_that_looks_like_a_token_is_an_account_like_any_other(self, directory: Directory) -> None:
        token = tokens_for(directory, ["x:ada"])["x:ada"]
        assert tokens_for(directory, [token])[token] != token

    def test_no_account_is_no_question(self, directory: Directory) -> None:
        assert tokens_for(directory, []) == {}
        assert kept_posts(directory, []) == []
        assert directory.originals([]) == {}

    def test_a_post_has_the_same_token_for_400_days(self, directory: Directory, clock: Clock) -> None:
        ref = PostRef("x:1", "x:ada", clock.now)
        token = kept_posts(directory, [ref])
        for days in (1, 200, 199):
            clock.now += days * DAY_MS
            directory.purge_expired()
            assert kept_posts(directory, [ref]) == token
            assert directory.originals(token) == {token[0]: "x:1"}
        clock.now += 9 * DAY_MS  # it came once more on the last day, and is read for 7 days from then
        directory.purge_expired()
        assert directory.originals(token) == {}

    def test_an_old_post_is_recognised_for_7_days(self, directory: Directory, clock: Clock) -> None:
        ref = PostRef("x:1", "x:ada", clock.now - 4_000 * DAY_MS)
        token = kept_posts(directory, [ref])
        clock.now += 7 * DAY_MS
        directory.purge_expired()
        assert kept_posts(directory, [ref]) == token
        assert directory.originals(token) == {token[0]: "x:1"}
        clock.now += 9 * DAY_MS  # it came once more
        directory.purge_expired()
        assert directory.originals(token) == {}

    def test_a_deletion_before_its_post_names_the_same(self, directory: Directory, clock: Clock) -> None:
        deletion = kept_posts(directory, [PostRef("x:1", "x:ada", clock.now)])
        assert kept_posts(directory, [PostRef("x:1", "x:ada", clock.now - 5)]) == deletion

    def test_nobody_can_take_or_name_the_id_of_somebody_elses_post(self, directory: Directory, clock: Clock) -> None:
        mine, theirs = kept_posts(
            directory, [PostRef("x:1", "x:mallory", clock.now), PostRef("x:1", "x:ada", clock.now)]
        )
        assert mine != theirs

    def test_accounts_of_nobody_go_after_their_posts(self, directory: Directory, clock: Clock) -> None:
        tokens = tokens_for(directory, ["x:ada", "x:bob"])
        directory.hold([Held("hims", "a1", tokens["x:ada"], "verified")])
        clock.now += 412 * DAY_MS
        directory.purge_expired()
        assert directory.accounts.accounts_of(list(tokens.values())) == {tokens["x:ada"]: "x:ada"}

    def test_any_text_is_a_post_id(self, directory: Directory, clock: Clock) -> None:
        ids = ["x", "at://did:plc:ü/😀", "x" * 512, "\ud800", "a\nb", "'; DROP TABLE posts"]
        tokens = kept_posts(directory, [PostRef(text, "x:ada", clock.now) for text in ids])
        assert directory.originals(tokens) == dict(zip(tokens, ids, strict=True))

    def test_the_same_trace_for_the_same_text(self, directory: Directory) -> None:
        assert directory.trace("a") == directory.trace("a") != directory.trace("b")

    def test_a_registration_never_touches_what_is_verified(self, directory: Directory) -> None:
        for how in ("claimed", "verified", "claimed"):
            directory.hold([Held("hims", "a1", "p:1", how)])  # type: ignore[arg-type]
        assert directory.accounts.held_by("hims", "a1") == {"p:1": "verified"}
        directory.hold([Held("hims", "a1", "p:1", "released")])
        assert directory.accounts.held_by("hims", "a1") == {"p:1": "released"}

    def test_nobody_without_the_secret_foresees_a_chance(self, directory: Directory) -> None:
        assert directory.keyed_random("a") == directory.keyed_random("a") != directory.keyed_random("b")
        assert len(directory.keyed_random("a")) == 32
