"""Which Kafka is at an address.

Owns: the first answer of several brokers. May never: wait longer than its limit.
"""

from services.kafka.broker.asking import asked


def cluster_at(servers: str) -> str | None:
    """The id of the cluster at HOST:PORT (or several with commas), from the first broker that answers."""
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        cluster = asked(host.strip("[]"), int(port))
        if cluster is not None:
            return cluster.cluster_id
    return None
