"""The adapters of each port, empty: whoever adds one adds it here, and gets all tests of its port."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.journal import Journal
from services.journal.memory import MemoryJournal
from services.journal.sqlite import SqliteJournal, SqliteReadReplica
from tests.contract.stores import InTopics, OfJournal, OfWorkers, SnapshotStore, Workers, in_memory, in_simulated_topics
from tests.directory.conftest import clock, directory
from tests.inbox.conftest import over_redis, stores, valkey
from tests.kafka.conftest import kafka_address, made_topics, prefix

__all__ = ["clock", "directory", "kafka_address", "made_topics", "over_redis", "prefix", "stores", "valkey"]

KAFKA = pytest.param("kafka", marks=pytest.mark.slow)


@contextmanager
def _journal(kind: str, folder: Path) -> Iterator[Journal]:
    made: Journal
    match kind:
        case "memory":
            made = MemoryJournal()
        case "sqlite":
            made = SqliteJournal(folder)
        case _:
            made = SqliteReadReplica(folder)
    yield made
    made.close()


@contextmanager
def _workers(kind: str, request: pytest.FixtureRequest) -> Iterator[Workers]:
    match kind:
        case "memory":
            yield in_memory()
        case "topics":
            yield in_simulated_topics()
        case _:
            with InTopics(request.getfixturevalue("kafka_address"), request.getfixturevalue("made_topics")) as workers:
                yield workers


@pytest.fixture(params=["memory", "sqlite", "replica"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """Adapters of the Journal."""
    with _journal(request.param, tmp_path / "data") as made:
        yield made


@pytest.fixture(params=["memory", "topics", KAFKA])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    """Adapters of the workers' Snapshots: a fake, topics of a broker in memory, and of a real one."""
    with _workers(request.param, request) as made:
        yield made


@pytest.fixture(params=["memory", "files", "workers-memory", "topics", KAFKA])
def snapshots(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SnapshotStore]:
    """Adapters of both ports of snapshots."""
    if request.param in ("memory", "files"):
        with _journal({"files": "sqlite"}.get(request.param, "memory"), tmp_path / "data") as made:
            yield OfJournal(made)
    else:
        with _workers(request.param.removeprefix("workers-"), request) as made:
            yield OfWorkers(made)
