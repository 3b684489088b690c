"""Options of the commands that connect to Kafka or Redis, and their errors as plain sentences."""

import asyncio
import logging
import os
import re
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from services.inbox.redis import address as redis_url
from services.kafka.access import Access
from services.kafka.security import read_security
from services.kafka.topic_urls import ADDRESS
from services.tools.local_kafka.status import FOLDER, NodeStatus
from services.usage_errors import UnusableError
from streams.runtime.errors import UnavailableError

T = TypeVar("T")

Kafka = Annotated[
    str | None,
    Parameter(
        help="A Kafka's address, HOST:PORT; several, with commas between, of one cluster. Without it the one that "
        "`hallway kafka up` started here. TLS and passwords: docs/kafka.md."
    ),
]
Prefix = Annotated[str, Parameter(help="A prefix for all topic names, if several installations share a cluster.")]
_PREFIX = re.compile(r"[A-Za-z0-9_.\-]{0,100}")


def local_address() -> str:
    """The address of the Kafka that runs in this folder's ``hallway-data``. UnusableError."""
    status = NodeStatus.load(FOLDER)
    if status is None or not status.is_running(FOLDER):
        raise UnusableError(f"No Kafka runs in {FOLDER}. Start one with `hallway kafka up`, or give its HOST:PORT.")
    return status.address


def kafka_access(kafka: str | None, prefix: str) -> Access:
    """The Kafka to use. UnusableError: an option is malformed, or none is given and none runs in this folder."""
    if not _PREFIX.fullmatch(prefix):
        raise UnusableError("--prefix may have at most 100 characters of A-Z a-z 0-9 _ . -")
    return access_for(kafka)


def access_for(address: str | None) -> Access:
    """A Kafka with the security settings of the environment; without an address, this folder's Kafka without any."""
    if not address:
        return Access(local_address())
    if not ADDRESS.fullmatch(address):
        raise UnusableError(f"--kafka {address} is not an address such as 127.0.0.1:9092; several with commas between.")
    return Access(address, read_security(os.environ))


def check_redis(url: str) -> None:
    """UnusableError: no Redis can be reached by this address."""
    try:
        redis_url.check(url)
    except redis_url.RedisUrlError as error:
        raise UnusableError(f"--redis {error}") from None


def run_with_kafka(work: Coroutine[Any, Any, T]) -> T:
    """Runs work with a Kafka; its errors become UnusableError."""
    silence_client_logs()
    with asyncio.Runner() as runner:
        return run_in(runner, work)


def silence_client_logs() -> None:
    """Silences the client library's log: errors are reported once, by the command."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def run_in(runner: asyncio.Runner, work: Coroutine[Any, Any, T]) -> T:
    """Like ``run_with_kafka``, in an existing event loop."""
    from services.kafka.clients import KafkaRefusedError

    try:
        return runner.run(work)
    except (UnavailableError, KafkaRefusedError) as error:
        raise UnusableError(str(error)) from None
