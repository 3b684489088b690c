"""Erasing: no byte of a person is left in any file, others keep what is theirs, and a crash loses no erasure."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.directory.port import DirectoryBusyError, Person, PostRef
from services.directory.sqlite import SqliteDirectory, database
from services.directory.sqlite.erasure import SqliteErasure
from tests.contract.directory import steps
from tests.contract.directory.steps import erase, kept_posts, tokens_for
from tests.directory.conftest import Clock
from tests.directory.raw import left, raw


def moved_in(directory: SqliteDirectory, canary: str, at: int, posts: int = 5) -> tuple[str, list[str]]:
    """Somebody with a row in every table; their id, and what must not be found after their erasure."""
    who, canaries = steps.moved_in(directory, canary, at, posts)
    directory._base.insert("contacts", "", [("hims", who, "push", f"https://push/{canary}-push")])
    directory._base.insert("preferences", "", [("hims", who, f"{canary}-likes")])
    directory._base.insert(
        "connector_tickets", "", [("hims", "shop", f"{canary}-ticket", who, 1, "[]", canary, f"{canary}@example.org")]
    )
    return who, [*canaries, f"{canary}-push", f"{canary}-likes", f"{canary}-ticket"]


def test_no_byte_of_an_erased_person_is_in_any_file(on_file: SqliteDirectory, folder: Path, clock: Clock) -> None:
    chance = random.Random(11)
    people = [moved_in(on_file, f"canary{n:04}q", clock.now) for n in range(200)]
    chance.shuffle(people)
    # The scan sees who is there: in clear in the small file, and in the WAL.
    readable = [text for text in people[0][1] if "-post" not in text]
    assert left(folder, readable) == readable
    for who, canaries in people[:25]:
        erase(on_file, "hims", who)
        on_file.erasing.confirm("hims", who)
        assert left(folder, canaries) == []
    gone = [text for _, canaries in people[:25] for text in canaries]
    assert left(folder, gone) == []
    stays = [text for _, canaries in people[-20:] for text in canaries if "-post" not in text]
    assert left(folder, stays) == stays


def test_no_post_id_is_ever_readable_in_a_file(on_file: SqliteDirectory, folder: Path, clock: Clock) -> None:
    tokens = kept_posts(on_file, [PostRef(f"x:canary{n}", "x:ada", clock.now) for n in range(500)])
    assert left(folder, ["canary"]) == []
    data = raw(folder)
    assert all(bytes.fromhex(token.removeprefix("p:")) in data for token in tokens)


def test_whoever_has_stale_rows_and_the_secret_finds_no_post_of_an_erased_person(
    on_file: SqliteDirectory, clock: Clock
) -> None:
    """A post's row depends on a key that goes with the account: put back, it is still neither found nor read."""
    who, _ = moved_in(on_file, "canary", clock.now)
    ref = PostRef("x:known", "x:canary-account", clock.now)
    token = kept_posts(on_file, [ref])
    rows = on_file._posts_base.read("SELECT * FROM posts")
    erase(on_file, "hims", who)
    on_file.erasing.finish()
    on_file._posts_base.run_all("INSERT INTO posts VALUES (?, ?, ?, ?)", rows)
    assert on_file.originals(token) == {}
    assert kept_posts(on_file, [ref]) != token


def test_what_was_changed_or_expired_goes_with_the_daily_tidying(on_file: SqliteDirectory, folder: Path) -> None:
    person = on_file.people.add(Person(conference="hims", attendee="", name="Canary", email="c@e.org"))
    assert person is not None
    on_file.people.change(Person(conference="hims", attendee=person.attendee, name="Ada"))
    on_file.purge_expired()
    assert left(folder, ["Canary", "c@e.org"]) == []


def test_only_the_owner_reads_the_files(on_file: SqliteDirectory, folder: Path, clock: Clock) -> None:
    moved_in(on_file, "canary", clock.now)
    assert folder.stat().st_mode & 0o077 == 0
    names = {path.name for path in folder.iterdir() if path.stat().st_mode & 0o077 == 0}
    assert names == {path.name for path in folder.iterdir()}
    assert {"directory.sqlite", "directory.sqlite-wal", "posts.sqlite", "secret.key"} <= names


