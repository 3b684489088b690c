"""pretix as a kind of connector, for the registry."""

from collections.abc import Mapping

import msgspec

from services.connectors.port import Connector, Context
from services.connectors.pretix.config import PretixConfig
from services.connectors.pretix.connector import PretixConnector
from services.connectors.pretix.mapping import hooked
from services.connectors.pretix.payloads import Hook
from services.connectors.source_client import read_address

TOKEN = "token"  # noqa: S105 - a name


class _PretixKind:
    name = "pretix"
    config = PretixConfig

    def secret_names(self, config: PretixConfig) -> tuple[str, ...]:
        """One token."""
        return (TOKEN,)

    def fault_in(self, config: PretixConfig) -> str | None:
        """What is missing."""
        if not config.lists:
            return "Choose a check-in list: its scans become check-ins."
        if len({each.list for each in config.lists}) != len(config.lists):
            return "A check-in list is named twice. Name each once."
        return None

    def source_of(self, config: PretixConfig) -> str:
        """The event's address. ValueError."""
        return f"{read_address(config.address).url} {config.organizer} {config.event}"

    def hint_of(self, config: PretixConfig, payload: bytes) -> str | None:
        """What a webhook's body points at."""
        try:
            hook = msgspec.json.decode(payload, type=Hook)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        found = hooked(config, hook)
        return None if found is None else msgspec.json.encode(found).decode()

    def open(self, config: PretixConfig, secrets: Mapping[str, str], context: Context) -> Connector:
        """The connector of this event."""
        return PretixConnector(config, secrets.get(TOKEN, ""), context)


PRETIX = _PretixKind()
