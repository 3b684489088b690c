"""Tombstones: who is recognized by them, for how long, and that nobody can read them."""

from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.directory.port import TOMBSTONE_DAYS, Holding, Person
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite import tombstones as module
from tests.contract.directory.steps import erase
from tests.contract.directory.tombstones import MAIL, erased, lived
from tests.directory.conftest import Clock
from tests.directory.raw import left


def test_nothing_in_them_can_be_read(on_file: SqliteDirectory, folder: Path) -> None:
    who = lived(on_file, {"x:canary": "verified"})
    on_file.tombstones.prepare("hims", who, ["barrier-one"], False)
    erase(on_file, "hims", who)
    on_file.erasing.confirm("hims", who)
    assert left(folder, ["canary", who, "barrier-one"]) == []
    other = SqliteDirectory(None, lambda: 0)  # another secret
    rows = on_file._base.read("SELECT * FROM tombstones")
    other._base.insert("tombstones", "", rows)
    assert other.tombstones.find("hims", [MAIL, "x:canary"]) == set()
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
    assert directory.tombstones.find("hims", [MAIL, *proved]) == {MAIL, *proved}


def test_no_bar_outlives_its_tombstones(directory: SqliteDirectory, clock: Clock) -> None:
    erased(directory, {}, ["b1"])
    clock.now += (TOMBSTONE_DAYS + 1) * DAY_MS
    directory.purge_expired([])
    assert directory._base.read("SELECT count(*) FROM bars") == [(0,)]


def test_an_erased_conference_has_no_row_of_a_bar_or_of_somebody_waiting(directory: SqliteDirectory) -> None:
    erased(directory, {}, ["b1"])
    directory.enroll([(Person(conference="hims", attendee="", name="A", email=MAIL), ["x:ada"])])
    assert directory._base.read("SELECT count(*) FROM waiting") == [(1,)]
    directory.erase_conference("hims")
    assert [directory._base.read(f"SELECT count(*) FROM {name}") for name in ("waiting", "bars")] == [[(0,)]] * 2  # noqa: S608
    assert directory.tombstones.find("hims", [MAIL]) == {MAIL}
