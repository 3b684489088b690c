"""One server for all tests of a module that leave it well."""

from collections.abc import Iterator

import pytest

from tests.api.people import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with wide limits, its data folder new."""
    with Server(tmp_path_factory.mktemp("hallway")) as found:
        yield found
