"""Every scenario runs on every runner: the model, the engine, `hallway replay` (slow: a process a story)."""

import pytest

from tests.scenarios.runners import RUNNERS, Runner, missing


@pytest.fixture(params=["model", "engine", pytest.param("cli", marks=pytest.mark.slow)])
def runner(request: pytest.FixtureRequest) -> Runner:
    lack = missing(request.param)
    if lack:
        pytest.skip(lack)
    return RUNNERS[request.param]()
