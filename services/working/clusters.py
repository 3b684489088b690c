"""Which cluster it is: inboxes made from one cluster's log are not those of another.

Owns: asking for the cluster's id. May never: take a cluster without one for any.
"""

import asyncio

from aiokafka.errors import KafkaError

from services.kafka.linking import KafkaAwayError, administrated
from streams.workers.ports import AwayError

ANSWER_S = 20.0


async def cluster_id(address: str) -> str:
    """The id that the cluster got when it was made. AwayError."""
    try:
        async with administrated(address) as admin, asyncio.timeout(ANSWER_S):
            found = (await admin.describe_cluster()).get("cluster_id")
    except (KafkaAwayError, KafkaError, OSError, TimeoutError) as error:
        raise AwayError(str(error)) from error
    if not found:
        raise AwayError(f"The Kafka at {address} does not tell its cluster's id.")
    return str(found)
