"""Files: made private, migrated, refused when newer, damaged or open to others."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.directory.port import Held, PostRef, day
from services.directory.sealing import new_keys, new_tokens, seal, unseal
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite import migrations as tables
from services.directory.sqlite.database import Database
from services.directory.sqlite.legacy_posts import LegacyPosts, digest_of
from services.usage_errors import UnusableError
from tests.contract.directory.steps import erase, kept_posts, tokens_for
from tests.directory.conftest import Clock


def test_what_was_emitted_is_there_after_a_restart(folder: Path, clock: Clock) -> None:
    first = SqliteDirectory(folder, clock)
    token, key = tokens_for(first, ["x:ada"]), first.keys.issue_key("organizer", "o1")
    trace = first.trace("x")
    first.close()
    second = SqliteDirectory(folder, clock)
    assert tokens_for(second, ["x:ada"]) == token
    assert second.keys.authenticate(key) is not None
    assert second.trace("x") == trace
    second.close()


def test_migrations_run_once_each_and_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    steps = (("CREATE TABLE a (b TEXT) STRICT",), ("ALTER TABLE a ADD COLUMN c TEXT",))
    Database(path, steps[:1]).close()
    newer = Database(path, steps)
    newer.run("INSERT INTO a VALUES ('b', 'c')")
    assert newer.read("PRAGMA user_version") == [(2,)]
    newer.close()
    with pytest.raises(UnusableError, match="newer Hallway"):
        Database(path, steps[:1])


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with pytest.raises(Exception, match="nonsense"):
        Database(path, (("CREATE TABLE a (b TEXT) STRICT", "nonsense"),))
    good = Database(path, (("CREATE TABLE a (b TEXT) STRICT",),))
    assert good.read("PRAGMA user_version") == [(1,)]
    good.close()


def older(folder: Path, clock: Clock, refs: Sequence[PostRef], form: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A folder as it was when tokens were random; those of these posts."""
    with monkeypatch.context() as before:
        before.setattr(tables, "POSTS", tables.POSTS[:form])
        before.setattr(LegacyPosts, "_look", lambda self: True)
        first = SqliteDirectory(folder, clock)
        owners = first.accounts.rows_for([ref.actor for ref in refs])
        tokens = new_tokens(len(refs))
        for ref, token in zip(refs, tokens, strict=True):
            owner = owners[ref.actor]
            row = (
                digest_of(owner.seal, ref.id),
                token,
                owner.number,
                day(ref.at) + 401,
                seal(owner.seal, token, ref.id),
            )
            first._posts_base.insert("posts (digest, token, account, until, sealed)", "", [row])
        first.close()
    return tokens


@pytest.mark.parametrize("form", [1, 2])
def test_posts_of_the_older_forms_keep_their_tokens(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, form: int
) -> None:
    refs = [PostRef(f"x:{number}", f"x:p{number % 7}", clock.now) for number in range(300)]
    tokens = older(folder, clock, refs[:200], form, monkeypatch)
    directory = SqliteDirectory(folder, clock)
    assert not directory.cached_rows(["x:p1"])
    for _ in range(2):  # as they come again, and as they were kept then
        assert kept_posts(directory, refs)[:200] == tokens
    ids = {token: ref.id for token, ref in zip(tokens, refs, strict=False)}
    assert directory.originals(tokens) == ids
    clock.now += 402 * DAY_MS
    directory.purge_expired()
    assert directory.originals(tokens) == {}
    assert directory.cached_rows(tokens_for(directory, ["x:p1"]) and ["x:p1"])
    directory.close()


def test_posts_of_the_older_form_go_with_their_author(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = PostRef("x:1", "x:ada", clock.now)
    tokens = older(folder, clock, [ref], 2, monkeypatch)
    directory = SqliteDirectory(folder, clock)
    directory.hold([Held("hims", "a1", tokens_for(directory, ["x:ada"])["x:ada"], "verified")])
    erase(directory, "hims", "a1")
    directory.erasing.finish()
    assert directory.originals(tokens) == {}
    assert kept_posts(directory, [ref]) != tokens
    assert directory._posts_base.read("SELECT count(*) FROM earlier_posts") == [(0,)]
    directory.close()


def test_the_tables_are_strict() -> None:
    created = [text for step in (*tables.PEOPLE, *tables.POSTS) for text in step if text.startswith("CREATE TABLE")]
    assert len(created) == 22
    assert all("STRICT" in text for text in created)


def test_a_secret_that_others_can_read_is_refused(folder: Path, clock: Clock) -> None:
    SqliteDirectory(folder, clock).close()
    (folder / "secret.key").chmod(0o644)
    with pytest.raises(UnusableError, match="chmod 600"):
        SqliteDirectory(folder, clock)


def test_a_damaged_secret_is_refused(folder: Path, clock: Clock) -> None:
    SqliteDirectory(folder, clock).close()
    os.truncate(folder / "secret.key", 7)
    with pytest.raises(UnusableError, match="damaged"):
        SqliteDirectory(folder, clock)


def test_sealed_is_unreadable_without_its_key() -> None:
    one, other = new_keys(2)
    data = seal(one, "p:1", "x:1234567890")
    assert unseal(one, "p:1", data) == "x:1234567890"
    assert b"1234" not in data
    assert seal(one, "p:2", "x:1234567890") != data != seal(other, "p:1", "x:1234567890")


def test_several_threads_get_the_same_tokens(folder: Path, clock: Clock) -> None:
    directory = SqliteDirectory(folder, clock)
    found: list[dict[str, str]] = []

    def ask() -> None:
        found.extend(tokens_for(directory, [f"x:{n}" for n in range(at, at + 100)]) for at in range(0, 500, 50))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    merged: dict[str, str] = {}
    for part in found:
        for account, token in part.items():
            assert merged.setdefault(account, token) == token
    directory.close()


def test_accounts_get_the_one_name_of_their_network(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their tokens are in the log: who was known as twitter:ada is x:ada, with the same token."""
    with monkeypatch.context() as before:
        before.setattr(tables, "PEOPLE", tables.PEOPLE[:4])
        first = SqliteDirectory(folder, clock)
        tokens = tokens_for(first, ["twitter:ada", "bluesky:ada.example.org", "twitter:bob", "x:bob"])
        first.close()
    second = SqliteDirectory(folder, clock)
    found = tokens_for(second, ["x:ada", "bsky:ada.example.org", "x:bob"])
    assert found["x:ada"] == tokens["twitter:ada"]
    assert found["bsky:ada.example.org"] == tokens["bluesky:ada.example.org"]
    assert found["x:bob"] == tokens["x:bob"]
    second.close()


def test_an_address_is_found_by_its_index(directory: SqliteDirectory) -> None:
    plan = directory._base.read(
        "EXPLAIN QUERY PLAN SELECT 1 FROM people WHERE conference = 'a' AND email <> '' AND email = ?", ("b",)
    )
    assert "people_email" in str(plan)
