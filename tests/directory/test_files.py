"""Files: made private, migrated, refused when newer, damaged or open to others."""

import os
import threading
from pathlib import Path

import pytest

from services.directory import posts, tables
from services.directory.database import Database
from services.directory.directory import SqliteDirectory
from services.directory.port import PostRef
from services.directory.sealing import new_keys, opened, sealed
from services.problems import UnusableError
from tests.directory.conftest import Clock


def test_what_was_told_is_there_after_a_restart(folder: Path, clock: Clock) -> None:
    first = SqliteDirectory(folder, clock)
    token, key = first.tokens_for(["x:ada"]), first.keys.issue_key("organizer", "o1")
    trace = first.trace("x")
    first.close()
    second = SqliteDirectory(folder, clock)
    assert second.tokens_for(["x:ada"]) == token
    assert second.keys.authenticate(key) is not None
    assert second.trace("x") == trace
    second.close()


def test_migrations_run_once_each_and_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    steps = (("CREATE TABLE a (b TEXT) STRICT",), ("ALTER TABLE a ADD COLUMN c TEXT",))
    Database(path, steps[:1], threading.RLock()).close()
    newer = Database(path, steps, threading.RLock())
    newer.run("INSERT INTO a VALUES ('b', 'c')")
    assert newer.version == 2
    newer.close()
    with pytest.raises(UnusableError, match="newer Hallway"):
        Database(path, steps[:1], threading.RLock())


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with pytest.raises(Exception, match="nonsense"):
        Database(path, (("CREATE TABLE a (b TEXT) STRICT", "nonsense"),), threading.RLock())
    good = Database(path, (("CREATE TABLE a (b TEXT) STRICT",),), threading.RLock())
    assert good.version == 1
    good.close()


def test_posts_of_the_older_form_keep_their_tokens(folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [PostRef(f"x:{number}", "x:ada", clock.now) for number in range(300)]
    with monkeypatch.context() as older:
        older.setattr(tables, "POSTS", tables.POSTS[:1])
        older.setattr(posts, "_INSERT", ("posts", "RETURNING digest, token"))
        first = SqliteDirectory(folder, clock)
        tokens = first.post_tokens(refs)
        first.close()
    second = SqliteDirectory(folder, clock)
    assert second.post_tokens(refs) == tokens
    assert second.originals(tokens) == {token: ref.id for token, ref in zip(tokens, refs, strict=True)}
    second.close()


def test_the_tables_are_strict() -> None:
    created = [text for step in (*tables.PEOPLE, *tables.POSTS) for text in step if text.startswith("CREATE TABLE")]
    assert len(created) == 12
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
    data = sealed(one, "p:1", "x:1234567890")
    assert opened(one, "p:1", data) == "x:1234567890"
    assert b"1234" not in data
    assert sealed(one, "p:2", "x:1234567890") != data != sealed(other, "p:1", "x:1234567890")


def test_several_threads_get_the_same_tokens(folder: Path, clock: Clock) -> None:
    directory = SqliteDirectory(folder, clock)
    found: list[dict[str, str]] = []

    def ask() -> None:
        found.extend(directory.tokens_for([f"x:{n}" for n in range(at, at + 100)]) for at in range(0, 500, 50))

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
