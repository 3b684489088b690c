"""The fake networks of a module."""

from collections.abc import Iterator

import pytest

from services.identity.account_reader import NetworkReader
from tests.identity.fake import FakeServers, Network, on_loopback


@pytest.fixture(scope="module")
def servers() -> Iterator[FakeServers]:
    with FakeServers() as found:
        yield found


@pytest.fixture
def network(servers: FakeServers) -> Network:
    servers.network.__init__()  # type: ignore[misc]  # empty again
    return servers.network


@pytest.fixture
def reader(servers: FakeServers) -> NetworkReader:
    return NetworkReader(on_loopback(servers.port, fetch_s=20.0))


@pytest.fixture
def hasty(servers: FakeServers) -> NetworkReader:
    """Waits for 2 seconds."""
    return NetworkReader(on_loopback(servers.port, fetch_s=2.0))
