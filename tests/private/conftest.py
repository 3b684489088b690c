"""The gateway runs in the tests' own process, where each warning is an error."""

from pathlib import Path

import pytest

from tests.kafka.conftest import kafka_address, prefix  # noqa: F401 - the same fixtures

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Litestar warns that its next version wants another word; that is for who raises its version."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning"))
