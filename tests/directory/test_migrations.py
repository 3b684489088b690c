"""Migrations: folders of older versions get today's tables, with the same content."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.directory import server_secret
from services.directory.port import Erased, NoLink, Person
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite.database import Database
from services.directory.sqlite.directory import AUDIT_FILE, PEOPLE_FILE, POSTS_FILE, SECRET_FILE
from services.directory.sqlite.migrations import AUDIT, PEOPLE, POSTS
from services.sqlite.migrations import Migration
from tests.contract.directory.steps import tokens_for
from tests.directory.conftest import Clock

BEFORE_SIGN_INS, BEFORE_SHARED_ADDRESSES, BEFORE_NAMES = 4, 7, 8  # migrations
ADA = Person(conference="hims", attendee="a1", name="Ada L", email="ada@example.org", show_name=True)
TOKEN, KEY_ID, KEY_SECRET, FAR = "p:" + "1a" * 12, "0123456789abcdef", "s" * 43, 4_000_000_000_000


def lived_in(folder: Path, version: int) -> None:
    """A folder as the first versions wrote it, then brought to a version: only columns that all of them have."""
    folder.mkdir(mode=0o700)
    secret = server_secret.load_secret(folder / SECRET_FILE)
    base = Database(folder / PEOPLE_FILE, PEOPLE[:version])
    fields = "conference, attendee, name, email, picture, show_name, show_picture"
    base.run(f"INSERT INTO people ({fields}) VALUES ('hims', 'a1', 'Ada L', 'ada@example.org', '', 1, 0)")  # noqa: S608
    base.run("INSERT INTO contacts VALUES ('hims', 'a2', 'push', 'https://push.example')")
    base.run("INSERT INTO preferences VALUES ('hims', 'a2', '{\"quiet\": true}')")
    name = "twitter:ada" if version <= BEFORE_NAMES else "x:ada"
    base.run("INSERT INTO accounts (account, token, seal, seen) VALUES (?, ?, ?, 30000)", (name, TOKEN, b"k" * 16))
    base.run("INSERT INTO holdings VALUES ('hims', 'a1', ?, 'verified', 1)", (TOKEN,))
    digest = secret.digest("key", f"key.{KEY_ID}.{KEY_SECRET}")
    fields = "id, digest, kind, role, subject, conferences, checkins, made, expires"
    sql = f"INSERT INTO grants ({fields}) VALUES (?, ?, 'key', 'organizer', 'o1', '[\"hims\"]', 0, 5, ?)"  # noqa: S608
    base.run(sql, (KEY_ID, digest, FAR))
    base.run(
        "INSERT INTO codes (conference, attendee, account, digest, made, expires, looks, open)"
        " VALUES ('hims', 'a1', 'x:ada', x'00', ?, ?, 0, 1)",
        (FAR, FAR),
    )
    base.run("INSERT INTO erasures VALUES ('hims', 'a9', '[\"p:9\"]', '[]', '[9]')")
    base.run("INSERT INTO gone (digest, day) VALUES (?, 30000)", (secret.digest("gone", "hims/a9", 16),))
    base.close()


def schema(path: Path) -> set[tuple[object, ...]]:
    """Every table with its columns, and every index, as they are in a file."""
    with closing(sqlite3.connect(path)) as db:
        found = set(db.execute("SELECT type, name, tbl_name FROM sqlite_master"))
        for _, table, _ in [row for row in found if row[0] == "table"]:
            found |= {(table, *row) for row in db.execute(f"PRAGMA table_info({table})")}
        return found | {("version", *row) for row in db.execute("PRAGMA user_version")}


@pytest.mark.parametrize("version", range(1, len(PEOPLE) + 1))
def test_each_older_form_of_people_becomes_todays(tmp_path: Path, clock: Clock, version: int) -> None:
    lived_in(tmp_path / "older", version)
    SqliteDirectory(tmp_path / "new", clock).close()
    directory = SqliteDirectory(tmp_path / "older", clock)
    assert schema(tmp_path / "older" / PEOPLE_FILE) == schema(tmp_path / "new" / PEOPLE_FILE)
    assert directory.people.get("hims", "a1") == ADA
    assert directory.people.preferences("hims", "a2") == '{"quiet": true}'
    assert tokens_for(directory, ["x:ada"]) == {"x:ada": TOKEN}
    assert directory.accounts.held_by("hims", "a1") == {TOKEN: "verified"}
    grant = directory.keys.authenticate(f"hw.key.{KEY_ID}.{KEY_SECRET}")
    assert grant is not None
    assert (grant.role, grant.subject, grant.conferences, grant.only_checkins) == ("organizer", "o1", ("hims",), False)
    assert directory.codes.pending() == []
    assert directory.erasing.pending() == [Erased("hims", "a9", ("p:9",))]
    assert directory.is_erased("hims", "a9")
    link = directory.sessions.first_link("hims", "a1")
    assert link is NoLink.SIGNED_IN if version <= BEFORE_SIGN_INS else isinstance(link, str)
    shared = Person(conference="hims", attendee="a3", name="Bob", email="ada@example.org")
    assert directory.people.add(shared) == shared  # was refused before
    assert directory.people.since("hims", "a1") == 0
    directory.close()


@pytest.mark.parametrize(
    ("file", "migrations", "version"),
    [(POSTS_FILE, POSTS, version) for version in range(1, len(POSTS) + 1)] + [(AUDIT_FILE, AUDIT, 1)],
)
def test_each_older_form_of_the_other_files_becomes_todays(
    tmp_path: Path, clock: Clock, file: str, migrations: tuple[Migration, ...], version: int
) -> None:
    """What rows of older posts become is in ``test_files``."""
    (tmp_path / "older").mkdir(mode=0o700)
    Database(tmp_path / "older" / file, migrations[:version]).close()
    for folder in ("older", "new"):
        SqliteDirectory(tmp_path / folder, clock).close()
    assert schema(tmp_path / "older" / file) == schema(tmp_path / "new" / file)


def test_one_address_was_one_persons_until_it_might_be_several(tmp_path: Path) -> None:
    base = Database(None, PEOPLE[:BEFORE_SHARED_ADDRESSES])
    rows = [("hims", who, "", "a@example.org", "", 0, 0, 0) for who in ("a1", "a2")]
    base.run_all("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[:1])
    with pytest.raises(sqlite3.IntegrityError):
        base.run_all("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[1:])
    base._migrate(PEOPLE)
    base.run_all("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[1:])
    base.close()


def test_keys_of_single_dead_letters_went_with_the_dead_letters(tmp_path: Path) -> None:
    base = Database(None, PEOPLE[:6])
    base.run("INSERT INTO letter_keys (name, key, day) VALUES (x'01', x'02', 3)")
    base._migrate(PEOPLE)
    assert base.read("SELECT * FROM letter_keys") == []
    base.close()


@pytest.mark.parametrize("trace", ["session", "verified", "contact"])
def test_who_signed_in_before_there_was_a_note_of_it_gets_no_link_either(trace: str) -> None:
    """A data folder of an older version."""
    base = Database(None, PEOPLE[:BEFORE_SIGN_INS])
    grant = (
        "INSERT INTO grants (id, digest, kind, role, subject, conferences, checkins, made, expires)"
        " VALUES (?, x'00', ?, ?, ?, '[\"hims\"]', 0, ?, 99)"
    )
    people = [("l1", "link", "attendee", "a1", 5), ("l2", "link", "attendee", "a2", 5)]
    base.run_all(grant, [*people, ("k1", "key", "organizer", "o1", 5)])
    if trace == "session":
        base.run_all(grant, [("s1", "session", "attendee", "a1", 5), ("s2", "session", "attendee", "a1", 6)])
    elif trace == "verified":
        base.run(
            "INSERT INTO holdings VALUES ('hims', 'a1', 'p:1', 'released', 1), ('hims', 'a2', 'p:2', 'claimed', 0)"
        )
    else:
        base.run("INSERT INTO contacts VALUES ('hims', 'a1', 'push', 'https://push.example')")
    base._migrate(PEOPLE)
    rows = base.read("SELECT conference, attendee, number, session FROM sign_ins ORDER BY number")
    sessions = ["s1", "s2"] if trace == "session" else [""]
    assert rows == [("hims", "a1", number, name) for number, name in enumerate(sessions, 1)]
    assert base.read("SELECT id, seen FROM grants WHERE kind = 'session' ORDER BY id") == [
        (name, 2) for name in sessions if name
    ]
    assert [row[0] for row in base.read("SELECT id FROM grants WHERE kind <> 'session' ORDER BY id")] == ["k1", "l2"]
    base.close()