def test_a_crash_between_the_steps_is_made_good_at_the_next_start(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = SqliteDirectory(folder, clock)
    who, canaries = moved_in(first, "canary", clock.now)

    def crash(_: SqliteErasure) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SqliteErasure, "_remove_posts", crash)
        erase(first, "hims", who)
        with pytest.raises(KeyboardInterrupt):
            first.erasing.confirm("hims", who)
    first.close()
    second = SqliteDirectory(folder, clock)
    assert [erased.attendee for erased in second.erasing.pending()] == [who]
    assert second._posts_base.read("SELECT count(*) FROM posts") == [(0,)]
    second.erasing.confirm("hims", who)
    assert left(folder, canaries) == []
    second.close()


def test_a_kill_before_any_statement_leaves_all_of_a_person_or_nothing_after_the_next_start(
    folder: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the folder before each statement is what a kill there leaves: SQLite has written what it wrote."""
    directory = SqliteDirectory(folder, clock)
    who, canaries = moved_in(directory, "canary", clock.now)
    tombstoned = ["canary@mail.example", "x:canary-account"]
    directory.tombstones.prepare_all("hims", {who: ["a-blocker"]}, True)
    copies: list[Path] = []

    def copying(step: Callable[..., Any]) -> Callable[..., Any]:
        def copy_first(*arguments: Any, **named: Any) -> Any:
            copies.append(tmp_path / f"copy-{len(copies)}")
            shutil.copytree(folder, copies[-1])
            return step(*arguments, **named)

        return copy_first

    with monkeypatch.context() as patched:
        for name in ("run", "run_all", "clean"):
            patched.setattr(database.Database, name, copying(getattr(database.Database, name)))
        erase(directory, "hims", who)
        directory.erasing.confirm("hims", who)
    directory.close()
    happened = list[bool]()
    for copy in copies:
        after = SqliteDirectory(copy, clock)
        happened.append(after.is_erased("hims", who))
        assert (after.people.get("hims", who) is None) == happened[-1]
        assert after.tombstones.find("hims", tombstoned) == (set(tombstoned) if happened[-1] else set())
        if happened[-1]:
            assert after.tombstones.find_blockers("hims", tombstoned, ["a-blocker", "another"]) == ["a-blocker"]
            for erased in after.erasing.pending():
                after.erasing.confirm(erased.conference, erased.attendee)
            assert after.erasing.is_finished()
            assert left(copy, canaries) == []
        after.close()
    assert happened == sorted(happened)  # once it has happened, it stays
    assert set(happened) == {False, True}


def test_people_whose_erasures_are_complete_together_are_cleaned_together(
    on_file: SqliteDirectory, folder: Path, clock: Clock
) -> None:
    people = [moved_in(on_file, f"canary{n}", clock.now) for n in range(5)]
    statements: list[str] = []
    on_file._base._link.set_trace_callback(statements.append)
    on_file.erasing.erase("hims", [who for who, _ in people])
    on_file.erasing.confirm("hims", *(who for who, _ in people))
    on_file._base._link.set_trace_callback(None)
    assert statements.count("VACUUM") == 1
    assert left(folder, [text for _, canaries in people for text in canaries]) == []


def test_somebody_who_reads_the_file_holds_the_cleaning_up_and_is_told_of(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "busy_timeout=50"))
    directory = SqliteDirectory(folder, clock)
    who, canaries = moved_in(directory, "canary", clock.now)
    reader = sqlite3.connect(folder / "directory.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchone()
    erase(directory, "hims", who)
    assert directory.people.get("hims", who) is None
    for clean in (directory.erasing.finish, lambda: directory.erasing.confirm("hims", who)):
        with pytest.raises(DirectoryBusyError):
            clean()
    assert not directory.erasing.is_finished()
    reader.close()
    directory.erasing.finish()
    assert directory.erasing.is_finished()
    assert left(folder, canaries) == []
    directory.close()


def test_erasing_is_quick_among_many(on_file: SqliteDirectory, folder: Path, clock: Clock) -> None:
    """Printed, not asserted: a big conference, and all whom its people mentioned."""
    for start in range(0, 50_000, 5_000):
        tokens_for(on_file, [f"x:passer{n}" for n in range(start, start + 5_000)])
    kept_posts(on_file, [PostRef(f"x:p{n}", f"x:passer{n % 3_000}", clock.now) for n in range(50_000)])
    who, canaries = moved_in(on_file, "canary", clock.now, posts=2_000)
    start_s = time.perf_counter()
    erase(on_file, "hims", who)
    spent = time.perf_counter() - start_s
    print(f"\nerased among 50,000 accounts and 52,000 posts in {spent * 1000:.0f} ms")  # noqa: T201
    on_file.erasing.confirm("hims", who)
    assert left(folder, canaries) == []
    assert len(raw(folder)) > 1_000_000
