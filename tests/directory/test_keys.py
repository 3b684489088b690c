"""Keys, links, sessions: hashed, once, expiring, revocable, compared in constant time."""

import hmac
import re
from pathlib import Path

import pytest

from schemas.times import DAY_MS
from services.directory.sqlite import SqliteDirectory
from tests.directory.raw import left


def test_compared_in_constant_time_also_for_unknown_ids(
    directory: SqliteDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def spy(a: bytes, b: bytes) -> bool:
        sizes.append((len(a), len(b)))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    directory.keys.authenticate(directory.keys.issue_key("organizer", "o1"))
    directory.keys.authenticate("hw.key.0000000000000000.x")
    directory.keys.authenticate("nonsense")
    assert sizes == [(32, 32)] * 3


def test_no_digest_is_compared_otherwise() -> None:
    for path in Path("services/directory").rglob("*.py"):
        assert not re.search(r"digest\b[^\n]*(==|!=)|(==|!=)[^\n=]*digest", path.read_text()), path


def test_no_secret_is_in_a_file(on_file: SqliteDirectory, folder: Path) -> None:
    keys = on_file.keys
    key, link = keys.issue_key("organizer", "o1", ["hims"]), keys.issue("link", "attendee", "a1", ["hims"], DAY_MS)
    session = on_file.sessions.sign_in(keys.issue("link", "attendee", "a1", ["hims"], DAY_MS), "Firefox on Linux")
    code = on_file.codes.begin("hims", "a1", "x:ada")
    assert session is not None
    assert code is not None
    parts = [text.rsplit(".", 1)[1] for text in (key, link, session.token)]
    secret = (folder / "secret.key").read_bytes()
    assert left(folder, [*parts, code, code.removeprefix("hallway-")]) == []
    assert left(folder, ["o1", "x:ada"]) == ["o1", "x:ada"]  # the scan itself sees what is there
    assert secret not in b"".join(path.read_bytes() for path in folder.glob("*.sqlite*"))
