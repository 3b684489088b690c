"""The data folder is its owner's alone: shut where it is Hallway's, refused where it is not."""

import os
import stat
from pathlib import Path

import pytest

from services.journal import JournalError
from services.journal.data_folder import DataFolder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def hold(path: Path) -> None:
    DataFolder(path).release()


@pytest.mark.parametrize("made", [0o700, 0o755, 0o750, 0o777])
def test_an_empty_one_and_one_of_hallways_are_shut(tmp_path: Path, made: int) -> None:
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(made)
    hold(path)
    assert mode(path) == 0o700
    (path / "lock").unlink()
    (path / "directory").mkdir()  # restored from a backup, without the lock
    path.chmod(made)
    hold(path)
    assert mode(path) == 0o700
    (path / "journal").touch()
    path.chmod(made)  # an earlier version, or somebody's hand
    hold(path)
    assert mode(path) == 0o700


def test_a_new_one_is_shut_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        hold(tmp_path / "new" / "data")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new" / "data") == 0o700


def test_what_is_not_hallways_alone_is_left_and_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "letters.txt").touch()
    with pytest.raises(JournalError, match=r"mode 0755.*chmod 700"):
        hold(shared)
    assert mode(shared) == 0o755
    assert [path.name for path in shared.iterdir()] == ["letters.txt"]
