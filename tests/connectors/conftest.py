"""A shop on loopback."""

from collections.abc import Iterator

import pytest
from redis.backoff import ConstantBackoff

from services.connectors.pretix import connector
from services.server import connector_ports
from tests.connectors.fake_pretix import Shop, serving


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def address(shop: Shop) -> Iterator[str]:
    with serving(shop) as found:
        yield found


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits half a minute for a poll, or a second after an error."""
    monkeypatch.setattr(connector, "POLL_S", 0.05)
    monkeypatch.setattr(connector_ports, "BACKOFF", ConstantBackoff(0.01))
