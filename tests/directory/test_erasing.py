"""Erasing: no byte of a person is left in any file, others keep what is theirs, and a crash loses no erasure."""

import random
import sqlite3
import time
from pathlib import Path

import pytest

from services.directory.port import DirectoryBusyError, Erased, Held, NoLink, Person, PostRef
from services.directory.sqlite import SqliteDirectory, database
from services.directory.sqlite.erasure import SqliteErasure
from tests.directory.conftest import Clock, kept_posts
from tests.directory.raw import left, raw


def moved_in(directory: SqliteDirectory, canary: str, at: int, posts: int = 5) -> tuple[str, list[str]]:
    """Somebody with a row in every table; their id, and what must not be found after their erasure."""
    account, mail = f"x:{canary}-account", f"{canary}@mail.example"
    person = directory.people.add(
        Person(conference="hims", attendee="", name=f"{canary} Name", email=mail, picture=f"https://p/{canary}-face")
    )
    assert person is not None
    who = person.attendee
    directory._base.insert("contacts", "", [("hims", who, "push", f"https://push/{canary}-push")])
    directory._base.insert("preferences", "", [("hims", who, f"{canary}-likes")])
    token = directory.tokens_for([account])[account]
    directory.hold([Held("hims", who, token, "verified")])
    kept_posts(directory, [PostRef(f"x:{canary}-post{n}", account, at) for n in range(posts)])
    link = directory.sessions.first_link("hims", who)
    assert isinstance(link, str)
    session = directory.sessions.sign_in(link, f"{canary}-device")
    assert session is not None
    directory.sessions.device_link(session.grant)
    directory.codes.begin("hims", who, account)
    kinds = ("-account", "@mail", " Name", "-face", "-push", "-likes", "-device", "-post")
    return who, [canary, who, token, *(f"{canary}{kind}" for kind in kinds)]


class TestErasing:
    def test_nothing_is_known_any_more(self, directory: SqliteDirectory, clock: Clock) -> None:
        who, _ = moved_in(directory, "canary", clock.now)
        (session,) = directory.sessions.listed("hims", who)
        old = directory.tokens_for(["x:canary-account"])["x:canary-account"]
        post = kept_posts(directory, [PostRef("x:1", "x:canary-account", clock.now)])
        assert directory.erase("hims", who) == Erased("hims", who, (old,))
        assert directory.people.get("hims", who) is None
        assert directory.keys.good([session.id]) == set()
        assert directory.sessions.sign_ins("hims", who) == []
        assert directory.sessions.first_link("hims", who) is NoLink.UNKNOWN
        assert directory.accounts.accounts_of([old]) == {}
        assert directory.originals(post) == {}
        assert directory.tokens_for(["x:canary-account"])["x:canary-account"] != old
        assert directory.gone("hims", who)

    def test_an_erased_id_is_not_taken_in_again(self, directory: SqliteDirectory) -> None:
        directory.erase("hims", "a1")
        assert directory.people.add(Person(conference="hims", attendee="a1", name="Ada")) is None
        directory.hold([Held("hims", "a1", "p:1", "claimed")])
        assert directory.accounts.held_by("hims", "a1") == {}
        assert directory.people.add(Person(conference="other", attendee="a1", name="Ada")) is not None

    def test_again_is_no_harm_and_says_the_same_until_confirmed(self, directory: SqliteDirectory, clock: Clock) -> None:
        who, _ = moved_in(directory, "canary", clock.now)
        first = directory.erase("hims", who)
        assert directory.erase("hims", who) == first
        assert directory.erasing.pending() == [first]
        directory.erasing.confirm("hims", who)
        assert directory.erasing.pending() == []
        assert directory.erase("hims", who).accounts == ()

    @pytest.mark.parametrize(
        ("mine", "theirs", "kept"),
        [
            ("verified", "verified", True),  # in another conference: theirs goes on
            ("claimed", "verified", True),  # a false claim, then an erasure, breaks no owner's matches
            ("claimed", "claimed", True),
            ("verified", "claimed", False),  # a mere claim never keeps an owner from being erased
            ("verified", "released", False),
            ("released", "verified", True),
            ("claimed", "released", False),
        ],
    )
    def test_what_somebody_else_verified_stays(
        self, directory: SqliteDirectory, mine: str, theirs: str, kept: bool
    ) -> None:
        token = directory.tokens_for(["x:ada"])["x:ada"]
        directory.hold([Held("hims", "a1", token, mine), Held("other", "a2", token, theirs)])  # type: ignore[arg-type]
        erased = directory.erase("hims", "a1")
        assert (erased.accounts, erased.kept) == (((), (token,)) if kept else ((token,), ()))
        assert bool(directory.accounts.accounts_of([token])) == kept

    def test_a_whole_conference(self, directory: SqliteDirectory, clock: Clock) -> None:
        everybody = sorted(moved_in(directory, f"canary{n}", clock.now)[0] for n in range(5))
        assert directory.attendees("hims") == everybody
        posts = directory.keys.issue_key("connector", "posts", ["hims", "vive"])
        badges = directory.keys.issue_key("connector", "badges", ["hims"], checkins=True)
        shared = directory.tokens_for(["x:canary0"])["x:canary0"]
        directory.hold([Held("vive", "b1", shared, "claimed")])
        directory.erase_conference("hims")
        directory.erase_conference("hims")  # again, before it was confirmed
        assert (directory.people.listed("hims"), directory.attendees("hims")) == ([], [])
        assert directory.accounts.held_by("vive", "b1") == {shared: "claimed"}
        grant = directory.keys.authenticate(posts)
        assert grant is not None
        assert grant.conferences == ("vive",)
        assert directory.keys.authenticate(badges) is None
        assert [(erased.conference, erased.attendee) for erased in directory.erasing.pending()] == [("hims", "")]
        directory.erasing.confirm("hims", "")
        assert directory.erasing.pending() == []


