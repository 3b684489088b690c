"""A real broker for every test that asks for its address: one for the whole run, also under xdist."""

import asyncio
import os
import secrets
from collections.abc import Iterator

import pytest

from services.kafka import topics
from services.kafka.access import Access
from tests.cli.conftest import hallway, log  # noqa: F401 - the same fixtures
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


@pytest.fixture
def made_topics(kafka_address: str, prefix: str) -> str:
    """All topics under the prefix, of 3 partitions each; gives the prefix."""
    asyncio.run(topics.create(Access(kafka_address), prefix, partitions=3))
    return prefix
