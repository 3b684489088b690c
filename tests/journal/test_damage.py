"""A journal that is not as it was written: what is cut off, what is told, what goes on."""

import json
import os
from base64 import b64decode
from pathlib import Path

import pytest

from services.journal import JournalDamagedError
from services.journal.sqlite import SqliteJournal
from services.journal.sqlite.journal import FILE
from tests.journal.test_disk import filled, sql


def test_a_damaged_tail_is_cut_to_a_side_file_and_reported(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "UPDATE log SET line = x'00' WHERE key = (SELECT min(key) + 187 FROM log)")
    journal = SqliteJournal(tmp_path)
    assert journal.length("a") == 187
    assert [row.offset for row in journal.read("a")] == list(range(187))
    # Outputs go back to the last commit that is explained by what is left.
    assert (journal.decided("a"), [position for position, _ in journal.outputs("a")][-1]) == (180, "179-0")
    assert (journal.length("b"), journal.dead_letter_count()) == (1, 1)
    (notice,) = journal.notices
    assert "log of a was damaged: 13 records from offset 187 on and 2 outputs were cut off" in notice
    (side,) = tmp_path.glob("cut-a-187-*.jsonl")
    assert str(side) in notice
    kept = [json.loads(line) for line in side.read_text().splitlines()]
    assert [(row["offset"], row["good"]) for row in kept[:2]] == [(187, False), (188, True)]
    assert b64decode(kept[1]["line"]) == b'{"row":188}'
    assert [row["position"] for row in kept[13:]] == ["189-0", "199-0"]
    assert journal.append([("a", b"new")], 2_000) == [187]
    journal.record("a", 188, [("181-0", b"anew")])
    journal.close()
    again = SqliteJournal(tmp_path)
    assert again.notices == []
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log WHERE key = (SELECT min(key) + 187 FROM log)",
        "UPDATE log SET recorded_at = 999 WHERE key = (SELECT min(key) + 187 FROM log)",
        "DELETE FROM log WHERE key >= (SELECT min(key) + 187 FROM log) AND key < (SELECT min(key) + 200 FROM log)",
    ],
)
def test_holes_and_wrong_times_are_damage(tmp_path: Path, damage: str) -> None:
    filled(tmp_path)
    sql(tmp_path, damage)
    journal = SqliteJournal(tmp_path)
    assert (journal.length("a"), journal.decided("a"), len(journal.notices)) == (187, 180, 1)
    journal.close()


def test_a_damaged_output_is_decided_again(tmp_path: Path) -> None:
    filled(tmp_path)
    sql(tmp_path, "UPDATE outputs SET line = x'00' WHERE n = 169")
    journal = SqliteJournal(tmp_path)
    assert (journal.length("a"), journal.decided("a"), len(journal.notices)) == (200, 160, 1)
    assert [position for position, _ in journal.outputs("a")][-1] == "159-0"
    journal.close()


def test_damage_in_the_middle_is_named_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.journal.sqlite.integrity_check.TAIL_ROWS", 50)
    filled(tmp_path)
    sql(tmp_path, "UPDATE log SET line = x'00' WHERE key = (SELECT min(key) + 20 FROM log)")
    journal = SqliteJournal(tmp_path)
    reading = journal.read("a", 10)
    assert [next(reading).offset for _ in range(10)] == list(range(10, 20))
    with pytest.raises(JournalDamagedError, match="offset 20 of a"):
        next(reading)
    assert len(list(journal.read("a", 21))) == 179
    journal.close()


@pytest.mark.parametrize("how", ["cut short", "overwritten"])
def test_a_broken_file_is_mended_as_far_as_it_can_be_read(tmp_path: Path, how: str) -> None:
    filled(tmp_path, 5_000)
    path = tmp_path / FILE
    size = path.stat().st_size
    with path.open("r+b") as file:
        if how == "cut short":
            file.truncate(size - 2 * 16_384)
        else:
            file.seek(size - 3 * 16_384)
            file.write(os.urandom(2 * 16_384))
    journal = SqliteJournal(tmp_path)
    rows = list(journal.read("a"))
    assert [row.offset for row in rows] == list(range(len(rows)))
    assert journal.decided("a") <= len(rows)
    assert any("was damaged" in notice for notice in journal.notices)
    assert list(tmp_path.glob(f"{FILE}.damaged-0"))
    assert journal.append([("a", b"goes on")], 3_000) == [len(rows)]
    journal.close()
    again = SqliteJournal(tmp_path)
    assert again.notices == []
    again.close()


def test_a_damaged_snapshot_is_passed_over_and_reported(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.save_snapshot("a", 10, b"older" * 100)
    journal.save_snapshot("a", 20, b"newer" * 100)
    newest = max((tmp_path / "snapshots").iterdir())
    data = bytearray(newest.read_bytes())
    data[-3] ^= 1
    newest.write_bytes(data)
    assert journal.latest_snapshot("a") == (10, b"older" * 100)
    assert ["is damaged" in notice for notice in journal.notices] == [True]
    newest.write_bytes(b"")
    assert journal.latest_snapshot("a") == (10, b"older" * 100)
    journal.close()
