"""``hallway keys`` in a data folder whose server does not run."""

from pathlib import Path

import pytest

from services.directory.sqlite import SqliteDirectory
from services.journal.data_folder import DataFolder
from tests.cli.conftest import Hallway


def keys_of(data: Path) -> SqliteDirectory:
    return SqliteDirectory(data / "directory", lambda: 1_800_000_000_000)


def test_a_key_is_made_listed_and_revoked(hallway: Hallway, tmp_path: Path) -> None:
    data = tmp_path / "data"
    secret = hallway("keys", "add", "operator", "root", "--data", data, "--days", 366).out.decode().strip()
    (row,) = hallway("keys", "list", "--data", data).rows
    assert (row["role"], row["id"], row["revoked"]) == ("operator", "root", False)
    assert secret.split(".")[2] == row["key"]
    assert hallway("keys", "revoke", row["key"], "--data", data).code == 0
    (row,) = hallway("keys", "list", "--data", data).rows
    assert row["revoked"]
    assert hallway("keys", "revoke", row["key"], "--data", data).code == 2
    directory = keys_of(data)
    assert directory.keys.authenticate(secret) is None
    directory.close()


def test_a_folder_in_use_and_none_at_all_are_reported(
    hallway: Hallway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = DataFolder(tmp_path)
    done = hallway("keys", "add", "connector", "posts", "--data", tmp_path)
    held.release()
    assert (done.code, done.out) == (2, b"")
    assert "in use by process" in done.err
    assert hallway("keys", "add", "connector", "posts", "--data", tmp_path).code == 0
    nowhere = hallway("keys", "list", "--data", tmp_path / "nowhere")
    assert (nowhere.code, "--url" in nowhere.err, (tmp_path / "nowhere").exists()) == (2, True, False)
    monkeypatch.delenv("HALLWAY_KEY", raising=False)
    assert "HALLWAY_KEY" in hallway("keys", "list", "--url", "http://127.0.0.1:1").err
    assert (
        "only be created in the data folder"
        in hallway("keys", "add", "operator", "x", "--url", "http://127.0.0.1:1").err
    )


@pytest.mark.parametrize("name", ["operator", "clock", "verifier", "two words"])
def test_names_of_the_server_are_refused(hallway: Hallway, tmp_path: Path, name: str) -> None:
    done = hallway("keys", "add", "connector", name, "--data", tmp_path)
    assert (done.code, done.out) == (2, b"")
