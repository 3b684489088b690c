"""Which cluster it is: inboxes made from one cluster's log are not those of another.

Owns: asking for the cluster's id. May never: take a cluster without one for any.
"""

from services.kafka.linking import administrated
from streams.workers.ports import AwayError


async def cluster_id(address: str) -> str:
    """The id that the cluster got when it was made. AwayError."""
    async with administrated(address) as admin:
        found = (await admin.describe_cluster()).get("cluster_id")
    if not found:
        raise AwayError(f"The Kafka at {address} does not tell its cluster's id.")
    return str(found)
