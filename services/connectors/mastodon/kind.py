"""Mastodon as a kind of connector, for the registry."""

from collections.abc import Mapping

from services.connectors.mastodon.config import TOKENS, MastodonConfig
from services.connectors.mastodon.connector import MastodonConnector
from services.connectors.port import Connector, Context
from services.connectors.source_client import read_address


class _MastodonKind:
    name = "mastodon"
    config = MastodonConfig

    def secret_names(self, config: MastodonConfig) -> tuple[str, ...]:
        """A token for each server."""
        return TOKENS[: len(config.servers)]

    def source_of(self, config: MastodonConfig) -> str:
        """The servers in their order, because tokens belong to places in it. ValueError."""
        return " ".join(read_address(server).url for server in config.servers)

    def fault_in(self, config: MastodonConfig) -> str | None:
        """Whether a server is named twice."""
        if len({read_address(server).url for server in config.servers}) != len(config.servers):
            return "A server is named twice. Name each once."
        return None

    def hint_of(self, config: MastodonConfig, payload: bytes) -> str | None:
        """Mastodon has no webhooks that tell of posts."""
        return None

    def open(self, config: MastodonConfig, secrets: Mapping[str, str], context: Context) -> Connector:
        """The connector of these servers."""
        return MastodonConnector(config, secrets, context)


MASTODON = _MastodonKind()
