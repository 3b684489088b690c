"""Sealed letters: one key a conference and day, the same again is the same, and nothing is left when the key goes."""

from pathlib import Path

from services.directory.sqlite import SqliteDirectory
from tests.contract.directory.dead_letter_keys import letter, sealed
from tests.directory.raw import left


def test_without_its_key_nobody_reads_it(on_file: SqliteDirectory, folder: Path) -> None:
    mine, other = sealed(on_file, letter("a"), letter("a", conference="vive"))
    assert mine.sealed is not None
    (kept,) = on_file._base.read("SELECT key FROM letter_keys WHERE name = ?", (bytes.fromhex(mine.sealed),))
    on_file.letter_keys.delete([mine.sealed])
    on_file.erasing.finish()
    assert (on_file.letter_keys.unseal(mine), on_file.letter_keys.has(mine.sealed)) == (None, False)
    assert on_file.letter_keys.unseal(other) is not None
    assert not any(kept[0] in path.read_bytes() for path in folder.iterdir())
    assert left(folder, [mine.sealed]) == []
    assert sealed(on_file, letter("a"))[0].sealed != mine.sealed
