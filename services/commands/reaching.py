"""Options of the commands that reach a Kafka, and its troubles as plain sentences.

Owns: what an address looks like. May never: connect.
"""

import asyncio
import logging
import re
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from services.kafka.places import ADDRESS
from services.problems import UnusableError

T = TypeVar("T")

Kafka = Annotated[str, Parameter(help="A Kafka's address, HOST:PORT; several, with commas between, of one cluster.")]
Prefix = Annotated[
    str, Parameter(help="What stands before each topic's name, where several installations share a cluster.")
]
_PREFIX = re.compile(r"[A-Za-z0-9_.\-]{0,100}")


def checked(kafka: str, prefix: str) -> None:
    """UnusableError where one of them is not of its form."""
    if not ADDRESS.fullmatch(kafka):
        raise UnusableError(f"--kafka {kafka} is not an address such as 127.0.0.1:9092.")
    if not _PREFIX.fullmatch(prefix):
        raise UnusableError("--prefix is of at most 100 characters out of A-Z a-z 0-9 _ . -")


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
    from services.kafka.linking import KafkaAwayError, KafkaRefusedError

    try:
        return runner.run(work)
    except (KafkaAwayError, KafkaRefusedError) as error:
        raise UnusableError(str(error)) from None
    except TimeoutError:
        raise UnusableError(
            "Kafka did not do it in time. Try again; `hallway kafka status` tells of a local one."
        ) from None
