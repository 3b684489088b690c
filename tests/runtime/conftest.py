"""A journal for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.journal import Journal
from services.journal.memory import MemoryJournal
from services.journal.sqlite import SqliteJournal


@pytest.fixture(params=["sqlite", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    made: Journal = SqliteJournal(tmp_path / "data") if request.param == "sqlite" else MemoryJournal()
    yield made
    made.close()
