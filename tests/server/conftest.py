"""One fork server for all tests of a worker; its Hallways end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import SERVER, ForkServer, fork_server
from tests.server.process import Hallway


@pytest.fixture(scope="session")
def forks() -> ForkServer:
    """Starts the others."""
    return fork_server(SERVER)


@pytest.fixture
def hallway(forks: ForkServer, tmp_path: Path) -> Iterator[Hallway]:
    """Not started yet."""
    made = Hallway(forks, tmp_path)
    yield made
    made.end()
