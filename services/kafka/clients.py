"""Every client of a Kafka that this process makes, and what goes wrong in plain words.

Owns: the clients' settings and time limits. May never: make one that reads in a group (Faust's is made in
``streams/workers``), wait without end, or say that something is written before all in-sync replicas have it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.errors import KafkaError as ClientError

from services.kafka.access import Access
from services.kafka.client_shutdown import bounded
from services.kafka.refusals import refusal
from streams.workers.ports import UnavailableError

REQUEST_MS = 20_000
START_S = 30.0
METADATA_MS = 60_000  # after a change of the cluster, at the latest
BATCH_BYTES = 900_000  # below the bound of a topic (max.message.bytes), with room for the head
FETCH_BYTES = 16 << 20
PARTITION_BYTES = 4 << 20
WAIT_MS = 200  # that a fetch waits for records where there are none


class KafkaRefusedError(Exception):
    """What the broker has is not what is needed, or it does not let us in; says what to do."""


def producer(access: Access, *, batch_bytes: int = BATCH_BYTES, request_ms: int = REQUEST_MS) -> AIOKafkaProducer:
    """An idempotent one whose batches all in-sync replicas acknowledge; not started."""
    settings = _common(access, request_ms) | {"enable_idempotence": True, "acks": "all", "compression_type": "lz4"}
    return AIOKafkaProducer(max_batch_size=batch_bytes, **settings)


def consumer(
    access: Access,
    *topics: str,
    wait_ms: int = WAIT_MS,
    fetch_bytes: int = FETCH_BYTES,
    partition_bytes: int = PARTITION_BYTES,
    request_ms: int = REQUEST_MS,
) -> AIOKafkaConsumer:
    """One of no group that commits nothing; not started. It goes on at the earliest where a record is no more."""
    return AIOKafkaConsumer(
        *topics,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",  # what a writer took back was never said
        auto_offset_reset="earliest",
        fetch_max_wait_ms=wait_ms,
        fetch_max_bytes=fetch_bytes,
        max_partition_fetch_bytes=partition_bytes,
        **_common(access, request_ms),
    )


@asynccontextmanager
async def administrated(access: Access, limit_s: float = START_S) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, for so long. UnavailableError where the broker is away, or becomes so."""
    client = AIOKafkaAdminClient(**_common(access, REQUEST_MS))
    try:
        async with within(access, limit_s):
            await begun(access, client)
            yield client
    finally:
        await bounded(client.close(), limit_s)


def _common(access: Access, request_ms: int) -> dict[str, Any]:
    return {
        **access.of_clients(),
        "request_timeout_ms": request_ms,
        "metadata_max_age_ms": METADATA_MS,
    }


async def begun(access: Access, client: AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient) -> None:
    """Starts a client. UnavailableError; KafkaRefusedError where a person has to set something right first."""
    try:
        async with within(access, START_S):
            await client.start()
    except UnavailableError:
        said = await refusal(access)
        if said is not None:
            raise KafkaRefusedError(said) from None
        raise


@asynccontextmanager
async def within(access: Access, limit_s: float, what: str = "") -> AsyncIterator[None]:
    """A Kafka has so long for what is asked of it here. UnavailableError, which says ``what`` was not done."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except (ClientError, OSError, TimeoutError) as error:
        raise UnavailableError(f"{what}: {_said(access, error)}" if what else _said(access, error)) from error


def _said(access: Access, error: BaseException) -> str:
    if isinstance(error, KafkaConnectionError | OSError):  # a time limit is an OSError
        return f"No Kafka answers at {access.address}. Is it up? `hallway kafka status` tells of a local one."
    said = f"{type(error).__name__} {error}".rstrip()
    return f"The Kafka at {access.address} did not do what was asked: {said}. Try again."
