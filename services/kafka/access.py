"""Where a Kafka is and how to log in: the one value that all clients of this process are made from.

Invariants: it never connects, and needs no client library, because the command line creates it.
"""

from dataclasses import dataclass, field
from typing import Any

from services.kafka.security import Security


@dataclass(frozen=True, slots=True)
class Access:
    """``address``: HOST:PORT of a broker, or of several brokers of one cluster, separated by commas."""

    address: str
    security: Security = field(default_factory=Security)

    def client_settings(self) -> dict[str, Any]:
        """The keyword arguments for aiokafka's clients."""
        return {"bootstrap_servers": self.address, **self.security.client_settings()}
