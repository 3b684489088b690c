"""Every scenario runs on every runner: the model, the engine, `hallway replay` (slow: a process a story), and Faust
on a real Kafka (slow: a broker and a worker for all)."""

import os
import secrets
from collections.abc import Iterator

import pytest

from tests.kafka.shared import shared
from tests.scenarios.on_kafka import Stage
from tests.scenarios.runners import RUNNERS, KafkaRunner, Runner, missing

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("cli", "kafka")]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A matcher on the run's broker, for all stories of this process."""
    base = tmp_path_factory.getbasetemp()
    with (
        shared((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kafka") as standing,
        Stage(standing.address, f"s{secrets.token_hex(6)}-", base) as stage,
    ):
        yield stage


@pytest.fixture(params=["model", "engine", *SLOW])
def runner(request: pytest.FixtureRequest) -> Runner:
    if request.param == "kafka":
        return KafkaRunner(request.getfixturevalue("stage").told)
    lack = missing(request.param)
    if lack:
        pytest.skip(lack)
    return RUNNERS[request.param]()
