"""A clock that moves when told, and a directory in a file or in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.times import millis
from services.directory.sqlite import SqliteDirectory


class Clock:
    """Milliseconds; stands still."""

    def __init__(self) -> None:
        self.now = millis("2026-03-09T12:00:00Z")

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["file", "memory"])
def directory(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[SqliteDirectory]:
    opened = SqliteDirectory(tmp_path / "data" if request.param == "file" else None, clock)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def on_file(folder: Path, clock: Clock) -> Iterator[SqliteDirectory]:
    opened = SqliteDirectory(folder, clock)
    yield opened
    opened.close()
