"""Options of the commands that reach a Kafka or a Redis, and their troubles as plain sentences.

Owns: what an address looks like. May never: connect.
"""

import asyncio
import logging
import os
import re
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from services.inbox.redis import address as redis_url
from services.kafka.access import Access
from services.kafka.security import security_of
from services.kafka.topic_urls import ADDRESS, local_address
from services.usage_errors import UnusableError
from streams.workers.ports import UnavailableError

T = TypeVar("T")

Kafka = Annotated[
    str | None,
    Parameter(
        help="A Kafka's address, HOST:PORT; several, with commas between, of one cluster. Without it the one that "
        "`hallway kafka up` started here. TLS and passwords: docs/kafka.md."
    ),
]
Prefix = Annotated[
    str, Parameter(help="What stands before each topic's name, where several installations share a cluster.")
]
_PREFIX = re.compile(r"[A-Za-z0-9_.\-]{0,100}")


def checked(kafka: str | None, prefix: str) -> Access:
    """The Kafka to reach. UnusableError where something is not of its form, or none is given and none runs here."""
    if not _PREFIX.fullmatch(prefix):
        raise UnusableError("--prefix is of at most 100 characters out of A-Z a-z 0-9 _ . -")
    return access_to(kafka)


def access_to(address: str | None) -> Access:
    """A Kafka with the security that the environment says; without an address the one of this folder, without any."""
    if not address:
        return Access(local_address())
    if not ADDRESS.fullmatch(address):
        raise UnusableError(f"--kafka {address} is not an address such as 127.0.0.1:9092; several with commas between.")
    return Access(address, security_of(os.environ))


def check_redis(url: str) -> None:
    """UnusableError where no Redis can be reached by this address."""
    try:
        redis_url.check(url)
    except redis_url.RedisUrlError as error:
        raise UnusableError(f"--redis {error}") from None


def reached(work: Coroutine[Any, Any, T]) -> T:
    """The result of work with a Kafka; what it cannot do is an UnusableError."""
    quiet_clients()
    with asyncio.Runner() as runner:
        return reached_in(runner, work)


def quiet_clients() -> None:
    """Keeps the client library's own lines off the terminal: what goes wrong is said once, by us."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def reached_in(runner: asyncio.Runner, work: Coroutine[Any, Any, T]) -> T:
    """The same, in a loop that goes on."""
    from services.kafka.clients import KafkaRefusedError

    try:
        return runner.run(work)
    except (UnavailableError, KafkaRefusedError) as error:
        raise UnusableError(str(error)) from None
