"""Where a Kafka is.

Owns: the one value that all clients of this process are made from. May never: connect, or need a client library: the
command line makes it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """``address``: HOST:PORT of a broker, or several with commas, of one cluster."""

    address: str
