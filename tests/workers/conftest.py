"""The test run's Kafka broker, and a separate one for tests that damage it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.tools.local_kafka import LocalKafka
from tests.kafka.conftest import kafka_address, prefix

__all__ = ["kafka_address", "prefix"]


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker that may be stopped, killed and spoilt."""
    with LocalKafka(tmp_path / "kafka", brief=True) as broker:
        yield broker
