"""A real broker for every test that asks for its address: one for the whole run, also under xdist."""

import os
import secrets
from collections.abc import Iterator

import pytest

from tests.kafka.shared import shared


@pytest.fixture(scope="session")
def kafka_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """HOST:PORT of the run's broker. Where it cannot run, the tests that want it fail."""
    base = tmp_path_factory.getbasetemp()
    with shared((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kafka") as standing:
        yield standing.address


@pytest.fixture
def prefix() -> str:
    """What the names of a test's topics begin with: no test sees the records of another."""
    return f"t{secrets.token_hex(6)}."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "kafka_address" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
