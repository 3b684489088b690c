"""A service's journal is an input like any other: the same outputs, byte for byte."""

from pathlib import Path

import pytest

from schemas.codec import Codec, Record
from services.journal.sqlite import SqliteJournal
from tests.cli.conftest import Hallway, Log
from tests.scenarios.story import CONFERENCE, Story


@pytest.fixture
def folder(tmp_path: Path, log: Log) -> tuple[Path, str]:
    """A data folder, and the same log as a file."""
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob").at("10:00").all_arrive("ada", "bob")
    name = log(story)
    data = tmp_path / "data"
    journal = SqliteJournal(data)
    codec = Codec()
    for line in Path(name).read_bytes().splitlines():
        record = codec.decode(line)
        assert isinstance(record, Record)
        assert record.recorded is not None
        journal.append([(CONFERENCE, line)], record.recorded)
    journal.close()
    return data, name


def test_a_data_folder_replays_as_its_log_does(folder: tuple[Path, str], hallway: Hallway) -> None:
    data, name = folder
    of_file, of_folder = hallway("replay", name), hallway("replay", str(data))
    assert of_folder.code == 0, of_folder.err
    assert of_folder.rows, "nothing was put out"
    assert of_folder.out == of_file.out
    assert of_folder.digest == of_file.digest
    assert hallway("ties", str(data / "journal.db"), "--conference", CONFERENCE).rows


def test_it_is_read_while_its_server_has_it(folder: tuple[Path, str], hallway: Hallway) -> None:
    data, _ = folder
    journal = SqliteJournal(data)
    try:
        assert hallway("replay", str(data)).code == 0
    finally:
        journal.close()


def test_another_file_of_that_name_is_refused(tmp_path: Path, hallway: Hallway) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database, but long enough to be looked at " * 50)
    done = hallway("replay", str(tmp_path))
    assert done.code == 2
    assert "is not a journal" in done.err
