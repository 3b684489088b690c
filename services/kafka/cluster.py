"""Which cluster it is: what was made from one cluster's log is not of another.

Owns: asking for the cluster's id. May never: take a cluster without one for any.
"""

from services.kafka.access import Access
from services.kafka.clients import administrated
from streams.workers.ports import UnavailableError

ANSWER_S = 20.0


async def cluster_id(access: Access, limit_s: float = ANSWER_S) -> str:
    """The id that the cluster got when it was made. UnavailableError."""
    async with administrated(access, limit_s) as admin:
        found = (await admin.describe_cluster()).get("cluster_id")
    if not found:
        raise UnavailableError(f"The Kafka at {access.address} does not tell its cluster's id.")
    return str(found)
