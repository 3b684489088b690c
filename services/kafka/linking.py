"""How this process reaches a Kafka: its clients' common settings, and what goes wrong in plain words.

Owns: time limits of clients. May never: wait without end. Not there yet: TLS and passwords towards a broker; so far it
has to be on loopback or in a network that is trusted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.errors import KafkaError as ClientError

REQUEST_MS = 20_000
START_S = 30.0
STOP_S = 10.0
_CANCELS = 20


class KafkaAwayError(Exception):
    """No broker answers, or it cannot do now what was asked; to be tried again."""


class KafkaRefusedError(Exception):
    """What the broker has is not what is needed; says what to do."""


def away(address: str, error: BaseException) -> KafkaAwayError:
    """The broker of an address does not answer, or not as it should."""
    if isinstance(error, KafkaConnectionError | OSError):  # a time limit is an OSError
        return KafkaAwayError(f"No Kafka answers at {address}. Is it up? `hallway kafka status` tells of a local one.")
    return KafkaAwayError(f"The Kafka at {address} did not do what was asked: {error}. Try again.")


async def stopped(consumer: AIOKafkaConsumer) -> None:
    """Ends a consumer, within a bound.

    aiokafka 0.14 loses the cancellation of its fetching where it comes just after another assignment (the routine waits
    for old requests, and takes our cancellation for theirs); then ``stop`` waits without end. It is cancelled again.
    """
    ending = asyncio.create_task(consumer.stop())
    for _ in range(_CANCELS):
        await asyncio.wait({ending}, timeout=STOP_S / _CANCELS)
        if ending.done():
            break
        consumer._fetcher._fetch_task.cancel()
    else:
        ending.cancel()
    await asyncio.wait({ending}, timeout=STOP_S)


@asynccontextmanager
async def administrated(address: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client. KafkaAwayError where the broker is away."""
    client = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=REQUEST_MS)
    try:
        try:
            async with asyncio.timeout(START_S):
                await client.start()
        except (ClientError, OSError, TimeoutError) as error:
            raise away(address, error) from None
        yield client
    finally:
        await asyncio.wait_for(client.close(), START_S)
