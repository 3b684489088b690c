"""The runner of migrations: each step once and whole, one way; and no released step ever changes."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import pytest

from services.directory.sqlite import migrations as directory
from services.journal.sqlite import schema as journal
from services.sqlite.migrations import Migration, NewerSchemaError, migrate, schema_version

STEPS: tuple[Migration, ...] = (
    ("CREATE TABLE a (b TEXT) STRICT", "INSERT INTO a VALUES ('first')"),
    ("ALTER TABLE a ADD COLUMN c TEXT", "INSERT INTO a VALUES ('second', 'c')"),
)
# A file somewhere has had these: add a step and its digest, never change one.
RELEASED = {
    "people": [
        "90346cf41f1251b5",
        "8baeb7cbe409a6a8",
        "4326ab7047df3a54",
        "9dc7107fcddf82df",
        "1a317f1298692242",
        "a7835c102c010e84",
        "3016c8bc13bc7dad",
        "8ee120ab498bf8af",
        "a3a70d3f012d3ae6",
        "d365b0834eb9edc8",
        "a5d616ab536f3309",
        "779209151230f1f3",
    ],
    "posts": ["0ca28c27fe1c446e", "54cdbfcbccad4728", "a6d73420f17ac1ea"],
    "audit": ["56bc65495b4a8b6d"],
    "journal": ["3cae97410ac85e34", "164eb42c54932553", "6cc8bedaa26bf8da"],
}


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=30.0)


def test_each_step_is_run_once(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "x.db")) as db:
        for known in (1, 1, 2, 2):
            migrate(db, STEPS[:known])
            assert schema_version(db) == known
        assert db.execute("SELECT b, c FROM a").fetchall() == [("first", None), ("second", "c")]


def test_a_newer_file_is_refused_and_not_touched(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "x.db")) as db:
        migrate(db, STEPS)
    before = (tmp_path / "x.db").read_bytes()
    with closing(opened(tmp_path / "x.db")) as db, pytest.raises(NewerSchemaError) as newer:
        migrate(db, STEPS[:1])
    assert (newer.value.version, newer.value.known) == (2, 1)
    assert (tmp_path / "x.db").read_bytes() == before


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    bad = (*STEPS, ("INSERT INTO a VALUES ('third', '')", "nonsense"))
    with closing(opened(tmp_path / "x.db")) as db, pytest.raises(sqlite3.OperationalError, match="nonsense"):
        migrate(db, bad)
    with closing(opened(tmp_path / "x.db")) as db:
        assert schema_version(db) == len(STEPS)
        assert db.execute("SELECT b FROM a").fetchall() == [("first",), ("second",)]


def test_two_who_open_the_file_at_once_run_each_step_once(tmp_path: Path) -> None:
    together, failed = threading.Barrier(4), list[Exception]()

    def run() -> None:
        try:
            with closing(opened(tmp_path / "x.db")) as db:
                together.wait(30.0)
                migrate(db, STEPS)
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(opened(tmp_path / "x.db")) as db:
        assert (failed, schema_version(db)) == ([], 2)
        assert db.execute("SELECT count(*) FROM a").fetchone() == (2,)


def digests(migrations: Sequence[Migration]) -> list[str]:
    """Of each step, whatever its line breaks."""
    texts = [" ".join(" ".join(step).split()) for step in migrations]
    return [blake2b(text.encode(), digest_size=8).hexdigest() for text in texts]


@pytest.mark.parametrize(
    ("name", "migrations"),
    [
        ("people", directory.PEOPLE),
        ("posts", directory.POSTS),
        ("audit", directory.AUDIT),
        ("journal", journal.MIGRATIONS),
    ],
)
def test_no_released_step_changes(name: str, migrations: Sequence[Migration]) -> None:
    assert digests(migrations) == RELEASED[name]
