"""Bluesky as a kind of connector, for the registry."""

from collections.abc import Mapping

from services.connectors.bluesky.config import BlueskyConfig
from services.connectors.bluesky.connector import BlueskyConnector
from services.connectors.port import Connector, Context
from services.connectors.source_client import read_address


class _BlueskyKind:
    name = "bluesky"
    config = BlueskyConfig

    def secret_names(self, config: BlueskyConfig) -> tuple[str, ...]:
        """None: the stream is public."""
        return ()

    def source_of(self, config: BlueskyConfig) -> str:
        """The stream's address. ValueError."""
        return read_address(config.address).url

    def fault_in(self, config: BlueskyConfig) -> str | None:
        """Every combination can run; which hosts may be read is the operator's."""
        return None

    def hint_of(self, config: BlueskyConfig, payload: bytes) -> str | None:
        """Bluesky has no webhooks."""
        return None

    def open(self, config: BlueskyConfig, secrets: Mapping[str, str], context: Context) -> Connector:
        """The connector of this stream."""
        return BlueskyConnector(config, context)


BLUESKY = _BlueskyKind()
