"""Which tests are slow by where they are: those that start a server, a broker or a browser."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
STARTING = {"deploy", "demo", "gateway", "kafka", "networks", "pages", "serving", "workers"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They are part of ``make test``, not of ``make check``."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in STARTING:
            item.add_marker(pytest.mark.slow)
