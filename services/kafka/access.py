"""Where a Kafka is, and how it is entered.

Owns: the one value that all clients of this process are made from. May never: connect, or need a client library: the
command line makes it.
"""

from dataclasses import dataclass, field
from typing import Any

from services.kafka.security import Security


@dataclass(frozen=True, slots=True)
class Access:
    """``address``: HOST:PORT of a broker, or several with commas, of one cluster."""

    address: str
    security: Security = field(default_factory=Security)

    def of_clients(self) -> dict[str, Any]:
        """As aiokafka's clients take it."""
        return {"bootstrap_servers": self.address, **self.security.of_clients()}
