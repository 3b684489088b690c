"""Creates every Kafka client of this process, and turns its errors into plain words.

Responsibility: the clients' settings and time limits. Consumers in a group are Faust's (``streams/workers``).
Invariants: nothing waits without a limit; a write counts only once all in-sync replicas have it.
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
from services.kafka.client_shutdown import close_bounded
from services.kafka.refusals import diagnose_refusal
from streams.runtime.errors import UnavailableError

REQUEST_MS = 20_000
START_S = 30.0
METADATA_MS = 60_000  # how soon a change of the cluster is noticed, at the latest
BATCH_BYTES = 900_000  # below a topic's limit (max.message.bytes), with space for the header
FETCH_BYTES = 16 << 20
PARTITION_BYTES = 4 << 20
WAIT_MS = 200  # how long a fetch waits if there are no records


class KafkaRefusedError(Exception):
    """The broker's setup is wrong, or it refuses the login; the text says what to do."""


def make_producer(access: Access, *, batch_bytes: int = BATCH_BYTES, request_ms: int = REQUEST_MS) -> AIOKafkaProducer:
    """Creates an idempotent producer whose batches all in-sync replicas acknowledge; not started."""
    settings = _common(access, request_ms) | {"enable_idempotence": True, "acks": "all", "compression_type": "lz4"}
    return AIOKafkaProducer(max_batch_size=batch_bytes, **settings)


def make_consumer(
    access: Access,
    *topics: str,
    wait_ms: int = WAIT_MS,
    fetch_bytes: int = FETCH_BYTES,
    partition_bytes: int = PARTITION_BYTES,
    request_ms: int = REQUEST_MS,
) -> AIOKafkaConsumer:
    """Creates a consumer without a group, which never commits; not started. It skips deleted records."""
    return AIOKafkaConsumer(
        *topics,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",  # skip aborted transactions
        auto_offset_reset="earliest",
        fetch_max_wait_ms=wait_ms,
        fetch_max_bytes=fetch_bytes,
        max_partition_fetch_bytes=partition_bytes,
        **_common(access, request_ms),
    )


@asynccontextmanager
async def admin_client(access: Access, limit_s: float = START_S) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for at most ``limit_s``. UnavailableError: the broker is unreachable."""
    client = AIOKafkaAdminClient(**_common(access, REQUEST_MS))
    try:
        async with bounded_request(access, limit_s):
            await start_client(access, client)
            yield client
    finally:
        await close_bounded(client.close(), limit_s)


def _common(access: Access, request_ms: int) -> dict[str, Any]:
    return {
        **access.client_settings(),
        "request_timeout_ms": request_ms,
        "metadata_max_age_ms": METADATA_MS,
    }


async def start_client(access: Access, client: AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient) -> None:
    """Starts a client. UnavailableError; KafkaRefusedError: a person must fix something first."""
    try:
        async with bounded_request(access, START_S):
            await client.start()
    except UnavailableError:
        said = await diagnose_refusal(access)
        if said is not None:
            raise KafkaRefusedError(said) from None
        raise


@asynccontextmanager
async def bounded_request(access: Access, limit_s: float, what: str = "") -> AsyncIterator[None]:
    """Bounds the requests in its body to ``limit_s``. UnavailableError, whose text starts with ``what``."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except (ClientError, OSError, TimeoutError) as error:
        raise UnavailableError(f"{what}: {_describe(access, error)}" if what else _describe(access, error)) from error


def _describe(access: Access, error: BaseException) -> str:
    if isinstance(error, KafkaConnectionError | OSError):  # a time limit is an OSError
        return f"No Kafka answers at {access.address}. Is it up? `hallway kafka status` checks a local one."
    said = f"{type(error).__name__} {error}".rstrip()
    return f"The Kafka at {access.address} did not do it: {said}. Try again."
