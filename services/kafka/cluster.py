"""The id of a Kafka cluster, so that data of one cluster's log is never used with another."""

from services.kafka.access import Access
from services.kafka.clients import admin_client
from streams.runtime.errors import UnavailableError

ANSWER_S = 20.0


async def cluster_id(access: Access, limit_s: float = ANSWER_S) -> str:
    """The id that the cluster got when it was created. UnavailableError."""
    async with admin_client(access, limit_s) as admin:
        found = (await admin.describe_cluster()).get("cluster_id")
    if not found:
        raise UnavailableError(f"The Kafka at {access.address} reports no cluster id.")
    return str(found)
