"""Tombstones: who knows somebody again by them, for how long, and that nobody can read them."""

from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.directory.port import TOMBSTONE_DAYS, Held, Holding, Person
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite import tombstones as module
from tests.directory.conftest import Clock
from tests.directory.raw import left

MAIL, OTHERS = "canary@example.org", ["b1", "b2", "b3"]


def lived(directory: SqliteDirectory, accounts: dict[str, Holding], mail: str = MAIL) -> str:
    person = directory.people.add(Person(conference="hims", attendee="", name="Canary", email=mail))
    assert person is not None
    tokens = directory.tokens_for(accounts)
    directory.hold([Held("hims", person.attendee, tokens[account], how) for account, how in accounts.items()])
    return person.attendee


def erased(
    directory: SqliteDirectory, accounts: dict[str, Holding], by: list[str], *, claims: bool = False, mail: str = MAIL
) -> None:
    who = lived(directory, accounts, mail)
    directory.tombstones.prepare("hims", who, by, claims)
    directory.erase("hims", who)
    directory.erasing.confirm("hims", who)


def test_the_address_and_the_accounts_are_known_again_in_this_conference(directory: SqliteDirectory) -> None:
    erased(directory, {"x:proved": "verified", "x:claimed": "claimed", "x:given-up": "released"}, [])
    texts = [MAIL, "x:proved", "x:claimed", "x:given-up", "x:other", ""]
    assert directory.tombstones.buried("hims", texts) == {MAIL, "x:proved", "x:claimed"}
    assert directory.tombstones.buried("vive", texts) == set()


def test_bars_come_back_with_what_was_proved_and_with_a_claim_only_where_claims_count(
    directory: SqliteDirectory,
) -> None:
    erased(directory, {"x:proved": "verified", "x:claimed": "claimed"}, ["b1", "b3"])
    bars = directory.tombstones.bars
    assert [bars("hims", [text], OTHERS) for text in (MAIL, "x:proved", "x:claimed")] == [["b1", "b3"]] * 2 + [[]]
    assert bars("vive", [MAIL], OTHERS) == []
    erased(directory, {"x:other": "claimed"}, ["b2"], claims=True, mail="")
    assert bars("hims", ["x:other"], OTHERS) == ["b2"]


def test_who_comes_back_and_goes_again_keeps_all_bars(directory: SqliteDirectory) -> None:
    erased(directory, {}, ["b1"])
    erased(directory, {"x:ada": "verified"}, ["b2"])
    assert directory.tombstones.bars("hims", [MAIL], OTHERS) == ["b1", "b2"]
    assert directory.tombstones.bars("hims", ["x:ada"], OTHERS) == ["b1", "b2"]


def test_they_stay_while_the_conference_goes_on_and_400_days_after(directory: SqliteDirectory, clock: Clock) -> None:
    erased(directory, {}, ["b1"])
    for _ in range(3):
        clock.now += TOMBSTONE_DAYS * DAY_MS
        directory.tidy(["hims"])
    clock.now += TOMBSTONE_DAYS * DAY_MS
    directory.tidy(["another"])
    assert directory.tombstones.bars("hims", [MAIL], OTHERS) == ["b1"]
    clock.now += DAY_MS
    directory.tidy([])
    assert directory.tombstones.buried("hims", [MAIL]) == set()
    assert directory._base.read("SELECT count(*) FROM bars") == [(0,)]


def test_nothing_in_them_can_be_read(on_file: SqliteDirectory, folder: Path) -> None:
    who = lived(on_file, {"x:canary": "verified"})
    on_file.tombstones.prepare("hims", who, ["barrier-one"], False)
    on_file.erase("hims", who)
    on_file.erasing.confirm("hims", who)
    assert left(folder, ["canary", who, "barrier-one"]) == []
    other = SqliteDirectory(None, lambda: 0)  # another secret
    rows = on_file._base.read("SELECT * FROM tombstones")
    other._base.insert("tombstones", "", rows)
    assert other.tombstones.buried("hims", [MAIL, "x:canary"]) == set()
    other.close()


def test_they_are_bounded(directory: SqliteDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BARS", 3)
    monkeypatch.setattr(module, "MOST_CLAIMS", 2)
    many: dict[str, Holding] = {f"x:{number}": "claimed" for number in range(5)}
    proved: dict[str, Holding] = {f"x:proved-{number}": "verified" for number in range(30)}
    erased(directory, many | proved, [f"b{number}" for number in range(9)])
    assert directory._base.read("SELECT count(*) FROM bars") == [(3,)]
    assert directory._base.read("SELECT count(*) FROM tombstones") == [(1 + 2 + 30,)]
    # Whoever proves many accounts to have one of them forgotten is known by each.
    assert directory.tombstones.buried("hims", [MAIL, *proved]) == {MAIL, *proved}


def test_an_erased_conference_keeps_no_bar_and_nobody_waiting(directory: SqliteDirectory) -> None:
    erased(directory, {}, ["b1"])
    directory.enrol([(Person(conference="hims", attendee="", name="A", email=MAIL), ["x:ada"])])
    assert directory._base.read("SELECT count(*) FROM waiting") == [(1,)]
    directory.erase_conference("hims")
    assert [directory._base.read(f"SELECT count(*) FROM {name}") for name in ("waiting", "bars")] == [[(0,)]] * 2  # noqa: S608
    assert directory.tombstones.buried("hims", [MAIL]) == {MAIL}
