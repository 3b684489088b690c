"""One warm process for all tests of a worker; its Hallways end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.process import Hallway, Warm, quietly_killed


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Starts the others."""
    made = Warm()
    yield made
    made.close()


@pytest.fixture
def hallway(warm: Warm, tmp_path: Path) -> Iterator[Hallway]:
    """Not started yet."""
    made = Hallway(warm, tmp_path)
    yield made
    if made.pid:
        quietly_killed(made.pid)
        warm.order(wait=made.pid)
