"""For all tests: which are slow by where they are, and that no drawn example is held to a time."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent
STARTING = {"api", "demo", "deploy", "identity", "kafka", "pages", "private", "server", "workers"}

# A busy machine makes no test fail: speed is what the benchmarks are for.
settings.register_profile("hallway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hallway")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They are part of ``make test``, not of ``make check``."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in STARTING:
            item.add_marker(pytest.mark.slow)
