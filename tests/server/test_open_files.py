"""A system that allows few open files: the server asks for as many as its streams need."""

import resource

import pytest

from tests.server.process import Hallway


@pytest.mark.slow
def test_a_server_asks_for_as_many_files_as_its_streams_need(hallway: Hallway) -> None:
    warm, hard = hallway.forks.pid, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    before = resource.prlimit(warm, resource.RLIMIT_NOFILE, (1_024, hard))
    try:
        with hallway.running():
            soft = resource.prlimit(hallway.pid, resource.RLIMIT_NOFILE)[0]
            assert soft == min(6_500, hard)
            hallway.people(1)
    finally:
        resource.prlimit(warm, resource.RLIMIT_NOFILE, before)