def test_no_byte_of_an_erased_person_is_in_any_file(on_file: SqliteDirectory, folder: Path, clock: Clock) -> None:
    chance = random.Random(11)
    people = [moved_in(on_file, f"canary{n:04}q", clock.now) for n in range(200)]
    chance.shuffle(people)
    # The scan sees who is there: in clear in the small file, and in the WAL.
    readable = [text for text in people[0][1] if "-post" not in text]
    assert left(folder, readable) == readable
    for who, canaries in people[:25]:
        on_file.erase("hims", who)
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
    on_file.erase("hims", who)
    on_file._posts_base.run_all("INSERT INTO posts VALUES (?, ?, ?, ?)", rows)
    assert on_file.originals(token) == {}
    assert kept_posts(on_file, [ref]) != token


def test_what_was_changed_or_expired_goes_with_the_daily_tidying(on_file: SqliteDirectory, folder: Path) -> None:
    person = on_file.people.add(Person(conference="hims", attendee="", name="Canary", email="c@e.org"))
    assert person is not None
    on_file.people.change(Person(conference="hims", attendee=person.attendee, name="Ada"))
    on_file.tidy()
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
        patched.setattr(SqliteErasure, "finish", crash)
        with pytest.raises(KeyboardInterrupt):
            first.erase("hims", who)
    first.close()
    second = SqliteDirectory(folder, clock)
    assert [erased.attendee for erased in second.erasing.pending()] == [who]
    assert second._posts_base.read("SELECT count(*) FROM posts") == [(0,)]
    second.erasing.confirm("hims", who)
    assert left(folder, canaries) == []
    second.close()


def test_somebody_who_reads_the_file_holds_the_cleaning_up_and_is_told_of(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "busy_timeout=50"))
    directory = SqliteDirectory(folder, clock)
    who, canaries = moved_in(directory, "canary", clock.now)
    reader = sqlite3.connect(folder / "directory.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchone()
    with pytest.raises(DirectoryBusyError):
        directory.erase("hims", who)
    assert directory.people.get("hims", who) is None
    reader.close()
    directory.erasing.finish()
    directory.erasing.confirm("hims", who)
    assert left(folder, canaries) == []
    directory.close()


def test_erasing_is_quick_among_many(on_file: SqliteDirectory, folder: Path, clock: Clock) -> None:
    """Printed, not asserted: a big conference, and all whom its people mentioned."""
    for start in range(0, 50_000, 5_000):
        on_file.tokens_for([f"x:passer{n}" for n in range(start, start + 5_000)])
    kept_posts(on_file, [PostRef(f"x:p{n}", f"x:passer{n % 3_000}", clock.now) for n in range(50_000)])
    who, canaries = moved_in(on_file, "canary", clock.now, posts=2_000)
    start_s = time.perf_counter()
    on_file.erase("hims", who)
    spent = time.perf_counter() - start_s
    print(f"\nerased among 50,000 accounts and 52,000 posts in {spent * 1000:.0f} ms")  # noqa: T201
    on_file.erasing.confirm("hims", who)
    assert left(folder, canaries) == []
    assert len(raw(folder)) > 1_000_000
